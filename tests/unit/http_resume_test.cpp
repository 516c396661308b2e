// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Downloads that go on where they were cut: what is asked for, which answers are taken for the rest of the same file,
// and that nothing else ever lands behind its beginning.
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "http/client.h"
#include "raw_server.h"

namespace klingv2a::http {
namespace {

using test::Answer;
using test::RawServer;
using test::reply;

constexpr const char* kTag = "ETag: \"v1\"\r\n";

Answer cut(const std::string& body, std::size_t sent, const std::string& headers) {
  Answer answer = reply(200, body, headers);
  answer.bytes.resize(answer.bytes.size() - body.size() + sent);
  answer.close = true;
  return answer;
}

Answer rest(const std::string& whole, std::size_t first, const std::string& headers = kTag) {
  const std::string range = std::to_string(first) + "-" + std::to_string(whole.size() - 1);
  return reply(206, whole.substr(first),
               headers + "Content-Range: bytes " + range + "/" + std::to_string(whole.size()) + "\r\n");
}

class HttpResume : public testing::Test {
 protected:
  HttpResume() {
    request_.url = server_.url("/s.wav?sig=1");
    request_.download = &file_;
    request_.partial = &partial_;
    request_.phase = Phase::download;
    request_.timeouts = {Seconds(5), Seconds(5), Seconds(10)};
  }

  Response send() { return client_.send(request_); }
  ErrorDetails failure() {
    try {
      (void)send();
    } catch (const TransportError& error) {
      return error.details();
    }
    ADD_FAILURE() << "no TransportError was thrown";
    return {};
  }
  // The first 40 bytes have come.
  void begin(const std::string& headers = kTag) {
    server_.add(cut(whole_, 40, headers));
    EXPECT_EQ(failure().kind, ErrorKind::network);
    EXPECT_EQ(content(), whole_.substr(0, 40));
  }
  std::string content() {
    std::string text(file_.size(), '\0');
    EXPECT_EQ(file_.read_at(0, std::as_writable_bytes(std::span(text))), text.size());
    return text;
  }
  test::SeenRequest last_request() { return server_.requests().back(); }
  void expect_asked_for_all() {
    EXPECT_EQ(last_request().header("Range"), "");
    EXPECT_EQ(last_request().header("If-Range"), "");
  }

  const std::string whole_ = [] {
    std::string text(100, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i);
    return text;
  }();
  RawServer server_;
  SpoolFile file_;
  PartialDownload partial_;
  Request request_;
  Client client_{GObjectPtr<GCancellable>::adopt(g_cancellable_new())};
};

TEST_F(HttpResume, TheFirstRequestAsksForAll) {
  server_.add(reply(200, whole_, kTag));
  EXPECT_EQ(send().status, 200);
  expect_asked_for_all();
  EXPECT_EQ(content(), whole_);
}

TEST_F(HttpResume, AsksForTheRestOfTheSameFileAndAddsIt) {
  begin();
  server_.add(rest(whole_, 40));
  EXPECT_EQ(send().status, 206);
  EXPECT_EQ(last_request().header("Range"), "bytes=40-");
  EXPECT_EQ(last_request().header("If-Range"), "\"v1\"");
  EXPECT_EQ(content(), whole_);
}

TEST_F(HttpResume, TheRestMayBeCutAgain) {
  begin();
  Answer again = rest(whole_, 40);
  again.bytes.resize(again.bytes.size() - 25);
  again.what = Answer::Do::reset;
  server_.add(again);
  server_.add(rest(whole_, 75));
  EXPECT_TRUE(failure().retryable);
  EXPECT_EQ(send().status, 206);
  EXPECT_EQ(last_request().header("Range"), "bytes=75-");
  EXPECT_EQ(content(), whole_);
}

TEST_F(HttpResume, ARestThatIsNotAllOfItIsACut) {
  begin();
  server_.add(reply(206, whole_.substr(40, 20), std::string(kTag) + "Content-Range: bytes 40-59/100\r\n"));
  EXPECT_TRUE(failure().retryable);
  server_.add(rest(whole_, 60));
  EXPECT_EQ(send().status, 206);
  EXPECT_EQ(content(), whole_);
}

// Chunked answers do not say how long they are, but a rest does.
TEST_F(HttpResume, TheSizeMayBeLearntFromTheRest) {
  Answer chunked;
  chunked.bytes =
      std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n") + kTag + "\r\n64\r\n" + whole_.substr(0, 40);
  chunked.close = true;
  server_.add(chunked);
  EXPECT_TRUE(failure().retryable);
  server_.add(reply(206, whole_.substr(40, 20), std::string(kTag) + "Content-Range: bytes 40-59/100\r\n"));
  EXPECT_TRUE(failure().retryable);
  server_.add(rest(whole_, 60));
  EXPECT_EQ(send().status, 206);
  EXPECT_EQ(content(), whole_);
}

TEST_F(HttpResume, AServerWithoutRangesSendsTheWhole) {
  begin();
  const std::string other(70, 'n');
  server_.add(reply(200, other, "ETag: \"v2\"\r\n"));
  EXPECT_EQ(send().status, 200);
  EXPECT_EQ(content(), other);
}

TEST_F(HttpResume, AfterAWholeThatIsCutItsOwnValidatorCounts) {
  begin();
  server_.add(cut(whole_, 20, "ETag: \"v2\"\r\n"));
  EXPECT_TRUE(failure().retryable);
  server_.add(rest(whole_, 20, "ETag: \"v2\"\r\n"));
  EXPECT_EQ(send().status, 206);
  EXPECT_EQ(last_request().header("Range"), "bytes=20-");
  EXPECT_EQ(last_request().header("If-Range"), "\"v2\"");
  EXPECT_EQ(content(), whole_);
}

TEST_F(HttpResume, WithoutSuchARestTheDownloadStartsOver) {
  begin();
  server_.add(reply(416, "", "Content-Range: bytes */30\r\n"));
  server_.add(reply(200, "a shorter file", kTag));
  EXPECT_EQ(send().status, 200);
  expect_asked_for_all();
  EXPECT_EQ(content(), "a shorter file");
}

TEST_F(HttpResume, ARangeThatIsRefusedEvenForTheWholeIsAnAnswer) {
  begin();
  server_.set_default(reply(416, ""));
  EXPECT_EQ(send().status, 416);
  EXPECT_EQ(server_.requests().size(), 3u);
}

struct OtherPart {
  const char* name;
  std::string headers;
};

class AnotherPart : public HttpResume, public testing::WithParamInterface<OtherPart> {};

TEST_P(AnotherPart, IsNotAddedAndTheDownloadStartsOver) {
  begin();
  server_.add(reply(206, whole_.substr(40), GetParam().headers));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::network);
  EXPECT_TRUE(details.retryable);
  EXPECT_EQ(content(), "");
  server_.add(reply(200, whole_, kTag));
  EXPECT_EQ(send().status, 200);
  expect_asked_for_all();
  EXPECT_EQ(content(), whole_);
}

INSTANTIATE_TEST_SUITE_P(
    Each, AnotherPart,
    testing::ValuesIn(std::vector{
        OtherPart{"NoContentRange", kTag}, OtherPart{"Garbage", "Content-Range: some\r\n"},
        OtherPart{"OtherUnit", "Content-Range: seconds 40-99/100\r\n"},
        OtherPart{"Unsatisfied", "Content-Range: bytes */100\r\n"},
        OtherPart{"OtherBeginning", "Content-Range: bytes 39-98/100\r\n"},
        OtherPart{"Backwards", "Content-Range: bytes 40-39/100\r\n"},
        OtherPart{"OtherSize", "Content-Range: bytes 40-99/101\r\n"},
        OtherPart{"TooShortASize", "Content-Range: bytes 40-99/50\r\n"},
        OtherPart{"OtherTag", "ETag: \"v2\"\r\nContent-Range: bytes 40-99/100\r\n"},
        OtherPart{"WeakTag", "ETag: W/\"v1\"\r\nContent-Range: bytes 40-99/100\r\n"},
        OtherPart{"HugeNumbers",
                  "Content-Range: bytes 99999999999999999999-99999999999999999999/99999999999999999999\r\n"}}),
    [](const auto& part) { return std::string(part.param.name); });

TEST_F(HttpResume, APartThatNobodyAskedForIsRefused) {
  server_.add(rest(whole_, 40));
  EXPECT_EQ(failure().kind, ErrorKind::network);
  EXPECT_EQ(content(), "");
}

TEST_F(HttpResume, ADateIsAValidatorOnceTheFileHasRested) {
  const std::string rested = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nLast-Modified: Sun, 06 Nov 1994 08:49:30 GMT\r\n";
  begin(rested);
  server_.add(rest(whole_, 40, rested));
  EXPECT_EQ(send().status, 206);
  EXPECT_EQ(last_request().header("If-Range"), "Sun, 06 Nov 1994 08:49:30 GMT");
  EXPECT_EQ(content(), whole_);
}

TEST_F(HttpResume, AnotherDateIsAnotherFile) {
  begin("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nLast-Modified: Sun, 06 Nov 1994 08:49:30 GMT\r\n");
  server_.add(rest(whole_, 40, "Last-Modified: Sun, 06 Nov 1994 08:49:31 GMT\r\n"));
  EXPECT_TRUE(failure().retryable);
  EXPECT_EQ(content(), "");
}

TEST_F(HttpResume, WithoutAStrongValidatorItStartsOver) {
  const std::string modified = "Last-Modified: Sun, 06 Nov 1994 08:49:30 GMT\r\n";
  const std::string at_that_moment = "Date: Sun, 06 Nov 1994 08:49:30 GMT\r\n" + modified;
  for (const std::string& headers : std::vector<std::string>{
           "", "ETag: W/\"v1\"\r\n", "ETag: v1\r\n", "Last-Modified: yesterday\r\n", modified, at_that_moment}) {
    SCOPED_TRACE(headers);
    partial_ = {};
    begin(headers);
    server_.add(reply(200, whole_, kTag));
    EXPECT_EQ(send().status, 200);
    expect_asked_for_all();
    EXPECT_EQ(content(), whole_);
  }
}

TEST_F(HttpResume, AFreshSignatureIsTheSameFileAndAnotherPathIsNot) {
  begin();
  request_.url = server_.url("/s.wav?sig=2");
  server_.add(cut(whole_, 10, kTag));
  EXPECT_TRUE(failure().retryable);
  EXPECT_EQ(last_request().header("Range"), "bytes=40-");
  request_.url = server_.url("/t.wav?sig=2");
  server_.add(reply(200, whole_, kTag));
  EXPECT_EQ(send().status, 200);
  expect_asked_for_all();
}

TEST_F(HttpResume, TroubleInBetweenKeepsWhatHasCome) {
  begin();
  server_.add(reply(503, "later"));
  EXPECT_EQ(send().status, 503);
  EXPECT_EQ(content(), whole_.substr(0, 40));
  server_.add(rest(whole_, 40));
  EXPECT_EQ(send().status, 206);
  EXPECT_EQ(content(), whole_);
}

TEST_F(HttpResume, TheLimitCountsAllPieces) {
  request_.max_body = 99;
  Answer endless;
  endless.bytes =
      std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n") + kTag + "\r\n64\r\n" + whole_.substr(0, 40);
  endless.close = true;
  server_.add(endless);
  EXPECT_TRUE(failure().retryable);
  server_.add(rest(whole_, 40));
  EXPECT_EQ(failure().kind, ErrorKind::result);
  EXPECT_LE(file_.size(), 99u);
}

TEST_F(HttpResume, WithoutAPartialARangeOfOnesOwnIsAsEver) {
  request_.partial = nullptr;
  request_.headers = {{"Range", "bytes=0-39"}};
  server_.add(reply(206, whole_.substr(0, 40), "Content-Range: bytes 0-39/100\r\n"));
  EXPECT_EQ(send().status, 206);
  EXPECT_EQ(content(), whole_.substr(0, 40));
}

}  // namespace
}  // namespace klingv2a::http
