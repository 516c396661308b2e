// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Answers as gateways, proxies and firewalls give them: packed, spoiled, in other words and shapes. Whole pipelines: no
// task is paid twice, no paid result is lost, and what is odd is reported once, as a WARNING.
#include <gtest/gtest.h>

#include "fault_run.h"

namespace klingv2a::test {
namespace {

using On = sim::Fault::On;
using Do = sim::Fault::Do;

const Expected kSuccess;
constexpr const char* kChallenge = "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>";

FaultRow row(std::string name, sim::Fault fault, Expected expected = kSuccess, std::string properties = {}) {
  return {std::move(name), sim::Provider::cometapi, {std::move(fault)}, std::move(expected), std::move(properties)};
}

Outcome run_with(const sim::Fault& fault, const std::string& properties = {}) {
  sim::Service service(quick_service());
  service.add_fault(fault);
  return run_to_end(fault_pipeline(klingv2a_on(service, "video-id=sim-3s " + properties)),
                    [&service] { return posts(service); });
}

TEST(PackedAnswers, AreReadWhereverTheyCome) {
  std::vector<FaultRow> rows;
  for (const std::string name : {"gzip", "deflate", "raw", "unlabelled"}) {
    rows.push_back(row("submit: " + name, {.on = On::submit, .what = Do::packed, .code = name, .paid = true}));
    rows.push_back(row("query: " + name, {.on = On::query, .what = Do::packed, .times = -1, .code = name}));
    rows.push_back(row("result: " + name, {.on = On::result, .what = Do::packed, .times = -1, .code = name}));
  }
  run_table(rows);
}

TEST(PackedAnswers, InAnotherCodingAreNamedAndNotPaidAgain) {
  const Expected unknown{.kind = "unknown-outcome", .paid = "maybe"};
  run_table({row("submit: br", {.on = On::submit, .what = Do::packed, .code = "br", .paid = true}, unknown),
             row("query: br, then not", {.on = On::query, .what = Do::packed, .times = 2, .code = "br"}),
             row("query: zstd for ever", {.on = On::query, .what = Do::packed, .times = -1, .code = "zstd"},
                 {.kind = "still-running", .paid = "yes"}, "timeout=3"),
             row("result: br for ever", {.on = On::result, .what = Do::packed, .times = -1, .code = "br"},
                 {.kind = "result", .paid = "yes", .code = GST_RESOURCE_ERROR_READ})});
  const auto outcome = run_with({.on = On::submit, .what = Do::packed, .code = "br", .paid = true});
  EXPECT_NE(outcome.error.text.find("'br'"), std::string::npos) << outcome.error.text;
}

TEST(SpoiledAnswers, AreReadAsFarAsTheyCanBe) {
  std::vector<FaultRow> rows;
  for (const char* how : {"utf16", "bom", "warning", "zeros", "cut", "bad_bytes"})
    rows.push_back(
        row(std::string("submit: ") + how, {.on = On::submit, .what = Do::spoiled, .code = how, .paid = true}));
  for (const char* how : {"utf16", "bom", "warning", "zeros", "bad_bytes"})
    rows.push_back(row(std::string("query: ") + how, {.on = On::query, .what = Do::spoiled, .times = -1, .code = how}));
  run_table(rows);
}

TEST(SpoiledAnswers, AreToldOfWhenSomethingIsMissing) {
  const auto outcome = run_with({.on = On::submit, .what = Do::spoiled, .code = "cut", .paid = true});
  expect_outcome("cut", kSuccess, outcome);
  ASSERT_EQ(outcome.warnings.size(), 1U);
  EXPECT_NE(outcome.warnings[0].text.find("task_id could be read"), std::string::npos) << outcome.warnings[0].text;
}

TEST(OddStatuses, OfGatewaysAreUnderstood) {
  std::vector<FaultRow> rows;
  for (const char* word : {"SUCCEED", "SUCCESS", "completed", "TASK_STATUS_SUCCEED", "ripe"})
    rows.push_back(
        row(word, {.on = On::query, .what = Do::odd_status, .times = -1, .message = word}, kSuccess, "timeout=20"));
  run_table(rows);
}

TEST(OddStatuses, ThatNobodyKnowsAreWarnedOfOnce) {
  const auto ripe = run_with({.on = On::query, .what = Do::odd_status, .times = -1, .message = "ripe"});
  expect_outcome("ripe", kSuccess, ripe);
  ASSERT_EQ(ripe.warnings.size(), 1U);
  EXPECT_NE(ripe.warnings[0].text.find("'ripe'"), std::string::npos) << ripe.warnings[0].text;
  const auto thinking = run_with({.on = On::query, .what = Do::odd_status, .times = -1}, "timeout=5");
  expect_outcome("thinking", {.kind = "still-running", .paid = "yes"}, thinking);
  EXPECT_EQ(thinking.warnings.size(), 1U);
  EXPECT_NE(thinking.error.text.find("'thinking'"), std::string::npos) << thinking.error.text;
}

TEST(OddResults, AreTakenWhereTheyAre) {
  for (const char* shape : {"text", "bare_links", "empty_first", "elsewhere", "spaces"}) {
    const auto outcome = run_with({.on = On::query, .what = Do::odd_result, .times = -1, .code = shape});
    expect_outcome(shape, kSuccess, outcome);
    EXPECT_EQ(outcome.sound_form, "wav") << shape;
  }
}

// The service knows the task; a firewall does not.
TEST(Firewalls, AreWaitedOutWhileATaskIsUnderWay) {
  const auto page = [](int status, int times) {
    return sim::Fault{.on = On::query, .what = Do::status, .times = times, .http_status = status, .body = kChallenge};
  };
  std::vector<FaultRow> rows;
  for (const int status : {200, 401, 403, 404, 405, 429, 503})
    rows.push_back(row("twice " + std::to_string(status), page(status, 2)));
  rows.push_back(row("for ever", page(403, -1), {.kind = "still-running", .paid = "yes"}, "timeout=4"));
  rows.push_back(row("a redirect", {.on = On::query, .what = Do::redirect, .times = 2}));
  run_table(rows);
}

TEST(Gateways, WithAFullQueueAreAskedAgain) {
  const auto full = [](std::string words) {
    return sim::Fault{.on = On::submit,
                      .what = Do::status,
                      .http_status = 429,
                      .body = R"({"error":{"message":")" + std::move(words) +
                              R"j( (request id: 2026)","type":"comet_api_error","param":"","code":""}})j"};
  };
  run_table({row("full", full("Upstream load is saturated, please try again later"), {.posts = 2}),
             row("in other words", full("Too many requests"), {.kind = "unknown-outcome", .paid = "maybe"})});
}

TEST(BadBytes, InTheReasonOfAFailedTaskHideNothing) {
  sim::Service service(quick_service());
  service.add_fault({.on = On::submit, .what = Do::fail_task, .message = "Image pixel is invalid"});
  service.add_fault({.on = On::query, .what = Do::spoiled, .times = -1, .code = "bad_bytes"});
  const auto outcome =
      run_to_end(fault_pipeline(klingv2a_on(service, "video-id=sim-3s")), [&service] { return posts(service); });
  expect_outcome("bad bytes", {.kind = "task-failed", .paid = "yes"}, outcome);
  EXPECT_NE(outcome.error.text.find("Image pixel is invalid"), std::string::npos) << outcome.error.text;
}

}  // namespace
}  // namespace klingv2a::test
