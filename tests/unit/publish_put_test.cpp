// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Publishing by HTTP PUT and the fetch check: what goes to the store, what its answers mean, and what is never
// reported.
#include <gtest/gtest.h>

#include "fake_clock.h"
#include "http/client.h"
#include "publish/publisher.h"
#include "raw_server.h"

namespace klingv2a::publish {
namespace {

using test::reply;

constexpr const char* kBytes = "0123456789abcdef";

std::string content() {
  std::string text;
  for (int i = 0; i < 300; ++i) text += kBytes;
  return text;
}

std::shared_ptr<const SpoolFile> file_of(const std::string& bytes) {
  auto file = std::make_shared<SpoolFile>();
  file->write_at(0, std::as_bytes(std::span(bytes)));
  return file;
}

class Put : public ::testing::Test {
 protected:
  Put() {
    settings_.uri = store_.url("/bucket/{name}.mp4?signature=s3cret");
    settings_.headers = {{"X-Upload-Key", "s3cret"}, {"Cache-Control", "no-store"}};
    settings_.timeouts.idle = Seconds(5);
  }
  std::unique_ptr<Publication> run() {
    const auto count = [this](const Error&, int, Seconds) { ++retries_; };
    return publish(settings_, file_of(content()), http_, clock_, cancel_.get(), count);
  }
  // The failure of a publishing that must fail; no secret may be in it.
  ErrorDetails failure() {
    try {
      (void)run();
    } catch (const Error& error) {
      const ErrorDetails& details = error.details();
      EXPECT_EQ(details.phase, Phase::publish);
      EXPECT_EQ(details.paid, Paid::no);
      EXPECT_EQ((details.message + details.advice + describe(details)).find("s3cret"), std::string::npos)
          << details.message;
      return details;
    }
    ADD_FAILURE() << "nothing failed";
    return {};
  }
  int count(const std::string& method) const {
    int number = 0;
    for (const auto& request : store_.requests()) number += request.method() == method ? 1 : 0;
    return number;
  }

  test::RawServer store_;
  PublishSettings settings_;
  GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  http::Client http_{cancel_};
  test::FakeClock clock_;
  int retries_ = 0;
};

TEST_F(Put, sendsTheFileWithItsHeadersAndProvesTheUrl) {
  store_.add(reply(201, ""));
  store_.add(reply(206, content().substr(0, 1024)));
  const auto publication = run();
  const auto requests = store_.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].method(), "PUT");
  EXPECT_TRUE(requests[0].target().starts_with("/bucket/"));
  EXPECT_TRUE(requests[0].target().ends_with(".mp4?signature=s3cret"));
  EXPECT_EQ(requests[0].header("Content-Type"), "video/mp4");
  EXPECT_EQ(requests[0].header("Content-Length"), std::to_string(content().size()));
  EXPECT_EQ(requests[0].header("X-Upload-Key"), "s3cret");
  EXPECT_TRUE(requests[0].body == content());
  EXPECT_EQ(requests[1].header("Range"), "bytes=0-1023");
  EXPECT_EQ(store_.url(requests[1].target()), publication->url());
}

TEST_F(Put, theFetchCheckCarriesNeitherHeadersNorSignature) {
  store_.add(reply(200, ""));
  store_.add(reply(206, content().substr(0, 1024)));
  (void)run();
  EXPECT_EQ(store_.requests().at(1).head.find("s3cret"), std::string::npos);
}

TEST_F(Put, eachFileHasANameOfItsOwn) {
  settings_.check = false;
  store_.set_default(reply(200, ""));
  EXPECT_NE(run()->url(), run()->url());
}

TEST_F(Put, aContentTypeAmongTheHeadersReplacesOurs) {
  settings_.headers = {{"content-type", "application/octet-stream"}};
  settings_.check = false;
  store_.add(reply(200, ""));
  (void)run();
  const std::string head = store_.requests().at(0).head;
  EXPECT_NE(head.find("application/octet-stream"), std::string::npos);
  EXPECT_EQ(head.find("video/mp4"), std::string::npos);
}

TEST_F(Put, namesThePublicUrl) {
  settings_.public_url = "https://cdn.example.org/v/{name}.mp4";
  settings_.check = false;
  store_.add(reply(200, ""));
  const std::string url = run()->url();
  EXPECT_TRUE(url.starts_with("https://cdn.example.org/v/")) << url;
  const std::string name = url.substr(url.rfind('/') + 1);
  EXPECT_EQ(name.size(), 32 + 4u);
  EXPECT_NE(store_.requests().at(0).target().find(name), std::string::npos);
}

TEST_F(Put, refusalsAreNotRepeatedAndNameTheirKind) {
  const struct {
    int status;
    ErrorKind kind;
  } cases[] = {{401, ErrorKind::permission}, {403, ErrorKind::permission}, {404, ErrorKind::settings},
               {405, ErrorKind::settings},   {409, ErrorKind::settings},   {413, ErrorKind::settings}};
  int puts = 0;
  for (const auto& c : cases) {
    store_.add(reply(c.status, "<StringToSign>s3cret</StringToSign>"));
    const ErrorDetails details = failure();
    EXPECT_EQ(details.kind, c.kind) << c.status;
    EXPECT_EQ(details.http_status, c.status);
    EXPECT_FALSE(details.advice.empty());
    EXPECT_EQ(count("PUT"), ++puts);
  }
  EXPECT_EQ(count("GET"), 0);
}

TEST_F(Put, aRedirectIsRefusedBecauseItWouldCarryTheHeadersAlong) {
  test::RawServer elsewhere;
  for (const int status : {301, 302, 307, 308}) {
    store_.add(reply(status, "", "Location: " + elsewhere.url("/x?s3cret") + "\r\n"));
    const ErrorDetails details = failure();
    EXPECT_EQ(details.kind, ErrorKind::settings) << status;
    EXPECT_NE(details.message.find("redirect"), std::string::npos);
  }
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST_F(Put, passingTroubleIsRepeatedUnderTheSameName) {
  settings_.check = false;
  store_.add(reply(503, ""));
  store_.add(test::reset());
  store_.add(reply(429, "", "Retry-After: 7\r\n"));
  store_.add(reply(200, ""));
  (void)run();
  const auto requests = store_.requests();
  ASSERT_EQ(requests.size(), 4u);
  for (const auto& request : requests) {
    EXPECT_EQ(request.target(), requests[0].target());
    EXPECT_TRUE(request.body == content());
  }
  EXPECT_EQ(retries_, 3);
  ASSERT_EQ(clock_.sleeps().size(), 3u);
  EXPECT_GE(clock_.sleeps()[2], Seconds(7));
}

TEST_F(Put, troubleThatDoesNotPassIsANetworkError) {
  store_.set_default(reply(500, ""));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::network);
  EXPECT_TRUE(details.retryable);
  EXPECT_EQ(details.http_status, 500);
  EXPECT_EQ(count("PUT"), 5);
}

TEST_F(Put, aStoreThatIsNotThereIsANetworkError) {
  settings_.uri = "http://127.0.0.1:" + std::to_string(test::closed_port()) + "/{name}.mp4?signature=s3cret";
  EXPECT_EQ(failure().kind, ErrorKind::network);
}

TEST_F(Put, aCancelEndsTheUploadAndTheGaps) {
  store_.set_default(reply(500, ""));
  clock_.set_on_sleep([this](Seconds) { g_cancellable_cancel(cancel_.get()); });
  EXPECT_EQ(failure().kind, ErrorKind::cancelled);
  EXPECT_EQ(count("PUT"), 1);
}

class FetchCheck : public Put {
 protected:
  FetchCheck() { store_.add(reply(201, "")); }
};

TEST_F(FetchCheck, isSatisfiedByAServerWithoutRanges) {
  store_.add(reply(200, content()));
  EXPECT_NO_THROW((void)run());
}

TEST_F(FetchCheck, waitsForAStoreThatShowsTheFileLate) {
  store_.add(reply(404, ""));
  store_.add(reply(403, ""));
  store_.add(reply(206, content().substr(0, 1024)));
  EXPECT_NO_THROW((void)run());
  EXPECT_EQ(retries_, 2);
  EXPECT_EQ(count("PUT"), 1);
}

TEST_F(FetchCheck, refusesAnythingButTheFileAndSaysWhatCame) {
  std::string other = content();
  other[5] = 'X';
  const struct {
    test::Answer answer;
    const char* words;
  } cases[] = {
      {reply(206, other.substr(0, 1024)), "1024 bytes"},
      {reply(206, content().substr(0, 1000)), "1000 bytes"},
      {reply(200, other), "not those of the file"},
      {reply(200, content().substr(0, 2000)), "2000 bytes"},
      {reply(206, content().substr(0, 1025)), "1025 bytes"},
      {reply(200, content() + "x"), "larger"},
      {reply(200, "<html>login</html>", "Content-Type: text/html\r\n"), "text/html"},
      {reply(404, ""), "HTTP 404"},
      {reply(204, ""), "HTTP 204"},
      {reply(302, "", "Location: https://h/\r\n"), "HTTP 302"},
  };
  bool first = true;
  for (const auto& c : cases) {
    if (!std::exchange(first, false)) store_.add(reply(201, ""));
    for (int i = 0; i < 4; ++i) store_.add(c.answer);
    const std::size_t before = store_.requests().size();
    const ErrorDetails details = failure();
    EXPECT_EQ(details.kind, ErrorKind::settings) << c.words;
    EXPECT_NE(details.message.find(c.words), std::string::npos) << details.message;
    EXPECT_NE(details.advice.find("publish-check=false"), std::string::npos);
    // A redirect does not pass by itself; use up what is left of the script.
    for (std::size_t seen = store_.requests().size() - before; seen < 5; ++seen) {
      (void)http_.send({.url = store_.url("/drain")});
    }
  }
}

TEST_F(FetchCheck, aPrivateStoreIsAPermissionError) {
  store_.set_default(reply(403, ""));
  EXPECT_EQ(failure().kind, ErrorKind::permission);
}

TEST_F(FetchCheck, doesNotHappenWhenItIsTurnedOff) {
  settings_.check = false;
  EXPECT_NO_THROW((void)run());
  EXPECT_EQ(count("GET"), 0);
}

TEST_F(FetchCheck, takesAFileShorterThanTheRange) {
  store_.add(reply(206, "tiny"));
  EXPECT_NO_THROW((void)publish(settings_, file_of("tiny"), http_, clock_, cancel_.get()));
}

}  // namespace
}  // namespace klingv2a::publish
