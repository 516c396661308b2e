// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Every row of the error table, on submit and on query, in both envelopes: the right GStreamer error, what it cost, and
// how many POSTs were on the wire. Written from the API's description, not from the core's table.
#include <gtest/gtest.h>

#include "fault_run.h"

namespace klingv2a::test {
namespace {

using On = sim::Fault::On;
using Do = sim::Fault::Do;

constexpr int kUnauthorized = GST_RESOURCE_ERROR_NOT_AUTHORIZED;
constexpr int kSettings = GST_RESOURCE_ERROR_SETTINGS;
constexpr int kBusy = GST_RESOURCE_ERROR_BUSY;
constexpr int kFailed = GST_RESOURCE_ERROR_FAILED;

struct Code {
  const char* code;
  const char* kind;
  int on_submit;                    // the code of GST_RESOURCE_ERROR
  int on_query;                     // likewise; -1: the query is repeated
  bool comet = true, kling = true;  // in which envelope it comes
};

const std::vector<Code>& codes() {
  static const std::vector<Code> rows{
      {"1000", "credentials", kUnauthorized, kUnauthorized},
      {"1001", "credentials", kUnauthorized, kUnauthorized},
      {"1002", "credentials", kUnauthorized, kUnauthorized},
      {"1003", "credentials", kUnauthorized, kUnauthorized},
      {"1004", "credentials", kUnauthorized, kUnauthorized},
      {"1100", "permission", kUnauthorized, kUnauthorized},
      {"1101", "billing", kUnauthorized, kUnauthorized},
      {"1102", "billing", kUnauthorized, kUnauthorized},
      {"1103", "permission", kUnauthorized, kUnauthorized},
      {"1200", "input", kSettings, GST_STREAM_ERROR_FORMAT},
      {"1201", "input", kSettings, GST_STREAM_ERROR_FORMAT},
      {"1202", "settings", kSettings, kSettings},
      {"1203", "input", kSettings, -1},
      {"1300", "content", kFailed, kFailed},
      {"1301", "content", kFailed, kFailed},
      {"1304", "permission", kUnauthorized, kUnauthorized},
      {"invalid_request", "input", kSettings, GST_STREAM_ERROR_FORMAT, true, false},
      {"insufficient_user_quota", "billing", kUnauthorized, kUnauthorized, true, false},
      {"model_not_found", "permission", kUnauthorized, kUnauthorized, true, false},
  };
  return rows;
}

std::string name_of(const std::string& code, sim::Provider dialect, const char* what) {
  return code + (dialect == sim::Provider::kling ? " kling " : " cometapi ") + what;
}

sim::Fault error_code(On on, const std::string& code, int times = 1) {
  return {.on = on, .what = Do::error_code, .times = times, .code = code};
}

// Calls `add` for each code in each envelope that it comes in.
template <typename Add>
void for_each_envelope(const Add& add) {
  for (const auto& row : codes()) {
    if (row.comet) add(row, sim::Provider::cometapi);
    if (row.kling) add(row, sim::Provider::kling);
  }
}

TEST(ErrorCodes, OnSubmitCostNothingAndAreNotRepeated) {
  std::vector<FaultRow> rows;
  for_each_envelope([&](const Code& code, sim::Provider dialect) {
    rows.push_back({name_of(code.code, dialect, "on submit"),
                    dialect,
                    {error_code(On::submit, code.code)},
                    {.kind = code.kind, .code = code.on_submit}});
  });
  run_table(rows);
}

TEST(ErrorCodes, OnSubmitFromInsideTheServiceMayHaveBeenPaid) {
  std::vector<FaultRow> rows;
  for (const auto dialect : {sim::Provider::cometapi, sim::Provider::kling})
    for (const char* code : {"5000", "5001", "5002"})
      rows.push_back({name_of(code, dialect, "on submit"),
                      dialect,
                      {error_code(On::submit, code)},
                      {.kind = "unknown-outcome", .paid = "maybe"}});
  run_table(rows);
}

// The task was made all the same: Kling's own service can be asked, CometAPI's not.
TEST(ErrorCodes, OnSubmitFromInsideTheServiceAreLookedInto) {
  std::vector<FaultRow> rows;
  for (const char* code : {"5000", "5001", "5002"})
    for (const auto dialect : {sim::Provider::cometapi, sim::Provider::kling}) {
      auto fault = error_code(On::submit, code);
      fault.paid = true;
      rows.push_back({name_of(code, dialect, "on submit, paid"), dialect, {fault}, {}});
      if (dialect == sim::Provider::cometapi) rows.back().expected = {.kind = "unknown-outcome", .paid = "maybe"};
    }
  run_table(rows);
}

TEST(ErrorCodes, OnSubmitOfABusyServiceAreTriedAgain) {
  std::vector<FaultRow> rows;
  for (const auto dialect : {sim::Provider::cometapi, sim::Provider::kling})
    for (const char* code : {"1302", "1303"}) {
      rows.push_back(
          {name_of(code, dialect, "twice on submit"), dialect, {error_code(On::submit, code, 2)}, {.posts = 3}});
      // Gaps of 1 to 2 s and of 2 to 4 s: the third would come after the time-out.
      rows.push_back({name_of(code, dialect, "until the time-out"),
                      dialect,
                      {error_code(On::submit, code, -1)},
                      {.kind = "busy", .code = kBusy, .posts = 2},
                      "timeout=3"});
    }
  for (auto& row : rows)
    if (row.expected.kind == "busy") row.faults.front().retry_after = "2";
  run_table(rows);
}

TEST(ErrorCodes, OnQueryNameThePaidTask) {
  std::vector<FaultRow> rows;
  for_each_envelope([&](const Code& code, sim::Provider dialect) {
    if (code.on_query < 0) return;
    rows.push_back({name_of(code.code, dialect, "on query"),
                    dialect,
                    {error_code(On::query, code.code, -1)},
                    {.kind = code.kind,
                     .paid = "yes",
                     .code = code.on_query,
                     .stream = code.on_query == GST_STREAM_ERROR_FORMAT && std::string(code.kind) == "input"}});
  });
  run_table(rows);
}

TEST(ErrorCodes, OnQueryThatPassAreWaitedFor) {
  std::vector<FaultRow> rows;
  for (const auto dialect : {sim::Provider::cometapi, sim::Provider::kling})
    for (const char* code : {"1203", "1302", "1303", "5000", "5001", "5002"})
      rows.push_back({name_of(code, dialect, "twice on query"), dialect, {error_code(On::query, code, 2)}, {}});
  run_table(rows);
}

TEST(ErrorCodes, OnQueryThatDoNotPassEndWithTheTimeout) {
  std::vector<FaultRow> rows;
  for (const char* code : {"1302", "5000", "5001", "5002"})
    rows.push_back({name_of(code, sim::Provider::kling, "on every query"),
                    sim::Provider::kling,
                    {error_code(On::query, code, -1)},
                    {.kind = "still-running", .paid = "yes"},
                    "timeout=4"});
  run_table(rows);
}

TEST(ErrorCodes, AnEmptyAnswerBodyOrPageIsJudgedByItsStatus) {
  const auto status = [](int http_status, std::string body, Expected expected) {
    return FaultRow{"HTTP " + std::to_string(http_status) + " " + body.substr(0, 24),
                    sim::Provider::cometapi,
                    {{.on = On::submit, .what = Do::status, .http_status = http_status, .body = std::move(body)}},
                    std::move(expected)};
  };
  const Expected unknown{.kind = "unknown-outcome", .paid = "maybe"};
  run_table({
      status(200, "", unknown),
      status(200, "{}", unknown),
      status(200, "<html>a login page</html>", unknown),
      status(200, R"({"code":0,"message":"SUCCEED","data":{}})", unknown),
      status(200, R"({"code":0,"message":"SUCCEED","data":null})", unknown),
      status(400, "", {.kind = "input", .code = kSettings}),
      status(400, R"({"code":"odd","message":"no","data":null})", {.kind = "input", .code = kSettings}),
      status(401, "", {.kind = "credentials", .code = kUnauthorized}),
      status(402, "", {.kind = "billing", .code = kUnauthorized}),
      status(403, "", {.kind = "permission", .code = kUnauthorized}),
      status(404, "<html>nothing here</html>", {.kind = "settings", .code = kSettings}),
      status(405, "", {.kind = "settings", .code = kSettings}),
      status(408, "", unknown),
      status(413, "", {.kind = "input", .code = kSettings}),
      status(421, "", {.kind = "service"}),
      status(429, "slow down", unknown),
      status(500, "", unknown),
      status(502, "<html>Bad Gateway</html>", unknown),
      status(503, "upstream connect error", unknown),
      status(504, "", unknown),
      status(524, "error code: 524", unknown),
  });
}

TEST(ErrorCodes, AWrongKeyIsRefusedOnTheFirstPost) {
  auto options = quick_service();
  options.keys = {"another-key"};
  const sim::Service service(options);
  const auto outcome =
      run_to_end(fault_pipeline(klingv2a_on(service, "video-id=sim-3s")), [&] { return posts(service); });
  expect_outcome("wrong key", {.kind = "credentials", .code = kUnauthorized}, outcome);
  EXPECT_TRUE(service.paid_tasks().empty());
}

// Requests are signed with Kling's own pair of keys, as its service wants them.
class SignedRequests : public ::testing::Test {
 protected:
  static sim::Options with_key_pair() {
    auto options = quick_service();
    options.dialect = sim::Provider::kling;
    options.keys.clear();
    options.key_pairs = {{"the-access-key", "the-secret-key"}};
    return options;
  }
  Outcome run(const std::string& secret_key = "the-secret-key") {
    return run_to_end(fault_pipeline("klingv2a name=k video-id=sim-3s access-key=the-access-key secret-key=" +
                                     secret_key + " base-url=" + service_.base_url()),
                      [this] { return posts(service_); });
  }
  sim::Service service_{with_key_pair()};
};

TEST_F(SignedRequests, AreTaken) {
  expect_outcome("JWT", {}, run());
}

TEST_F(SignedRequests, WithAnotherSecretAreRefusedOnTheFirstPost) {
  expect_outcome("wrong secret", {.kind = "credentials", .code = kUnauthorized}, run("another-secret-key"));
  EXPECT_EQ(service_.requests().size(), 1U);
}

// The token's time is out, as the service sees it: a fresh one is another chance, but only one.
TEST_F(SignedRequests, AreSignedOnceMoreWhenTheTokensTimeIsRefused) {
  int sent = 0;
  for (const char* code : {"1003", "1004"})
    for (const auto on : {On::submit, On::query}) {
      service_.add_fault(error_code(on, code));
      expect_outcome(name_of(code, sim::Provider::kling, on == On::submit ? "on submit" : "on query"),
                     {.posts = sent + (on == On::submit ? 2 : 1)}, run());
      sent = posts(service_);
    }
  EXPECT_EQ(service_.paid_tasks().size(), 4U);
}

TEST_F(SignedRequests, AreNotSignedAgainAndAgain) {
  service_.add_fault(error_code(On::submit, "1004", -1));
  expect_outcome("1004 on every submit", {.kind = "credentials", .code = kUnauthorized, .posts = 2}, run());
  EXPECT_TRUE(service_.paid_tasks().empty());
}

}  // namespace
}  // namespace klingv2a::test
