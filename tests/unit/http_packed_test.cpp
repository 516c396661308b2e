// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Answers that came packed although nobody asked for that: what is unpacked, how much of it, and what is said of the
// rest.
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "http/client.h"
#include "packed.h"
#include "raw_server.h"

namespace klingv2a::http {
namespace {

using test::Answer;
using test::packed;
using test::RawServer;
using test::reply;

constexpr auto kGzip = G_ZLIB_COMPRESSOR_FORMAT_GZIP;
constexpr auto kZlib = G_ZLIB_COMPRESSOR_FORMAT_ZLIB;
constexpr auto kRaw = G_ZLIB_COMPRESSOR_FORMAT_RAW;

std::string coded(const std::string& coding) {
  return coding.empty() ? "" : "Content-Encoding: " + coding + "\r\n";
}

std::string chunked(const std::string& body) {
  const GCharPtr size(g_strdup_printf("%zx", body.size()));
  return "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(size.get()) +
         "\r\n" + body + "\r\n0\r\n\r\n";
}

class HttpPacked : public testing::Test {
 protected:
  HttpPacked() {
    request_.url = server_.url("/a?sig=1");
    request_.timeouts = {Seconds(5), Seconds(5), Seconds(10)};
  }
  Response send() { return client_.send(request_); }
  std::string body_of(const Answer& answer) {
    server_.add(answer);
    return send().body;
  }
  ErrorDetails failure() {
    try {
      (void)send();
    } catch (const TransportError& error) {
      return error.details();
    }
    ADD_FAILURE() << "no TransportError was thrown";
    return {};
  }
  // Of an answer that may have broken.
  std::string what_came() {
    try {
      return send().body;
    } catch (const TransportError& error) {
      return error.beginning() ? error.beginning()->body : "";
    }
  }
  std::string content() {
    std::string text(file_.size(), '\0');
    EXPECT_EQ(file_.read_at(0, std::as_writable_bytes(std::span(text))), text.size());
    return text;
  }
  void download() {
    request_.download = &file_;
    request_.partial = &partial_;
    request_.phase = Phase::download;
  }

  const std::string text_ = R"({"code":0,"message":"SUCCEED","data":{"task_id":"861254119619698760"}})";
  RawServer server_;
  SpoolFile file_;
  PartialDownload partial_;
  Request request_;
  Client client_{GObjectPtr<GCancellable>::adopt(g_cancellable_new())};
};

TEST_F(HttpPacked, NoRequestAsksForIt) {
  for (const char* method : {"GET", "POST", "PUT", "HEAD", "DELETE"}) {
    request_.method = method;
    server_.add(reply(200, ""));
    (void)send();
    EXPECT_EQ(server_.requests().back().header("Accept-Encoding"), "identity") << method;
  }
}

struct Case {
  std::string name, coding;
  std::string body;
};

TEST_F(HttpPacked, IsUnpacked) {
  const std::string gzip = packed(text_, kGzip);
  const std::vector<Case> cases{
      {"gzip", "gzip", gzip},
      {"its old name, in capitals", "X-GZIP", gzip},
      {"zlib", "deflate", packed(text_, kZlib)},
      {"raw, as many send it", "deflate", packed(text_, kRaw)},
      {"gzip by the wrong name", "deflate", gzip},
      {"with a coding that is none", "identity, gzip", gzip},
      {"without a word", "", gzip},
      {"in two parts", "gzip", packed(text_.substr(0, 20), kGzip) + packed(text_.substr(20), kGzip)},
      {"with bytes behind it", "gzip", gzip + std::string("\0\0\r\n", 4)},
      {"plain, whatever it says", "gzip", text_},
      {"plain, whatever it says", "deflate", text_},
      {"plain", "identity", text_},
  };
  for (const Case& each : cases) EXPECT_EQ(body_of(reply(200, each.body, coded(each.coding))), text_) << each.name;
}

TEST_F(HttpPacked, InPiecesOfAByteAndInChunks) {
  Answer slow = reply(200, packed(text_), coded("gzip"));
  slow.trickle = 1;
  slow.gap = std::chrono::milliseconds(0);
  EXPECT_EQ(body_of(slow), text_);
  EXPECT_EQ(body_of({.bytes = chunked(packed(text_))}), text_);
}

TEST_F(HttpPacked, ShortAndEmptyBodiesPass) {
  for (const char* coding : {"", "gzip", "deflate"}) {
    for (const std::string& body : {std::string(), std::string("{"), std::string("{}")})
      EXPECT_EQ(body_of(reply(200, body, coded(coding))), body) << coding;
  }
}

TEST_F(HttpPacked, AnErrorPageToo) {
  server_.add(reply(503, packed("<Error><Code>SlowDown</Code></Error>"), coded("gzip")));
  const Response response = send();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "<Error><Code>SlowDown</Code></Error>");
}

// 64 MB of nothing in 64 kB.
TEST_F(HttpPacked, NoMoreComesOutThanIsAllowed) {
  const std::string bomb = packed(std::string(64 * 1024 * 1024, ' '));
  server_.add(reply(200, bomb, coded("gzip")));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::result);
  EXPECT_NE(details.message.find("larger than the limit"), std::string::npos) << details.message;
  server_.add(reply(500, bomb, coded("gzip")));
  EXPECT_EQ(send().body.size(), 1024u * 1024);
  download();
  request_.max_body = 1000;
  server_.add(reply(200, bomb, coded("gzip")));
  EXPECT_EQ(failure().kind, ErrorKind::result);
  EXPECT_LE(file_.size(), 1000u);
}

TEST_F(HttpPacked, WhatIsDamagedOrEndsEarlyIsNoAnswer) {
  const std::string gzip = packed(text_);
  std::string spoiled = gzip;
  spoiled[15] = static_cast<char>(spoiled[15] ^ 0x55);
  for (const std::string& body : {gzip.substr(0, gzip.size() / 2), spoiled}) {
    server_.add(reply(200, body, coded("gzip")));
    const ErrorDetails details = failure();
    EXPECT_EQ(details.kind, ErrorKind::network);
    EXPECT_TRUE(details.retryable);
    EXPECT_NE(details.message.find("damaged"), std::string::npos) << details.message;
  }
}

TEST_F(HttpPacked, AnotherCodingIsNamed) {
  for (const std::string coding : {"br", "zstd", "compress", "gzip, gzip", "br, gzip"}) {
    server_.add(reply(403, "\x1b\x0f", coded(coding)));
    const Response response = send();
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(response.body, "");
    EXPECT_NE(response.unreadable.find("'" + coding + "'"), std::string::npos) << response.unreadable;
  }
  server_.add(reply(200, packed(packed(text_)), coded("gzip") + coded("gzip")));
  EXPECT_NE(send().unreadable.find("'gzip, gzip'"), std::string::npos);
}

TEST_F(HttpPacked, ADownloadThatCannotBeReadSaysSo) {
  download();
  server_.add(reply(200, "\x1b\x0f", coded("br")));
  const ErrorDetails details = failure();
  EXPECT_NE(details.message.find("'br'"), std::string::npos) << details.message;
  EXPECT_FALSE(details.advice.empty());
  EXPECT_FALSE(details.retryable);
  EXPECT_EQ(file_.size(), 0u);
}

TEST_F(HttpPacked, ADownloadIsUnpacked) {
  download();
  server_.add(reply(200, packed(text_), coded("gzip") + "ETag: \"v1\"\r\n"));
  EXPECT_EQ(send().body_size, text_.size());
  EXPECT_EQ(content(), text_);
}

// What came of it is unpacked, and a rest would be packed, or counted otherwise.
TEST_F(HttpPacked, APackedDownloadThatWasCutStartsOver) {
  const std::string gzip = packed(text_);
  for (const char* label : {"gzip", ""}) {
    partial_ = {};
    download();
    Answer cut = reply(200, gzip, coded(label) + "ETag: \"v1\"\r\n");
    cut.bytes.resize(cut.bytes.size() - 10);
    cut.close = true;
    server_.add(cut);
    EXPECT_EQ(failure().kind, ErrorKind::network);
    server_.add(reply(200, gzip, coded(label) + "ETag: \"v1\"\r\n"));
    (void)send();
    EXPECT_EQ(server_.requests().back().header("Range"), "") << label;
    EXPECT_EQ(content(), text_) << label;
  }
}

TEST_F(HttpPacked, APackedRestIsNotAddedToAPlainBeginning) {
  download();
  Answer cut = reply(200, text_, "ETag: \"v1\"\r\n");
  cut.bytes.resize(cut.bytes.size() - 10);
  cut.close = true;
  server_.add(cut);
  EXPECT_EQ(failure().kind, ErrorKind::network);
  const std::string first = std::to_string(text_.size() - 10);
  const std::string range = first + "-" + std::to_string(text_.size() - 1) + "/" + std::to_string(text_.size());
  server_.add(reply(206, packed(text_.substr(text_.size() - 10)),
                    coded("gzip") + "ETag: \"v1\"\r\nContent-Range: bytes " + range + "\r\n"));
  EXPECT_EQ(failure().kind, ErrorKind::network);
  EXPECT_EQ(server_.requests().back().header("Range"), "bytes=" + first + "-");
  server_.add(reply(200, text_));
  (void)send();
  EXPECT_EQ(server_.requests().back().header("Range"), "");
  EXPECT_EQ(content(), text_);
}

// A rest that happens to begin as a gzip file does is still a rest.
TEST_F(HttpPacked, ARestIsAddedAsItIs) {
  download();
  const std::string whole = std::string(50, 'x') + packed(text_);
  Answer cut = reply(200, whole, "ETag: \"v1\"\r\n");
  cut.bytes.resize(cut.bytes.size() - whole.size() + 50);
  cut.close = true;
  server_.add(cut);
  EXPECT_EQ(failure().kind, ErrorKind::network);
  const std::string range = "50-" + std::to_string(whole.size() - 1) + "/" + std::to_string(whole.size());
  server_.add(reply(206, whole.substr(50), "ETag: \"v1\"\r\nContent-Range: bytes " + range + "\r\n"));
  EXPECT_EQ(send().status, 206);
  EXPECT_EQ(content(), whole);
}

// What had come of the answer to a POST that is not sent again may name what it made.
TEST_F(HttpPacked, TheBeginningOfABrokenAnswerToAPostIsKept) {
  request_.method = "POST";
  request_.body = "{}";
  request_.send_once = true;
  const std::vector<Answer> broken{
      test::half_reply(200, text_, text_.size() - 2),
      {.what = Answer::Do::reset, .bytes = "HTTP/1.1 200 OK\r\n\r\n" + text_},
      {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n46\r\n" + text_ + "\r\nrubbish\r\n",
       .close = true}};
  for (const Answer& answer : broken) {
    server_.add(answer);
    EXPECT_EQ(what_came().substr(0, 60), text_.substr(0, 60));
  }
}

}  // namespace
}  // namespace klingv2a::http
