// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What became of a submit: what is asked, and which answers are proof. "Absent" may cost a second payment, so every way
// in which it could be wrong is a case here.
#include "kling/lookup.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "fake_clock.h"
#include "raw_server.h"

namespace klingv2a::kling {
namespace {

using test::Answer;
using test::RawServer;
using test::reply;
using Verdict = LookupResult::Verdict;

constexpr const char* kKey = "sk-very-secret-0123456789";
constexpr const char* kOurs = "klingv2a-42";
constexpr const char* kNotFound = R"({"code":1203,"message":"no such task"})";
// What any answer may repeat of somebody's request.
constexpr const char* kEcho =
    "for https://store.example/v.mp4?X-Signature=signed-secret&a=1 and "
    "https:\\/\\/me.example\\/cb\\/unguessable-segment";

std::string task(const std::string& id, const std::string& external_id) {
  std::string info = external_id.empty() ? "" : R"("external_task_id":")" + external_id + R"(")";
  return R"({"task_id":")" + id + R"(","task_status":"processing","task_info":{)" + info + "}}";
}

Answer one(const std::string& task_text) {
  return reply(200, R"({"code":0,"message":"SUCCEED","data":)" + task_text + "}");
}

// A page of tasks that are not ours, and those given.
Answer page(int count, int first_id, const std::vector<std::string>& further = {}, bool external_ids = true) {
  std::string data;
  for (int i = 0; i < count; ++i) {
    const std::string id = std::to_string(first_id + i);
    data += (data.empty() ? "" : ",") + task(id, external_ids ? "other-" + id : "");
  }
  for (const std::string& text : further) data += (data.empty() ? "" : ",") + text;
  return one("[" + data + "]");
}

class KlingLookup : public testing::Test {
 protected:
  // No request is ever a POST, none leads elsewhere, and the key is sent with each.
  ~KlingLookup() override {
    for (const test::SeenRequest& seen : server_.requests()) {
      EXPECT_EQ(seen.method(), "GET");
      EXPECT_EQ(seen.header("Authorization"), std::string("Bearer ") + kKey);
    }
  }

  LookupResult look() {
    LookupResult result = look_up(client_, kOurs);
    EXPECT_EQ(result.verdict == Verdict::found, result.task.has_value());
    EXPECT_EQ(result.verdict == Verdict::found, result.why.empty());
    expect_no_secret(result.why);
    return result;
  }
  Verdict verdict() { return look().verdict; }
  // The list is asked because the service does not know the task by its external id.
  void not_by_external_id() { server_.add(reply(404, kNotFound)); }
  ErrorDetails failure(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      expect_no_secret(error.what() + describe(error.details()));
      return error.details();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
  }
  static void expect_no_secret(const std::string& text) {
    for (const char* secret : {kKey, "signed-secret", "unguessable-segment"}) {
      EXPECT_EQ(text.find(secret), std::string::npos) << text;
    }
  }
  std::vector<std::string> targets() const {
    std::vector<std::string> targets;
    for (const test::SeenRequest& seen : server_.requests()) targets.push_back(seen.target());
    return targets;
  }
  using Targets = std::vector<std::string>;

  RawServer server_;
  test::FakeClock clock_;
  GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  http::Client http_{cancel_};
  Client client_{
      http_, {.base_url = server_.url(""), .api_key = kKey, .timeouts = {Seconds(5), Seconds(5), Seconds(10)}}, clock_};
};

// ---- by external id

TEST_F(KlingLookup, FindsTheTaskByItsExternalId) {
  server_.add(one(task("7", kOurs)));
  const LookupResult result = look();
  ASSERT_EQ(result.verdict, Verdict::found);
  EXPECT_EQ(result.task->task_id, "7");
  EXPECT_EQ(result.task->status, TaskStatus::processing);
  EXPECT_EQ(targets(), (Targets{"/v1/audio/video-to-audio/klingv2a-42"}));
}

TEST_F(KlingLookup, AnAnswerNeedNotRepeatTheExternalId) {
  server_.add(one(task("7", "")));
  const LookupResult result = look();
  ASSERT_EQ(result.verdict, Verdict::found);
  EXPECT_EQ(result.task->task_id, "7");
  EXPECT_EQ(result.task->external_task_id, kOurs);
}

TEST_F(KlingLookup, AnotherTaskIsNotOurs) {
  server_.add(one(task("7", "klingv2a-43")));
  server_.add(page(0, 1));
  EXPECT_EQ(verdict(), Verdict::absent);
}

TEST_F(KlingLookup, ATaskWithoutATaskIdIsNone) {
  server_.add(one(R"({"task_status":"processing","task_info":{"external_task_id":"klingv2a-42"}})"));
  server_.add(page(0, 1));
  EXPECT_EQ(verdict(), Verdict::absent);
}

TEST_F(KlingLookup, WhateverIsNoTaskLeadsToTheList) {
  const std::vector<Answer> answers{
      reply(404, kNotFound),
      reply(404, "<html>nothing here</html>"),
      reply(400, R"({"code":"task_not_exist","message":"task_not_exist","data":null})"),
      reply(400, R"({"code":1201,"message":"bad id"})"),
      reply(500, R"({"error":{"message":"bad","type":"comet_api_error","code":"invalid_request"}})"),
      reply(403, R"({"code":1103,"message":"no"})"),
      reply(405, ""),
      reply(302, "", "Location: /login\r\n"),
      reply(200, "<html>Welcome</html>"),
      reply(200, R"({"code":0,"data":null})"),
      reply(200, R"({"code":0,"data":{}})"),
      reply(200, R"({"code":0,"data":[]})"),
      reply(200, ""),
  };
  for (const Answer& answer : answers) {
    SCOPED_TRACE(answer.bytes);
    server_.add(answer);
    server_.add(page(2, 1, {task("7", kOurs)}));
    const LookupResult result = look();
    ASSERT_EQ(result.verdict, Verdict::found);
    EXPECT_EQ(result.task->task_id, "7");
  }
}

// ---- the list

TEST_F(KlingLookup, ReadsAllPagesUntilAnEmptyOne) {
  not_by_external_id();
  server_.add(page(500, 1));
  server_.add(page(500, 501));
  server_.add(page(3, 1001));
  server_.add(page(0, 0));
  const LookupResult result = look();
  EXPECT_EQ(result.verdict, Verdict::absent);
  EXPECT_NE(result.why.find("1003"), std::string::npos) << result.why;
  const std::string list = "/v1/audio/video-to-audio?pageNum=";
  EXPECT_EQ(targets(), (Targets{"/v1/audio/video-to-audio/klingv2a-42", list + "1&pageSize=500",
                                list + "2&pageSize=500", list + "3&pageSize=500", list + "4&pageSize=500"}));
}

TEST_F(KlingLookup, StopsWhereTheTaskIs) {
  not_by_external_id();
  server_.add(page(500, 1));
  server_.add(page(1, 501, {task("7", kOurs)}));
  EXPECT_EQ(look().task->task_id, "7");
  EXPECT_EQ(server_.requests().size(), 3u);
}

// A service may have its own idea of how long a page is.
TEST_F(KlingLookup, APageThatIsNotFullIsNotTheLast) {
  not_by_external_id();
  server_.add(page(100, 1));
  server_.add(page(100, 101, {task("7", kOurs)}));
  EXPECT_EQ(verdict(), Verdict::found);
}

TEST_F(KlingLookup, AnEmptyListIsProof) {
  not_by_external_id();
  server_.add(page(0, 1));
  EXPECT_EQ(verdict(), Verdict::absent);
}

TEST_F(KlingLookup, TheListMayLieWithinTheData) {
  for (const char* name : {"list", "tasks"}) {
    not_by_external_id();
    server_.add(one(std::string("{\"") + name + "\":[" + task("7", kOurs) + "]}"));
    EXPECT_EQ(verdict(), Verdict::found) << name;
    not_by_external_id();
    server_.add(one(std::string("{\"") + name + "\":[]}"));
    EXPECT_EQ(verdict(), Verdict::absent) << name;
  }
}

TEST_F(KlingLookup, AListWithoutACodeMayShowTheTask) {
  not_by_external_id();
  server_.add(reply(200, R"({"code":"success","data":[)" + task("7", kOurs) + "]}"));
  EXPECT_EQ(verdict(), Verdict::found);
}

TEST_F(KlingLookup, WhatIsNoListProvesNothing) {
  const std::vector<Answer> answers{
      reply(404, kNotFound),
      reply(404, "<html>"),
      reply(405, ""),
      reply(403, R"({"error":{"message":"no","type":"comet_api_error"}})"),
      reply(400, R"({"code":1200,"message":"no"})"),
      reply(301, "", "Location: /\r\n"),
      reply(200, "<html>Welcome</html>"),
      reply(200, ""),
      reply(200, "[]"),
      reply(200, R"({"code":"success","data":[]})"),
      one("null"),
      one("{}"),
      one(R"("none")"),
      one("[null]"),
      one("[{}]"),
      one(R"([{"task_status":"processing"}])"),
      one("[" + task("7", "") + ",5]"),
      one(R"({"list":null})"),
      one(task("8", "other")),
  };
  for (const Answer& answer : answers) {
    SCOPED_TRACE(answer.bytes);
    not_by_external_id();
    server_.add(answer);
    EXPECT_EQ(verdict(), Verdict::unknown);
  }
}

TEST_F(KlingLookup, AListWithoutExternalIdsProvesNothing) {
  not_by_external_id();
  server_.add(page(3, 1, {}, false));
  server_.add(page(0, 1));
  EXPECT_EQ(verdict(), Verdict::unknown);
}

TEST_F(KlingLookup, AListWithSomeExternalIdsIsProof) {
  not_by_external_id();
  server_.add(page(3, 1, {task("9", "")}));
  server_.add(page(0, 1));
  EXPECT_EQ(verdict(), Verdict::absent);
}

TEST_F(KlingLookup, AListThatIsNotPagedProvesNothing) {
  not_by_external_id();
  server_.set_default(page(500, 1));
  EXPECT_EQ(verdict(), Verdict::unknown);
  EXPECT_EQ(server_.requests().size(), 3u);
}

TEST_F(KlingLookup, AListThatBreaksOffProvesNothing) {
  not_by_external_id();
  server_.add(page(500, 1));
  server_.add(reply(400, R"({"code":1201,"message":"pageNum"})"));
  EXPECT_EQ(verdict(), Verdict::unknown);
}

TEST_F(KlingLookup, AListThatIsTooLargeProvesNothing) {
  not_by_external_id();
  server_.add(one("[\"" + std::string(17 * 1024 * 1024, 'x') + "\"]"));
  EXPECT_EQ(verdict(), Verdict::unknown);
}

TEST_F(KlingLookup, APageOfManyLongLinksIsRead) {
  const std::string link = "https://results.example/" + std::string(3000, 'x');
  std::vector<std::string> tasks;
  for (int i = 0; i < 500; ++i) {
    tasks.push_back(R"({"task_id":")" + std::to_string(i) + R"(","task_status":"succeed","task_info":{)" +
                    R"("external_task_id":"e"},"task_result":{"videos":[{"url":")" + link + "\"}]}}");
  }
  not_by_external_id();
  server_.add(page(0, 1, tasks));
  server_.add(page(0, 1));
  EXPECT_EQ(verdict(), Verdict::absent);
}

// ---- what is thrown

TEST_F(KlingLookup, WhatAskingAgainMayCureIsThrown) {
  const std::vector<Answer> answers{reply(503, R"({"code":5001,"message":"later"})"), reply(502, "<html>"),
                                    reply(429, R"({"code":1302,"message":"slow"})"),
                                    reply(429, "", "Retry-After: 3\r\n"), test::reset()};
  for (const Answer& answer : answers) {
    SCOPED_TRACE(answer.bytes);
    server_.add(answer);
    ErrorDetails details = failure([this] { (void)look(); });
    EXPECT_TRUE(details.retryable);
    EXPECT_EQ(details.paid, Paid::maybe);
    EXPECT_EQ(details.phase, Phase::submit);
    EXPECT_EQ(details.external_task_id, kOurs);
    not_by_external_id();
    server_.add(page(500, 1));
    server_.add(answer);
    details = failure([this] { (void)look(); });
    EXPECT_TRUE(details.retryable);
    EXPECT_EQ(details.paid, Paid::maybe);
  }
}

TEST_F(KlingLookup, RefusedCredentialsAreThrown) {
  for (const char* body : {R"({"code":1000,"message":"no"})", R"({"code":1004,"message":"no"})", ""}) {
    server_.add(reply(401, body));
    ErrorDetails details = failure([this] { (void)look(); });
    EXPECT_EQ(details.kind, ErrorKind::credentials);
    EXPECT_EQ(details.paid, Paid::maybe);
    not_by_external_id();
    server_.add(reply(401, body));
    EXPECT_EQ(failure([this] { (void)look(); }).kind, ErrorKind::credentials);
  }
}

TEST_F(KlingLookup, ACancelIsThrown) {
  not_by_external_id();
  g_cancellable_cancel(cancel_.get());
  EXPECT_EQ(failure([this] { (void)look(); }).kind, ErrorKind::cancelled);
  EXPECT_TRUE(server_.requests().empty());
}

// ---- secrets

TEST_F(KlingLookup, WhatTheServiceRepeatsIsNotShown) {
  const std::string echo = kEcho;
  const std::vector<std::string> bodies{R"({"code":1200,"message":"bad )" + echo + " with " + kKey + "\"}",
                                        "<html>" + echo + kKey, R"({"code":0,"data":[{"video_url":")" + echo + "\"}]}"};
  for (const std::string& body : bodies) {
    for (const int status : {200, 400, 401, 500}) {
      server_.set_default(reply(status, body));
      try {
        expect_no_secret(look().why);
      } catch (const Error& error) {
        expect_no_secret(error.what() + describe(error.details()));
      }
    }
  }
}

TEST_F(KlingLookup, AFailedTasksReasonNamesNoSignature) {
  server_.add(
      one(R"({"task_id":"7","task_status":"failed","task_status_msg":"cannot fetch )" + std::string(kEcho) + "\"}"));
  const LookupResult result = look();
  ASSERT_EQ(result.verdict, Verdict::found);
  expect_no_secret(result.task->status_message);
  EXPECT_NE(result.task->status_message.find("https://store.example"), std::string::npos);
}

}  // namespace
}  // namespace klingv2a::kling
