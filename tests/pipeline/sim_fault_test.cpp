// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Each misbehaviour of the simulated service does on the wire what it says, and is paid for only when it says so.
#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

#include "klingv2a-sim/faults.h"
#include "sim_fixture.h"

namespace klingv2a::test {
namespace {

using On = sim::Fault::On;
using Do = sim::Fault::Do;

constexpr const char* kBody = R"({"video_id":"sim-3s"})";

class SimFault : public SimFixture {
 protected:
  void SetUp() override { run(quick()); }

  HttpReply submit_under(sim::Fault fault) {
    fault.on = On::submit;
    sim_->add_fault(fault);
    return post(kBody);
  }
  HttpReply query_under(sim::Fault fault) {
    const std::string id = submit(R"("video_id":"sim-3s")");
    EXPECT_TRUE(ends_as("succeed"));
    fault.on = On::query;
    sim_->add_fault(fault);
    return get(id);
  }
  HttpReply result_under(sim::Fault fault) {
    fault.on = On::result;
    wav_url_ = json_at(succeeded(submit(R"("video_id":"sim-3s")")), "$.data.task_result.audios[0].url_wav");
    sim_->add_fault(fault);
    return get_result(wav_url_);
  }
  [[nodiscard]] std::size_t paid() const { return sim_->paid_tasks().size(); }

  std::string wav_url_;
};

TEST_F(SimFault, StatusAnswersWithTheRawBodyAndRetryAfter) {
  const HttpReply answer =
      submit_under({.what = Do::status, .http_status = 524, .body = "error code: 524", .retry_after = "7"});
  EXPECT_EQ(answer.status, 524);
  EXPECT_EQ(answer.body, "error code: 524");
  EXPECT_EQ(answer.header("Retry-After"), "7");
  EXPECT_EQ(paid(), 0U);
}

TEST_F(SimFault, ASubmitThatMisbehavesMakesATaskOnlyWhenPaid) {
  for (const Do what : {Do::status, Do::error_code, Do::reset, Do::half_answer, Do::cut, Do::html, Do::redirect}) {
    run(quick());
    (void)submit_under({.what = what, .code = "5000"});
    EXPECT_EQ(paid(), 0U) << static_cast<int>(what);
    (void)submit_under({.what = what, .code = "5000", .paid = true});
    EXPECT_EQ(paid(), 1U) << static_cast<int>(what);
    EXPECT_TRUE(ends_as("succeed"));
  }
}

struct CodeRow {
  const char* code;
  int http_status;
};

TEST_F(SimFault, ErrorCodesComeWithTheirStatusInBothDialects) {
  const std::vector<CodeRow> rows = {{"1000", 401}, {"1003", 401}, {"1100", 429}, {"1102", 429}, {"1103", 403},
                                     {"1201", 400}, {"1203", 404}, {"1301", 400}, {"1302", 429}, {"1303", 429},
                                     {"1304", 429}, {"5000", 500}, {"5001", 503}, {"5002", 504}};
  for (const bool kling : {false, true}) {
    run(kling ? quick_kling() : quick());
    for (const CodeRow& row : rows) {
      const HttpReply answer = submit_under({.what = Do::error_code, .code = row.code});
      EXPECT_EQ(answer.status, row.http_status) << row.code;
      const std::string code = json_at(answer.body, kling ? "$.code" : "$.error.code");
      EXPECT_EQ(code, row.http_status == 401 && !kling ? "" : row.code);
      EXPECT_NE(json_at(answer.body, kling ? "$.message" : "$.error.message"), "");
    }
  }
  run(quick());
  EXPECT_EQ(submit_under({.what = Do::error_code, .code = "insufficient_user_quota"}).status, 403);
  EXPECT_EQ(submit_under({.what = Do::error_code, .code = "invalid_request"}).status, 500);
}

TEST_F(SimFault, ResetEndsTheConnectionByRst) {
  const HttpReply answer = submit_under({.what = Do::reset});
  EXPECT_EQ(answer.status, 0);
  EXPECT_TRUE(answer.reset);
  EXPECT_EQ(sim_->requests().back().status, 0);
  EXPECT_TRUE(query_under({.what = Do::reset}).reset);
  EXPECT_TRUE(result_under({.what = Do::reset}).reset);
}

TEST_F(SimFault, HangSaysNothingUntilTheServiceGoes) {
  sim_->add_fault({.on = On::submit, .what = Do::hang, .paid = true});
  auto answer = std::async(std::launch::async, [this] { return post(kBody); });
  ASSERT_TRUE(sim_->wait_until([](const sim::Service& sim) { return sim.count("POST", "/kling/") == 1; }, kDeadline));
  EXPECT_EQ(paid(), 1U);
  EXPECT_EQ(sim_->requests().back().status, 0);
  // Others are served meanwhile.
  EXPECT_EQ(get("1").status, 404);
  EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  sim_.reset();
  EXPECT_EQ(answer.get().status, 0);
}

TEST_F(SimFault, HalfAnAnswerIsAnnouncedWhole) {
  for (const HttpReply& answer : {submit_under({.what = Do::half_answer}), query_under({.what = Do::half_answer}),
                                  result_under({.what = Do::half_answer})}) {
    EXPECT_EQ(std::to_string(answer.body.size() * 2 + (std::stoul(answer.header("Content-Length")) & 1U)),
              answer.header("Content-Length"));
    EXPECT_FALSE(answer.reset);
  }
}

TEST_F(SimFault, HtmlIsAPageWithStatus200) {
  const HttpReply answer = query_under({.what = Do::html});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type").substr(0, 9), "text/html");
}

TEST_F(SimFault, RedirectLeadsElsewhereOrToALocation) {
  HttpReply answer = submit_under({.what = Do::redirect});
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(answer.header("Location"), sim_->base_url().substr(0, sim_->base_url().rfind("/kling")) + "/elsewhere");
  answer = result_under({.what = Do::redirect, .location = "http://127.0.0.1:1/x"});
  EXPECT_EQ(answer.header("Location"), "http://127.0.0.1:1/x");
}

TEST_F(SimFault, CorruptResultsHaveTheRightLengthAndNothingElse) {
  const HttpReply bad = result_under({.what = Do::corrupt});
  const HttpReply good = get_result(wav_url_);
  EXPECT_EQ(bad.status, 200);
  EXPECT_EQ(bad.body.size(), good.body.size());
  EXPECT_NE(bad.body.substr(0, 4), "RIFF");
}

TEST_F(SimFault, ATruncatedResultIsAWholeAnswerThatEndsInTheMiddle) {
  const HttpReply bad = result_under({.what = Do::truncate});
  const HttpReply good = get_result(wav_url_);
  EXPECT_EQ(bad.status, 200);
  EXPECT_TRUE(bad.is_whole());
  EXPECT_EQ(bad.body, good.body.substr(0, good.body.size() / 2));
}

TEST_F(SimFault, ATaskFailsWithItsMessageOrNone) {
  for (const char* message : {"Failure to pass the risk control system", ""}) {
    const HttpReply answer = submit_under({.what = Do::fail_task, .message = message});
    ASSERT_TRUE(ends_as("failed"));
    const HttpReply query = get(json_at(answer.body, "$.data.task_id"));
    EXPECT_EQ(query.status, 200);
    EXPECT_EQ(json_at(query.body, "$.data.task_status"), "failed");
    EXPECT_EQ(json_at(query.body, "$.data.task_status_msg"), message);
  }
  EXPECT_EQ(paid(), 2U);
}

TEST_F(SimFault, ATaskThatNeverFinishesStaysProcessing) {
  const HttpReply answer = submit_under({.what = Do::never_finish});
  ASSERT_TRUE(ends_as("processing"));
  EXPECT_EQ(json_at(get(json_at(answer.body, "$.data.task_id")).body, "$.data.task_status"), "processing");
}

TEST_F(SimFault, AMissingResultWaitsForTheSuccessAndComesOnTheNextQuery) {
  sim_->set_task_time(std::chrono::hours(1));
  sim_->add_fault({.on = On::query, .what = Do::missing_result});
  const std::string id = submit(R"("video_id":"sim-3s")");
  ASSERT_TRUE(ends_as("processing"));
  EXPECT_EQ(json_at(get(id).body, "$.data.task_status"), "processing");
  sim_->set_task_time(std::chrono::hours(0));
  ASSERT_TRUE(ends_as("succeed"));
  const HttpReply missing = get(id);
  EXPECT_EQ(json_at(missing.body, "$.data.task_status"), "succeed");
  EXPECT_EQ(json_at(missing.body, "$.data.task_result"), "{}");
  EXPECT_NE(json_at(get(id).body, "$.data.task_result"), "{}");
}

TEST_F(SimFault, AnOddStatusIsToldOnce) {
  const HttpReply odd = query_under({.what = Do::odd_status});
  EXPECT_EQ(json_at(odd.body, "$.data.task_status"), "thinking");
  EXPECT_EQ(json_at(get(sim_->paid_tasks().back().task_id).body, "$.data.task_status"), "succeed");
}

TEST_F(SimFault, AFetchThatMisbehavesFailsTheTask) {
  hold({.seconds = 3});
  for (const Do what : {Do::status, Do::reset, Do::corrupt, Do::truncate}) {
    sim_->add_fault({.on = On::fetch, .what = what});
    submit_clip();
    ASSERT_TRUE(ends_as("failed")) << static_cast<int>(what);
    EXPECT_NE(sim_->paid_tasks().back().status_message, "");
  }
  sim_->add_fault({.on = On::fetch, .what = Do::hang});
  submit_clip();
  EXPECT_EQ(sim_->paid_tasks().back().status, "submitted");
}

TEST_F(SimFault, FaultsComeInTheirOrderAndAsOftenAsAsked) {
  sim_->add_fault({.on = On::submit, .what = Do::error_code, .times = 2, .code = "1302"});
  sim_->add_fault({.on = On::query, .what = Do::error_code, .times = -1, .code = "5001"});
  sim_->add_fault({.on = On::submit, .what = Do::error_code, .code = "1303"});
  EXPECT_EQ(json_at(post(kBody).body, "$.error.code"), "1302");
  EXPECT_EQ(post("{}").status, 400) << "a refused submit uses up no fault";
  EXPECT_EQ(json_at(post(kBody).body, "$.error.code"), "1302");
  EXPECT_EQ(json_at(post(kBody).body, "$.error.code"), "1303");
  const std::string id = submit(R"("video_id":"sim-3s")");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(id).status, 503);
  sim_->clear_faults();
  EXPECT_EQ(get(id).status, 200);
}

TEST_F(SimFault, FaultsAreSetOverHttpToo) {
  const std::string faults = sim_->base_url().substr(0, sim_->base_url().rfind("/kling")) + "/sim/faults";
  const std::string fault = R"({"on":"submit","do":"error_code","code":"1102","times":-1,"paid":false})";
  EXPECT_EQ(http_call({"POST", faults, {}, fault}).status, 200);
  EXPECT_EQ(json_at(post(kBody).body, "$.error.code"), "1102");
  EXPECT_EQ(http_call({"DELETE", faults, {}, {}}).status, 200);
  EXPECT_EQ(post(kBody).status, 200);
  for (const char* wrong : {"", "[]", R"({"on":"submit"})", R"({"on":"result","do":"fail_task"})",
                            R"({"on":"submit","do":"reset","times":"x"})", R"({"on":"submit","do":"reset","x":1})"})
    EXPECT_EQ(http_call({"POST", faults, {}, wrong}).status, 400) << wrong;
}

TEST_F(SimFault, AFaultThatCannotHappenIsRefused) {
  EXPECT_THROW(sim_->add_fault({.on = On::query, .what = Do::fail_task}), std::invalid_argument);
  EXPECT_THROW(sim_->add_fault({.on = On::submit, .what = Do::corrupt}), std::invalid_argument);
  EXPECT_THROW(sim_->add_fault({.on = On::submit, .what = Do::error_code}), std::invalid_argument);
  EXPECT_THROW(sim_->add_fault({.on = On::submit, .what = Do::reset, .times = 0}), std::invalid_argument);
}

TEST(SimFaultText, IsReadFieldByField) {
  const sim::Fault fault = sim::parse_fault("query:status,times=-1,http_status=503,retry_after=2,paid=yes,body=a, b=c");
  EXPECT_EQ(fault.on, On::query);
  EXPECT_EQ(fault.what, Do::status);
  EXPECT_EQ(fault.times, -1);
  EXPECT_EQ(fault.http_status, 503);
  EXPECT_EQ(fault.retry_after, "2");
  EXPECT_TRUE(fault.paid);
  EXPECT_EQ(fault.body, "a, b=c");
  EXPECT_EQ(sim::parse_fault("submit:reset").what, Do::reset);
  for (const char* wrong : {"", "submit", "submit:", ":reset", "submit:reset,times", "x:reset", "submit:reset,times=1x",
                            "submit:error_code"})
    EXPECT_THROW((void)sim::parse_fault(wrong), std::invalid_argument) << wrong;
}

}  // namespace
}  // namespace klingv2a::test
