// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the HTTP client promises, judged by what a raw server saw on the wire.
#include "http/client.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "no_descriptors.h"
#include "raw_server.h"

namespace klingv2a::http {
namespace {

using namespace std::chrono_literals;
using test::Answer;
using test::RawServer;
using test::reply;

GObjectPtr<GCancellable> make_cancel() {
  return GObjectPtr<GCancellable>::adopt(g_cancellable_new());
}

Request post(const std::string& url) {
  Request request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Authorization", "Bearer sk-secret"}};
  request.body = R"({"video_id":"1"})";
  request.content_type = "application/json";
  request.send_once = true;
  request.phase = Phase::submit;
  request.timeouts = {Seconds(5), Seconds(5), Seconds(10)};
  return request;
}

Request get(const std::string& url) {
  Request request;
  request.url = url;
  request.phase = Phase::poll;
  request.timeouts = {Seconds(5), Seconds(5), Seconds(10)};
  return request;
}

// The TransportError that `call` ends with.
TransportError failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const TransportError& error) {
    return error;
  }
  ADD_FAILURE() << "no TransportError was thrown";
  return TransportError({}, Sent::nothing);
}

TransportError send_failure(const Request& request) {
  Client client(make_cancel());
  return failure_of([&] { (void)client.send(request); });
}

std::shared_ptr<SpoolFile> file_of(const std::string& content) {
  auto file = std::make_shared<SpoolFile>();
  file->write_at(0, std::as_bytes(std::span(content)));
  return file;
}

std::string content_of(const SpoolFile& file) {
  std::string content(file.size(), '\0');
  EXPECT_EQ(file.read_at(0, std::as_writable_bytes(std::span(content))), content.size());
  return content;
}

TEST(HttpClient, ReturnsStatusHeadersAndBody) {
  RawServer server;
  server.add(reply(200, "hello", "X-Thing: Value\r\n"));
  Client client(make_cancel());
  const Response response = client.send(get(server.url("/a?b=c%20d")));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.body_size, 5u);
  EXPECT_EQ(response.header("x-thing"), "Value");
  EXPECT_EQ(response.header("x-other"), std::nullopt);
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].target(), "/a?b=c%20d");
}

TEST(HttpClient, SendsBodyAndHeadersAsGiven) {
  RawServer server;
  server.add(reply(200, "{}"));
  Client client(make_cancel());
  (void)client.send(post(server.url("/p")));
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.method(), "POST");
  EXPECT_EQ(seen.body, R"({"video_id":"1"})");
  EXPECT_EQ(seen.header("Content-Length"), "16");
  EXPECT_EQ(seen.header("Content-Type"), "application/json");
  EXPECT_EQ(seen.header("Authorization"), "Bearer sk-secret");
  EXPECT_EQ(seen.header("Accept-Encoding"), "identity");
}

TEST(HttpClient, ReusesAConnectionForReads) {
  RawServer server;
  server.set_default(reply(200, "x"));
  Client client(make_cancel());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.send(get(server.url())).status, 200);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, SendsAReadAgainWhenAnIdleConnectionHadDied) {
  RawServer server;
  server.add(reply(200, "first"));
  server.add(test::reset());
  server.add(reply(200, "second"));
  Client client(make_cancel());
  EXPECT_EQ(client.send(get(server.url())).body, "first");
  EXPECT_EQ(client.send(get(server.url())).body, "second");
}

// --- the paid POST -------------------------------------------------------------------------------------------------

class AnswersToPost : public testing::TestWithParam<int> {};

TEST_P(AnswersToPost, IsReturnedAfterOnePost) {
  RawServer server;
  server.set_default(reply(GetParam(), R"({"code":1})",
                           "Location: /elsewhere\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
                           "Proxy-Authenticate: Basic realm=\"x\"\r\nRetry-After: 1\r\n"));
  Client client(make_cancel());
  const Response response = client.send(post(server.url("/p")));
  EXPECT_EQ(response.status, GetParam());
  EXPECT_EQ(server.posts(), 1);
  EXPECT_EQ(server.requests().size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(EachStatus, AnswersToPost,
                         testing::ValuesIn(std::vector{200, 201, 300, 301, 302, 303, 307, 308, 400,
                                                       401, 403, 404, 407, 408, 409, 417, 421, 425,
                                                       426, 429, 500, 502, 503, 504, 511, 524}),
                         testing::PrintToStringParamName());

TEST(HttpClientPost, On421ItIsSentOnceAlsoOnAUsedConnection) {
  RawServer server;
  server.add(reply(200, "warm"));
  server.set_default(reply(421, "not here"));
  Client client(make_cancel());
  (void)client.send(get(server.url()));
  EXPECT_EQ(client.send(post(server.url())).status, 421);
  EXPECT_EQ(server.posts(), 1);
}

TEST(HttpClientPost, DoesNotUseAnOldConnection) {
  RawServer server;
  server.set_default(reply(200, "x"));
  Client client(make_cancel());
  (void)client.send(get(server.url()));
  (void)client.send(post(server.url()));
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClientPost, IsAskedForOnceMoreWhenTheConnectionStands) {
  RawServer server;
  server.set_default(reply(200, "x"));
  Client client(make_cancel());
  Request request = post(server.url());
  int asked = 0;
  request.before_sending = [&] {
    ++asked;
    EXPECT_TRUE(server.wait_for_connections(1));
    EXPECT_TRUE(server.requests().empty());
  };
  EXPECT_EQ(client.send(request).status, 200);
  EXPECT_EQ(asked, 1);
}

struct Withdrawn : std::runtime_error {
  using std::runtime_error::runtime_error;
};

TEST(HttpClientPost, WithdrawnWhenTheConnectionStandsNothingIsSent) {
  RawServer server;
  server.set_default(reply(200, "x"));
  Client client(make_cancel());
  Request request = post(server.url());
  request.before_sending = [] { throw Withdrawn("no"); };
  EXPECT_THROW((void)client.send(request), Withdrawn);
  request.before_sending = {};
  EXPECT_EQ(client.send(request).status, 200);
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(server.requests().size(), 1U) << "the first one was sent, too";
}

struct Breakage {
  const char* name;
  Answer answer;
  int posts;  // whole heads that the server read
};

class BrokenPost : public testing::TestWithParam<Breakage> {};

TEST_P(BrokenPost, IsSentOnceAndMayHaveArrived) {
  RawServer server;
  server.set_default(GetParam().answer);
  const TransportError error = send_failure(post(server.url("/p")));
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_EQ(error.sent(), Sent::maybe);
  EXPECT_FALSE(error.details().retryable);
  EXPECT_EQ(server.posts(), GetParam().posts);
  EXPECT_EQ(server.connections(), 1);
}

Answer close_without_answer() {
  Answer answer;
  answer.close = true;
  return answer;
}

Answer raw(std::string bytes) {
  Answer answer;
  answer.bytes = std::move(bytes);
  answer.close = true;
  return answer;
}

INSTANTIATE_TEST_SUITE_P(
    EachWay, BrokenPost,
    testing::ValuesIn(std::vector{
        Breakage{"ResetAfterHead", test::reset(Answer::Do::reset_after_head), 1},
        Breakage{"ResetAfterBody", test::reset(Answer::Do::reset), 1}, Breakage{"Fin", close_without_answer(), 1},
        Breakage{"HalfHead", raw("HTTP/1.1 200 OK\r\nContent-Le"), 1},
        Breakage{"HalfBody", test::half_reply(200, "0123456789", 4), 1},
        Breakage{"HalfChunk", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nabc"), 1},
        Breakage{"Garbage", raw("220 mail.example ESMTP\r\n\r\n"), 1}}),
    [](const auto& way) { return std::string(way.param.name); });

TEST(HttpClientPost, ResetBeforeAnythingWasReadIsSentAtMostOnce) {
  RawServer server;
  server.add(test::reset(Answer::Do::reset_at_once));
  const TransportError error = send_failure(post(server.url("/p")));
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_EQ(server.posts(), 0);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClientPost, WithoutAnAnswerEndsAtTheSilenceTimeOut) {
  RawServer server;
  server.add(test::reset(Answer::Do::hang));
  Request request = post(server.url("/p"));
  request.timeouts.idle = Seconds(1);
  const TransportError error = send_failure(request);
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_EQ(error.sent(), Sent::maybe);
  EXPECT_NE(std::string(error.what()).find("for 1 s"), std::string::npos) << error.what();
  EXPECT_EQ(server.posts(), 1);
}

TEST(HttpClientPost, NothingWasSentWhenNobodyListens) {
  const TransportError error = send_failure(post("http://127.0.0.1:" + std::to_string(test::closed_port())));
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_EQ(error.sent(), Sent::nothing);
  EXPECT_TRUE(error.details().retryable);
}

TEST(HttpClientPost, NothingWasSentWhenThereIsNoSuchName) {
  const TransportError error = send_failure(post("http://no-such-host.invalid/p"));
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_EQ(error.sent(), Sent::nothing);
}

// The host is not to blame.
TEST(HttpClient, WithoutADescriptorItSaysSo) {
  Client client(make_cancel());
  for (const std::string host : {"127.0.0.1", "localhost", "some.invalid"}) {
    const test::NoDescriptors nothing_left;
    const TransportError error = failure_of([&] { (void)client.send(post("http://" + host + "/x")); });
    EXPECT_EQ(error.kind(), ErrorKind::settings) << host;
    EXPECT_EQ(error.sent(), Sent::nothing) << host;
    EXPECT_TRUE(error.details().retryable) << host;
    EXPECT_NE(std::string(error.what()).find("no more files can be opened"), std::string::npos) << error.what();
  }
  RawServer server;  // now: it takes descriptors, too
  server.set_default(reply(200, "hello"));
  EXPECT_EQ(client.send(get(server.url("/"))).body, "hello");
}

TEST(HttpClientPost, NothingWasSentAtTheConnectTimeOut) {
  const test::DeafPort port;
  Request request = post(port.url());
  request.timeouts.connect = Seconds(0.1);
  const TransportError error = send_failure(request);
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_EQ(error.sent(), Sent::nothing);
  EXPECT_NE(std::string(error.what()).find("no connection within 0.1 s"), std::string::npos) << error.what();
}

// --- URLs and headers that are refused -----------------------------------------------------------------------------

class RefusedUrl : public testing::TestWithParam<const char*> {};

TEST_P(RefusedUrl, IsASettingsErrorAndIsNotSent) {
  const TransportError error = send_failure(post(GetParam()));
  EXPECT_EQ(error.kind(), ErrorKind::settings);
  EXPECT_EQ(error.sent(), Sent::nothing);
  EXPECT_FALSE(error.details().retryable);
  EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
}

INSTANTIATE_TEST_SUITE_P(Each, RefusedUrl,
                         testing::ValuesIn(std::vector<const char*>{
                             "", "/path", "api.example.com", "ftp://example.com/", "file:///etc/passwd", "http://",
                             "http:///p", "https://me:hunter2@example.com/p", "http://me@127.0.0.1/p",
                             "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1:99999/",
                             "http://[::1/?hunter2"}));

TEST(HttpClient, RefusesAUrlWithAZeroByte) {
  const TransportError error = send_failure(get(std::string("http://127.0.0.1/\0x", 19)));
  EXPECT_EQ(error.kind(), ErrorKind::settings);
}

TEST(HttpClient, RefusesAHeaderThatWouldBeTwoAndDoesNotShowIt) {
  RawServer server;
  for (const std::string value : {"sk-secret\r\nX-Evil: 1", "sk-secret\n", "sk-\x01secret"}) {
    Request request = get(server.url());
    request.headers = {{"Authorization", value}};
    const TransportError error = send_failure(request);
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClient, ErrorsNameTheHostAndPathButNoQuery) {
  RawServer server;
  server.add(test::reset());
  const TransportError error = send_failure(get(server.url("/result.wav?X-Signature=secret")));
  EXPECT_NE(std::string(error.what()).find(server.url("/result.wav")), std::string::npos) << error.what();
  EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << error.what();
}

TEST(HttpClient, ErrorsCarryTheRequestsPhase) {
  RawServer server;
  server.add(test::reset());
  EXPECT_EQ(send_failure(get(server.url())).details().phase, Phase::poll);
}

// --- deadlines and cancel ------------------------------------------------------------------------------------------

TEST(HttpClient, ATricklingAnswerEndsAtTheTotalDeadline) {
  RawServer server;
  Answer answer = reply(200, std::string(1000, 'x'));
  answer.trickle = 1;
  server.add(answer);
  Request request = get(server.url());
  request.timeouts.total = Seconds(0.3);
  const auto begin = std::chrono::steady_clock::now();
  const TransportError error = send_failure(request);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_TRUE(error.details().retryable);
  EXPECT_NE(std::string(error.what()).find("within 0.3 s"), std::string::npos) << error.what();
}

TEST(HttpClient, ADeadlineDoesNotReachTheNextCall) {
  RawServer server;
  server.add(test::reset(Answer::Do::hang));
  server.add(reply(200, "fine"));
  Client client(make_cancel());
  Request request = get(server.url());
  request.timeouts.total = Seconds(0.1);
  EXPECT_THROW((void)client.send(request), TransportError);
  EXPECT_EQ(client.send(get(server.url())).body, "fine");
}

TEST(HttpClient, ACancelThatCameBeforeIsNotLost) {
  RawServer server;
  const auto cancel = make_cancel();
  g_cancellable_cancel(cancel.get());
  Client client(cancel);
  const TransportError error = failure_of([&] { (void)client.send(post(server.url())); });
  EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  EXPECT_EQ(error.sent(), Sent::nothing);
  EXPECT_FALSE(error.details().retryable);
  EXPECT_EQ(server.posts(), 0);
}

// Runs `request`, cancels it when `reached` returns, and gives the error and how long the client took to notice.
std::pair<TransportError, std::chrono::nanoseconds> cancel_when(const Request& request,
                                                                const std::function<void()>& reached) {
  const auto cancel = make_cancel();
  auto result = std::async(std::launch::async, [&] {
    Client client(cancel);
    TransportError error = failure_of([&] { (void)client.send(request); });
    return std::pair(error, std::chrono::steady_clock::now());
  });
  reached();
  const auto begin = std::chrono::steady_clock::now();
  g_cancellable_cancel(cancel.get());
  const auto [error, end] = result.get();
  return {error, end - begin};
}

constexpr auto kAtOnce = 100ms;

TEST(HttpClientCancel, WhileConnecting) {
  const test::DeafPort port;
  const auto [error, took] = cancel_when(post(port.url()), [] { std::this_thread::yield(); });
  EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  EXPECT_EQ(error.sent(), Sent::nothing);
  EXPECT_LT(took, kAtOnce);
}

TEST(HttpClientCancel, WithoutAnAnswer) {
  RawServer server;
  server.add(test::reset(Answer::Do::hang));
  const auto [error, took] = cancel_when(post(server.url()), [&] { EXPECT_TRUE(server.wait_for_requests(1)); });
  EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  EXPECT_EQ(error.sent(), Sent::maybe);
  EXPECT_LT(took, kAtOnce);
}

TEST(HttpClientCancel, DuringAStalledUpload) {
  RawServer server;
  server.add(test::reset(Answer::Do::stop_reading));
  Request request = get(server.url());
  request.method = "PUT";
  // More than the sockets' buffers hold.
  std::string content;
  content.resize(20'000'000, 'v');
  request.upload = file_of(content);
  const auto [error, took] = cancel_when(request, [&] { EXPECT_TRUE(server.wait_for_requests(1)); });
  EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  EXPECT_LT(took, kAtOnce);
}

TEST(HttpClientCancel, DuringATricklingBody) {
  RawServer server;
  Answer answer = reply(200, std::string(100000, 'x'));
  answer.trickle = 100;
  server.add(answer);
  const auto [error, took] = cancel_when(get(server.url()), [&] { EXPECT_TRUE(server.wait_for_requests(1)); });
  EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  EXPECT_LT(took, kAtOnce);
}

TEST(HttpClientCancel, AnAnswerThatHasComeIsNotLostToALaterCancel) {
  RawServer server;
  server.add(reply(200, R"({"code":0})"));
  const auto cancel = make_cancel();
  Client client(cancel);
  const Response response = client.send(post(server.url()));
  g_cancellable_cancel(cancel.get());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(failure_of([&] { (void)client.send(get(server.url())); }).kind(), ErrorKind::cancelled);
}

// --- bodies --------------------------------------------------------------------------------------------------------

TEST(HttpClientBody, MayBeAsLargeAsTheLimitAndNoLarger) {
  RawServer server;
  server.add(reply(200, std::string(1000, 'x')));
  server.add(reply(200, std::string(1001, 'x')));
  Client client(make_cancel());
  Request request = get(server.url());
  request.max_body = 1000;
  EXPECT_EQ(client.send(request).body_size, 1000u);
  const TransportError error = failure_of([&] { (void)client.send(request); });
  EXPECT_EQ(error.kind(), ErrorKind::result);
  EXPECT_FALSE(error.details().retryable);
  EXPECT_NE(std::string(error.what()).find("1000 bytes"), std::string::npos) << error.what();
}

TEST(HttpClientBody, ThatIsAnnouncedTooLargeIsNotWaitedFor) {
  RawServer server;
  Answer answer;
  answer.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n";
  answer.what = Answer::Do::hang;
  server.add(answer);
  Request request = get(server.url());
  request.max_body = 1000;
  EXPECT_EQ(send_failure(request).kind(), ErrorKind::result);
}

TEST(HttpClientBody, WithoutEndIsRefusedAtTheLimit) {
  RawServer server;
  Answer answer;
  answer.bytes = "HTTP/1.1 200 OK\r\n\r\n" + std::string(300'000, 'x');
  answer.what = Answer::Do::hang;
  server.add(answer);
  Request request = get(server.url());
  request.max_body = 100'000;
  EXPECT_EQ(send_failure(request).kind(), ErrorKind::result);
}

TEST(HttpClientBody, OfAnErrorIsCutRatherThanRefused) {
  RawServer server;
  server.add(reply(502, std::string(5000, 'x')));
  Client client(make_cancel());
  Request request = get(server.url());
  request.max_body = 1000;
  const Response response = client.send(request);
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.body.size(), 1000u);
}

TEST(HttpClientBody, ThatIsNotReadToItsEndIsNotTakenForTheNextAnswer) {
  RawServer server;
  Answer cut = reply(502, std::string(1'000'000, 'x'));
  server.add(cut);
  server.add(reply(200, "next"));
  Client client(make_cancel());
  Request request = get(server.url());
  request.max_body = 1000;
  EXPECT_EQ(client.send(request).status, 502);
  EXPECT_EQ(client.send(request).body, "next");
}

TEST(HttpClientBody, ThatIsNotWantedIsNotWaitedFor) {
  RawServer server;
  Answer answer;
  answer.bytes = "HTTP/1.1 502 Scripted\r\nContent-Length: 5000\r\n\r\n" + std::string(2000, 'x');
  answer.what = Answer::Do::hang;
  server.add(answer);
  Client client(make_cancel());
  Request request = get(server.url());
  request.max_body = 1000;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(client.send(request).status, 502);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST(HttpClientBody, CutShortIsARetryableErrorForARead) {
  RawServer server;
  server.add(test::half_reply(200, std::string(1000, 'x'), 400));
  const TransportError error = send_failure(get(server.url()));
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_TRUE(error.details().retryable);
  EXPECT_NE(std::string(error.what()).find("cut short"), std::string::npos) << error.what();
}

TEST(HttpClientBody, OfAHeadIsNotMissed) {
  RawServer server;
  Answer answer = reply(200, "12345");
  answer.bytes.resize(answer.bytes.size() - 5);
  server.add(answer);
  Client client(make_cancel());
  Request request = get(server.url());
  request.method = "HEAD";
  EXPECT_EQ(client.send(request).header("content-length"), "5");
}

TEST(HttpClientBody, GoesIntoTheFileAndReplacesWhatWasThere) {
  RawServer server;
  const std::string content(200'000, 'w');
  server.add(test::half_reply(200, std::string(300'000, 'o'), 250'000));
  server.add(reply(200, content));
  SpoolFile file;
  Request request = get(server.url());
  request.download = &file;
  Client client(make_cancel());
  EXPECT_EQ(failure_of([&] { (void)client.send(request); }).kind(), ErrorKind::network);
  const Response response = client.send(request);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.body_size, content.size());
  EXPECT_EQ(content_of(file), content);
}

TEST(HttpClientBody, OfAnErrorDoesNotGoIntoTheFile) {
  RawServer server;
  server.add(reply(403, "expired"));
  SpoolFile file;
  Request request = get(server.url());
  request.download = &file;
  Client client(make_cancel());
  EXPECT_EQ(client.send(request).body, "expired");
  EXPECT_EQ(file.size(), 0u);
}

TEST(HttpClientUpload, SendsTheWholeFileEachTime) {
  RawServer server;
  server.set_default(reply(200, ""));
  std::string content(3'000'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 >> 3);
  Request request = get(server.url("/up"));
  request.method = "PUT";
  request.content_type = "video/mp4";
  request.upload = file_of(content);
  Client client(make_cancel());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(client.send(request).status, 200);
  for (const test::SeenRequest& seen : server.requests()) {
    EXPECT_EQ(seen.method(), "PUT");
    EXPECT_EQ(seen.header("Content-Length"), "3000000");
    EXPECT_EQ(seen.header("Content-Type"), "video/mp4");
    EXPECT_TRUE(seen.body == content);
  }
}

// libsoup would send it again when an old connection turns out to be dead, from a stream that is at its end.
TEST(HttpClientUpload, DoesNotUseAnOldConnection) {
  RawServer server;
  server.set_default(reply(200, ""));
  Client client(make_cancel());
  Request request = get(server.url("/up"));
  (void)client.send(request);
  request.method = "PUT";
  request.upload = file_of("video");
  (void)client.send(request);
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClientUpload, OfAnEmptyFileHasContentLengthZero) {
  RawServer server;
  server.add(reply(200, ""));
  Request request = get(server.url("/up"));
  request.method = "PUT";
  request.upload = file_of("");
  Client client(make_cancel());
  EXPECT_EQ(client.send(request).status, 200);
  EXPECT_EQ(server.requests().at(0).header("Content-Length"), "0");
}

// --- threads and processes around us -------------------------------------------------------------------------------

TEST(HttpClient, GoesDirectToLoopbackWhateverTheProxySettings) {
  RawServer proxy, server;
  server.add(reply(200, "direct"));
  ASSERT_TRUE(g_setenv("http_proxy", proxy.url().c_str(), TRUE));
  ASSERT_TRUE(g_setenv("no_proxy", "", TRUE));
  Client client(make_cancel());
  EXPECT_EQ(client.send(get(server.url())).body, "direct");
  g_unsetenv("http_proxy");
  g_unsetenv("no_proxy");
  EXPECT_EQ(proxy.connections(), 0);
}

TEST(HttpClient, AttachesNothingToTheApplicationsMainContext) {
  RawServer server;
  server.set_default(reply(200, "x"));
  Client client(make_cancel());
  (void)client.send(get(server.url()));
  GMainContext* context = g_main_context_default();
  gint priority = G_MAXINT, timeout = -1;
  ASSERT_TRUE(g_main_context_acquire(context));
  g_main_context_prepare(context, &priority);
  std::array<GPollFD, 16> polls{};
  g_main_context_query(context, priority, &timeout, polls.data(), static_cast<gint>(polls.size()));
  g_main_context_release(context);
  EXPECT_EQ(timeout, -1);
}

// --- Response ------------------------------------------------------------------------------------------------------

std::optional<double> retry_after(const std::string& value) {
  Response response;
  response.headers = {{"retry-after", value}};
  return response.retry_after(Seconds(784111777));  // Sun, 06 Nov 1994 08:49:37 GMT
}

TEST(RetryAfter, IsReadInBothForms) {
  EXPECT_EQ(retry_after("120"), 120);
  EXPECT_EQ(retry_after("0"), 0);
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:50:37 GMT"), 60);
  EXPECT_EQ(retry_after("Sunday, 06-Nov-94 08:49:47 GMT"), 10);
}

TEST(RetryAfter, IsNothingWhenAbsentUnreadableOrPast) {
  EXPECT_EQ(Response().retry_after(Seconds(0)), std::nullopt);
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:49:07 GMT"), std::nullopt);
  for (const char* value : {"", "soon", "-5", "1.5", "5s", "99999999999999999999999"}) {
    EXPECT_EQ(retry_after(value), std::nullopt) << value;
  }
}

// --- URLs ----------------------------------------------------------------------------------------------------------

TEST(DisplayableUrl, LeavesOutUserinfoQueryAndFragment) {
  EXPECT_EQ(displayable_url("https://me:pw@host.example:8443/a%20b/c?sig=1#f"), "https://host.example:8443/a%20b/c");
  EXPECT_EQ(displayable_url("http://[::1]:80/x"), "http://[::1]:80/x");
  EXPECT_EQ(displayable_url("https://host.example"), "https://host.example");
}

TEST(DisplayableUrl, ShowsNothingOfWhatIsNoUrl) {
  for (const char* text : {"", "sk-secret", "http://[::1/?key", "mailto:me@example.com"}) {
    EXPECT_EQ(displayable_url(text), "(not a URL)") << text;
  }
}

TEST(LoopbackUrl, IsJudgedByTheLiteralHost) {
  for (const char* url : {"http://localhost/", "http://LOCALHOST:80", "http://127.0.0.1:8080/x", "http://127.9.9.9/",
                          "http://[::1]:99/", "https://127.0.0.1"}) {
    EXPECT_TRUE(is_loopback_url(url)) << url;
  }
  for (const char* url : {"http://localhost.example.com/", "http://128.0.0.1/", "http://[::2]/", "http://10.0.0.1/",
                          "http://127.0.0.1.example.com/", "127.0.0.1", ""}) {
    EXPECT_FALSE(is_loopback_url(url)) << url;
  }
}

}  // namespace
}  // namespace klingv2a::http
