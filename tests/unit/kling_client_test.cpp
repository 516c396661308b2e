// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The API's calls over a real socket: what goes out, what each answer becomes, and that the key goes nowhere else.
#include "kling/client.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "fake_clock.h"
#include "packed.h"
#include "raw_server.h"

namespace klingv2a::kling {
namespace {

using test::RawServer;
using test::reply;

constexpr const char* kKey = "sk-very-secret-0123456789";
constexpr const char* kAccepted = R"({"code":0,"message":"SUCCEED","request_id":"r-1",)"
                                  R"("data":{"task_id":"861254119619698760","task_status":"submitted"}})";

// A client of a raw server, and everything a test looks at.
class KlingClient : public testing::Test {
 protected:
  Task submit(const SubmitRequest& request) { return client().submit(request); }
  Task submit() { return submit(request()); }
  Task query(const std::string& id) { return client().query({id}); }

  static SubmitRequest request() {
    SubmitRequest request;
    request.video_url = "https://store.example/v.mp4?X-Signature=signed-secret&a=1";
    request.callback_url = "https://me.example/cb/unguessable-segment";
    request.external_task_id = "klingv2a-42";
    return request;
  }

  // What the call throws; the test ends when that is of another type.
  template <typename ErrorType = Error>
  ErrorType failure_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const ErrorType& error) {
      expect_no_secret(std::string(error.what()) + describe(error.details()) + error.details().advice);
      return error;
    }
    throw std::logic_error("nothing was thrown");
  }

  static void expect_no_secret(const std::string& text) {
    for (const char* secret : {kKey, "very-secret", "signed-secret", "unguessable-segment"}) {
      EXPECT_EQ(text.find(secret), std::string::npos) << text;
    }
  }

  Client client() {
    return Client(http_, {.base_url = server_.url("/kling//"), .api_key = kKey, .timeouts = timeouts_}, clock_);
  }

  RawServer server_;
  test::FakeClock clock_;
  GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  http::Client http_{cancel_};
  http::Timeouts timeouts_{Seconds(5), Seconds(5), Seconds(10)};
};

TEST_F(KlingClient, SubmitsOnceWithTheKey) {
  server_.add(reply(200, kAccepted));
  const Task task = submit();
  EXPECT_EQ(task.task_id, "861254119619698760");
  EXPECT_EQ(task.status, TaskStatus::submitted);
  EXPECT_EQ(task.request_id, "r-1");
  ASSERT_EQ(server_.requests().size(), 1u);
  const test::SeenRequest seen = server_.requests()[0];
  EXPECT_EQ(seen.method(), "POST");
  EXPECT_EQ(seen.target(), "/kling/v1/audio/video-to-audio");
  EXPECT_EQ(seen.header("Authorization"), std::string("Bearer ") + kKey);
  EXPECT_EQ(seen.header("Content-Type"), "application/json");
  EXPECT_EQ(seen.body, encode(request()));
}

TEST_F(KlingClient, QueriesByTheEscapedId) {
  server_.add(reply(200, R"({"code":0,"data":{"task_id":"a/b?c","task_status":"processing"}})"));
  EXPECT_EQ(query("a/b?c").status, TaskStatus::processing);
  EXPECT_EQ(server_.requests().at(0).method(), "GET");
  EXPECT_EQ(server_.requests().at(0).target(), "/kling/v1/audio/video-to-audio/a%2Fb%3Fc");
  EXPECT_EQ(server_.requests().at(0).header("Authorization"), std::string("Bearer ") + kKey);
}

TEST_F(KlingClient, DoesNotAskForWhatCanBeNoTask) {
  for (const char* id : {"", ".", "..", "a\nb"}) {
    EXPECT_EQ(failure_of([&] { (void)query(id); }).kind(), ErrorKind::input) << id;
  }
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(KlingClient, AnAnswerMayLeaveTheIdOutOrBeToTheExternalId) {
  server_.add(reply(200, R"({"code":0,"data":{"task_status":"processing"}})"));
  server_.add(reply(200, R"({"code":0,"data":{"task_id":"7","task_status":"processing",)"
                         R"("task_info":{"external_task_id":"klingv2a-42"}}})"));
  EXPECT_EQ(query("5").task_id, "5");
  EXPECT_EQ(query("klingv2a-42").task_id, "7");
}

TEST_F(KlingClient, ATaskThatWasNotAskedForIsNotTaken) {
  server_.add(reply(200, R"({"code":0,"data":{"task_id":"6","task_status":"succeed"}})"));
  const auto error = failure_of<ApiError>([&] { (void)query("5"); });
  EXPECT_EQ(error.kind(), ErrorKind::service);
  EXPECT_EQ(error.details().task_id, "5");
}

TEST_F(KlingClient, ARefusedSubmitSaysWhatTheServiceSaid) {
  server_.add(reply(429, R"({"code":1102,"message":"Resource pack exhausted","request_id":"r-9"})"));
  const auto error = failure_of<ApiError>([&] { (void)submit(); });
  const ErrorDetails& details = error.details();
  EXPECT_EQ(error.action(), Action::fatal);
  EXPECT_EQ(details.kind, ErrorKind::billing);
  EXPECT_EQ(details.phase, Phase::submit);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_FALSE(details.retryable);
  EXPECT_EQ(details.http_status, 429);
  EXPECT_EQ(details.kling_code, "1102");
  EXPECT_EQ(details.request_id, "r-9");
  EXPECT_EQ(details.external_task_id, "klingv2a-42");
  EXPECT_NE(details.message.find("Resource pack exhausted"), std::string::npos);
  EXPECT_FALSE(details.advice.empty());
}

TEST_F(KlingClient, ALimitMayBeTriedAgainAfterRetryAfter) {
  server_.add(reply(429, R"({"code":1303,"message":"parallel task over"})", "Retry-After: 7\r\n"));
  const auto error = failure_of<ApiError>([&] { (void)submit(); });
  EXPECT_EQ(error.action(), Action::resubmit);
  EXPECT_EQ(error.details().paid, Paid::no);
  EXPECT_TRUE(error.details().retryable);
  EXPECT_EQ(error.details().retry_after_s, 7);
}

TEST_F(KlingClient, RetryAfterAsADateIsReadOnTheInjectedClock) {
  clock_.set_wall_start(Seconds(784111777) - clock_.now());  // Sun, 06 Nov 1994 08:49:37 GMT
  server_.add(reply(429, R"({"code":1303})", "Retry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n"));
  EXPECT_EQ(failure_of<ApiError>([&] { (void)submit(); }).details().retry_after_s, 30);
}

TEST_F(KlingClient, AServerErrorOnSubmitMayHaveMadeATask) {
  for (const int status : {500, 502, 503, 504, 524}) {
    server_.add(reply(status, "<html>oops"));
    const auto error = failure_of<ApiError>([&] { (void)submit(); });
    EXPECT_EQ(error.action(), Action::ambiguous);
    EXPECT_EQ(error.details().paid, Paid::maybe);
    EXPECT_FALSE(error.details().retryable);
  }
  EXPECT_EQ(server_.posts(), 5);
}

TEST_F(KlingClient, AServerErrorOnAQueryIsRetryable) {
  server_.add(reply(503, R"({"code":5001,"message":"later"})"));
  const auto error = failure_of<ApiError>([&] { (void)query("5"); });
  EXPECT_EQ(error.action(), Action::retry);
  EXPECT_TRUE(error.details().retryable);
  EXPECT_EQ(error.details().phase, Phase::poll);
  EXPECT_EQ(error.details().paid, Paid::yes);
  EXPECT_EQ(error.details().task_id, "5");
}

TEST_F(KlingClient, ARedirectIsRefusedAndTheKeyStaysHere) {
  RawServer elsewhere;
  for (const int status : {301, 302, 303, 307, 308}) {
    server_.add(reply(status, "", "Location: " + elsewhere.url("/steal") + "\r\n"));
    EXPECT_EQ(failure_of<ApiError>([&] { (void)submit(); }).kind(), ErrorKind::settings);
    server_.add(reply(status, "", "Location: " + elsewhere.url("/steal") + "\r\n"));
    EXPECT_EQ(failure_of<ApiError>([&] { (void)query("5"); }).action(), Action::retry);
  }
  EXPECT_EQ(elsewhere.connections(), 0);
  EXPECT_EQ(server_.posts(), 5);
}

TEST_F(KlingClient, ASuccessWithoutATaskIsAnUnknownOutcome) {
  for (const char* body : {"", "<html>Welcome</html>", "{}", R"({"code":0})", R"({"code":0,"data":null})",
                           R"({"code":0,"data":{}})", R"({"code":0,"data":{"task_id":null}})",
                           R"({"code":0,"data":{"task_id":""}})", R"({"code":0,"data":{"task_id":8.6e17}})",
                           R"({"code":0,"data":{"task_id":"86125)", R"({"code":4711,"message":"new"})"}) {
    server_.add(reply(200, body));
    const Error error = failure_of([&] { (void)submit(); });
    EXPECT_EQ(error.kind(), ErrorKind::unknown_outcome) << body;
    EXPECT_EQ(error.details().paid, Paid::maybe) << body;
    EXPECT_EQ(error.details().phase, Phase::submit) << body;
    EXPECT_EQ(error.details().external_task_id, "klingv2a-42") << body;
    EXPECT_FALSE(error.details().retryable) << body;
  }
}

// However it came: the task is paid for.
TEST_F(KlingClient, ATaskIdThatCanBeReadIsNeverLost) {
  const std::string whole(kAccepted);
  const std::string utf16 = [&] {
    std::string text = "\xff\xfe";
    for (const char c : whole) text += {c, '\0'};
    return text;
  }();
  const std::vector<test::Answer> answers{
      reply(200, test::packed(whole), "Content-Encoding: gzip\r\n"),
      reply(200, test::packed(whole, G_ZLIB_COMPRESSOR_FORMAT_ZLIB), "Content-Encoding: deflate\r\n"),
      reply(200, test::packed(whole)),
      reply(200, utf16),
      reply(200, "\xef\xbb\xbf" + whole),
      reply(200, "<br />\n<b>Warning</b>: {$x} is not set<br />\n" + whole),
      reply(200, whole + std::string(20, '\0')),
      reply(200, whole.substr(0, whole.size() - 25)),
      test::half_reply(200, whole, whole.size() - 5),
      {.what = test::Answer::Do::reset, .bytes = "HTTP/1.1 200 OK\r\n\r\n" + whole},
      {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + whole, .close = true},
      reply(200, whole + std::string(2'000'000, ' ')),
      reply(202, R"({"code":"0","data":[{"task_id":"861254119619698760"}]})"),
      reply(200, R"({"code":200,"data":{"task_id":861254119619698760}})"),
      reply(200, R"({"code":"success","data":"861254119619698760"})"),
      reply(200, R"({"code":0,"data":{"task_id":"861254119619698760"},"data":null})"),
      reply(500, R"({"code":0,"message":"SUCCEED","data":{"task_id":"861254119619698760"}})"),
      reply(200,
            R"({"code":0,"message":"caf)"
            "\xe9"
            R"(","data":{"task_id":"861254119619698760"}})",
            "Content-Type: application/json; charset=iso-8859-1\r\n"),
  };
  for (std::size_t i = 0; i < answers.size(); ++i) {
    server_.add(answers[i]);
    const Task task = submit();
    EXPECT_EQ(task.task_id, "861254119619698760") << i;
    EXPECT_EQ(task.status, TaskStatus::submitted) << i;
  }
  EXPECT_EQ(server_.posts(), static_cast<int>(answers.size()));
}

TEST_F(KlingClient, WhatIsReadFromAWreckIsSaid) {
  server_.add(
      reply(200, R"({"code":0,"data":{"task_id":"861254119619698760","url":"https://s.example/v?sig=signed-secret)"));
  const Task task = submit();
  EXPECT_NE(task.oddity.find("not as it should be"), std::string::npos) << task.oddity;
  expect_no_secret(task.oddity);
  server_.add(reply(200, kAccepted));
  EXPECT_EQ(submit().oddity, "");
}

TEST_F(KlingClient, ARefusalNamesNoTask) {
  for (const char* body : {R"({"code":1303,"data":{"task_id":"861254119619698760"}})",
                           R"({"code":4711,"data":{"task_id":"861254119619698760"}})",
                           R"({"code":4711,"data":{"task_id":"861254119619698760")",
                           R"({"error":{"message":"no"},"task_id":"861254119619698760"})",
                           R"({"success":false,"data":{"task_id":"861254119619698760"}})"}) {
    server_.add(reply(200, body));
    EXPECT_EQ(failure_of([&] { (void)submit(); }).details().task_id, "") << body;
  }
  server_.add(reply(400, R"({"code":1201,"data":{"task_id":"861254119619698760"}})"));
  EXPECT_EQ(failure_of([&] { (void)submit(); }).details().paid, Paid::no);
  server_.add(test::half_reply(200, R"({"code":1303,"task_id":"861254119619698760","message":"busy"})", 50));
  EXPECT_EQ(failure_of([&] { (void)submit(); }).details().paid, Paid::maybe);
}

TEST_F(KlingClient, AnAnswerInAnotherCodingIsNamed) {
  server_.add(reply(200, "\x1b\x0f", "Content-Encoding: br\r\n"));
  const Error error = failure_of([&] { (void)submit(); });
  EXPECT_EQ(error.kind(), ErrorKind::unknown_outcome);
  EXPECT_NE(std::string(error.what()).find("'br'"), std::string::npos) << error.what();
}

// A firewall, a portal or a proxy knows nothing of the task.
TEST_F(KlingClient, AStrangersAnswerToAQueryIsTroubleThatPasses) {
  for (const int status : {200, 301, 302, 400, 401, 402, 403, 404, 405, 407, 410, 418, 451, 511, 503}) {
    for (const char* body : {"<html><title>Just a moment...</title></html>", R"({"message":"Forbidden"})", ""}) {
      server_.add(reply(status, body));
      const auto error = failure_of<ApiError>([&] { (void)query("5"); });
      EXPECT_EQ(error.action(), Action::retry) << status << body;
      EXPECT_EQ(error.kind(), ErrorKind::service) << status << body;
      EXPECT_EQ(error.details().paid, Paid::yes);
      EXPECT_TRUE(error.details().retryable);
    }
  }
  server_.add(reply(403, R"({"error":{"message":"no","type":"comet_api_error","code":""}})"));
  EXPECT_EQ(failure_of<ApiError>([&] { (void)query("5"); }).action(), Action::fatal);
  server_.add(reply(404, R"({"code":1203,"message":"no such task"})"));
  EXPECT_EQ(failure_of<ApiError>([&] { (void)query("5"); }).action(), Action::retry_briefly);
}

TEST_F(KlingClient, ADocumentedErrorInASuccessIsThatError) {
  server_.add(reply(200, R"({"code":1102,"message":"used up"})"));
  const auto error = failure_of<ApiError>([&] { (void)submit(); });
  EXPECT_EQ(error.kind(), ErrorKind::billing);
  EXPECT_EQ(error.details().paid, Paid::no);
}

TEST_F(KlingClient, NonsenseOnAQueryIsRetryable) {
  for (const char* body : {"", "<html>", R"({"code":0,"data":null})", R"({"code":0,"data":{"task_id":"5"}})"}) {
    server_.add(reply(200, body));
    const auto error = failure_of<ApiError>([&] { (void)query("5"); });
    EXPECT_EQ(error.kind(), ErrorKind::service) << body;
    EXPECT_TRUE(error.details().retryable) << body;
    EXPECT_EQ(error.details().http_status, 200) << body;
  }
}

TEST_F(KlingClient, ABrokenSubmitSaysThatATaskMayExist) {
  server_.add(test::reset());
  const auto error = failure_of<http::TransportError>([&] { (void)submit(); });
  EXPECT_EQ(error.sent(), http::Sent::maybe);
  EXPECT_EQ(error.details().paid, Paid::maybe);
  EXPECT_EQ(error.details().external_task_id, "klingv2a-42");
  EXPECT_FALSE(error.details().retryable);
  EXPECT_EQ(server_.posts(), 1);
}

TEST_F(KlingClient, ASubmitThatDidNotLeaveCostsNothing) {
  Client client(http_, {.base_url = "http://127.0.0.1:" + std::to_string(test::closed_port()), .api_key = kKey},
                clock_);
  const auto error = failure_of<http::TransportError>([&] { (void)client.submit(request()); });
  EXPECT_EQ(error.sent(), http::Sent::nothing);
  EXPECT_EQ(error.details().paid, Paid::no);
}

TEST_F(KlingClient, ABrokenQueryIsRetryableAndNamesTheTask) {
  server_.set_default(test::half_reply(200, kAccepted, 20));
  const auto error = failure_of<http::TransportError>([&] { (void)query("5"); });
  EXPECT_TRUE(error.details().retryable);
  EXPECT_EQ(error.details().task_id, "5");
  EXPECT_EQ(error.details().paid, Paid::yes);
}

TEST_F(KlingClient, AnAnswerAboveOneMebibyteIsRefused) {
  server_.add(reply(200, R"({"code":0,"message":")" + std::string(1024 * 1024, 'x') + "\"}"));
  EXPECT_EQ(failure_of([&] { (void)query("5"); }).kind(), ErrorKind::result);
}

// --- secrets -------------------------------------------------------------------------------------------------------

TEST_F(KlingClient, WhatTheServiceRepeatsOfTheRequestIsNotShown) {
  const std::string echo =
      std::string("bad key ") + kKey + " for " + request().video_url + " and " + request().callback_url;
  const std::vector<std::string> bodies{
      R"({"code":1200,"message":")" + echo + "\"}",
      R"({"error":{"message":")" + echo + R"(","code":")" + kKey + "\"}}",
      "<html>" + echo,
      // The excerpt ends in the middle of the key.
      std::string(190, 'x') + kKey,
  };
  for (const std::string& body : bodies) {
    for (const int status : {200, 400, 401, 500}) {
      server_.add(reply(status, body, std::string("X-Echo: ") + kKey + "\r\n"));
      (void)failure_of([&] { (void)submit(); });
      server_.add(reply(status, std::string("bad key ") + kKey));
      (void)failure_of([&] { (void)query("5"); });
    }
  }
}

// A query does not know what was submitted, so of URLs only the host is shown.
TEST_F(KlingClient, AFailedTasksReasonNamesNoSignature) {
  const std::string reason = "cannot fetch " + request().video_url + " for " + request().callback_url;
  server_.set_default(
      reply(200, R"({"code":0,"data":{"task_id":"5","task_status":"failed","task_status_msg":")" + reason + "\"}}"));
  for (const std::string& text : {query("5").status_message, submit().status_message}) {
    expect_no_secret(text);
    EXPECT_NE(text.find("cannot fetch https://store.example"), std::string::npos) << text;
  }
}

TEST_F(KlingClient, AQuerysErrorRepeatsNoUrl) {
  const std::string echo = request().video_url + " and " + request().callback_url;
  for (const std::string& body : {R"({"code":1200,"message":"bad )" + echo + "\"}", "<html>" + echo, echo}) {
    for (const int status : {200, 400, 500}) {
      server_.add(reply(status, body));
      (void)failure_of([&] { (void)query("5"); });
    }
  }
}

// What was logged on every domain and level, also what only G_MESSAGES_DEBUG=all shows.
std::string& captured_log() {
  static std::string log;
  return log;
}

GLogWriterOutput capture(GLogLevelFlags, const GLogField* fields, gsize count, gpointer) {
  for (gsize i = 0; i < count; ++i) {
    if (fields[i].length < 0) captured_log() += std::string(static_cast<const char*>(fields[i].value)) + "\n";
  }
  return G_LOG_WRITER_HANDLED;
}

TEST_F(KlingClient, NoSecretIsLogged) {
  g_log_set_writer_func(capture, nullptr, nullptr);
  ASSERT_TRUE(g_setenv("G_MESSAGES_DEBUG", "all", TRUE));
  server_.add(reply(200, kAccepted));
  (void)submit();
  server_.add(reply(401, std::string(R"({"code":1002,"message":")") + kKey + "\"}"));
  (void)failure_of([&] { (void)submit(); });
  server_.add(test::reset());
  (void)failure_of([&] { (void)submit(); });
  http::Request download;
  download.url = server_.url("/a.wav?X-Signature=signed-secret");
  server_.add(reply(200, "x"));
  (void)http_.send(download);
  EXPECT_NE(captured_log().find("/kling/v1/audio/video-to-audio"), std::string::npos) << "nothing was captured";
  EXPECT_NE(captured_log().find("/a.wav"), std::string::npos) << captured_log();
  expect_no_secret(captured_log());
}

// --- settings ------------------------------------------------------------------------------------------------------

ErrorDetails refusal_of(const Service& service) {
  try {
    validate(service);
  } catch (const Error& error) {
    return error.details();
  }
  ADD_FAILURE() << service.base_url << " was not refused";
  return {};
}

TEST(ValidateService, TakesAbsoluteHttpUrls) {
  for (const char* url : {"https://api.cometapi.com/kling", "https://api.cometapi.com/kling/", "http://127.0.0.1:8080",
                          "http://[::1]:80/x/", "https://api-singapore.klingai.com"}) {
    EXPECT_NO_THROW(validate(Service{.base_url = url, .api_key = kKey})) << url;
  }
}

TEST(ValidateService, RefusesOtherBaseUrls) {
  for (const char* url :
       {"", "api.cometapi.com", "/kling", "ftp://h/", "file:///x", "https://", "https://h/k?x=hunter2", "https://h/k#f",
        "https://me:hunter2@h/k", "https://me@h/", "https://h/a b", "https://h/\n"}) {
    const ErrorDetails details = refusal_of({.base_url = url, .api_key = kKey});
    EXPECT_EQ(details.kind, ErrorKind::settings) << url;
    EXPECT_NE(details.message.find("base-url"), std::string::npos) << url;
    EXPECT_EQ(details.message.find("hunter2"), std::string::npos) << details.message;
  }
}

TEST(ValidateService, WantsAKeyThatCanBeSent) {
  for (const char* key : {"", " ", "sk secret", "sk-secret\n", "sk-sécret", "\"sk-\x01secret\""}) {
    const ErrorDetails details = refusal_of({.api_key = key});
    EXPECT_EQ(details.kind, ErrorKind::credentials) << key;
    EXPECT_EQ(details.message.find("secret"), std::string::npos) << details.message;
    EXPECT_FALSE(details.advice.empty());
  }
}

}  // namespace
}  // namespace klingv2a::kling
