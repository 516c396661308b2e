// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The paid POST is on the wire once, whatever answer it gets: counted by a server that repairs nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "fault_run.h"
#include "raw_server.h"

namespace klingv2a::test {
namespace {

using On = sim::Fault::On;
using Do = sim::Fault::Do;
using Reaction = test::Answer::Do;

const Expected kUnknown{.kind = "unknown-outcome", .paid = "maybe"};

// One POST to a scripted service.
class ScriptedSubmit : public ::testing::Test {
 protected:
  Outcome submit(const Answer& answer, const std::string& properties = {}) {
    service_.set_default(answer);
    return run_to_end(fault_pipeline("klingv2a name=k api-key=sim-key video-id=sim-3s base-url=" +
                                     service_.url("/kling") + " " + properties),
                      [this] { return service_.posts(); });
  }
  RawServer service_;
};

TEST_F(ScriptedSubmit, WithoutAnAnswerIsSentOnce) {
  expect_outcome("silence", kUnknown, submit({.what = Reaction::hang}, "idle-timeout=1"));
}

TEST_F(ScriptedSubmit, WithAResetIsSentOnce) {
  expect_outcome("reset", kUnknown, submit(reset()));
}

TEST_F(ScriptedSubmit, WithAResetBeforeItsBodyIsSentOnce) {
  expect_outcome("reset after the head", kUnknown, submit(reset(Reaction::reset_after_head)));
}

TEST_F(ScriptedSubmit, WithHalfAnAnswerIsSentOnce) {
  const std::string body = R"({"code":0,"message":"SUCCEED","data":{"task_id":"861254119619698760"}})";
  expect_outcome("half an answer", kUnknown, submit(half_reply(200, body, 30)));
}

TEST_F(ScriptedSubmit, WithACloseIsSentOnce) {
  expect_outcome("FIN", kUnknown, submit({.bytes = "", .close = true}));
}

TEST_F(ScriptedSubmit, WithGarbageIsSentOnce) {
  expect_outcome("garbage", kUnknown, submit({.bytes = "no HTTP at all\r\n\r\n", .close = true}));
}

TEST_F(ScriptedSubmit, WithMisdirectedIsSentOnce) {
  expect_outcome("421", {.kind = "service"}, submit(reply(421, "Misdirected")));
}

TEST_F(ScriptedSubmit, WithAChallengeIsSentOnce) {
  expect_outcome("401", {.kind = "credentials", .code = GST_RESOURCE_ERROR_NOT_AUTHORIZED},
                 submit(reply(401, "", "WWW-Authenticate: Basic realm=\"x\"\r\n")));
}

TEST_F(ScriptedSubmit, WithARedirectIsSentOnceAndTheKeyGoesNowhere) {
  RawServer elsewhere;
  for (const int status : {301, 302, 303, 307, 308}) {
    const int before = service_.posts();
    const auto outcome =
        submit(reply(status, "", "Location: " + elsewhere.url("/kling/v1/audio/video-to-audio") + "\r\n"));
    Expected expected{.kind = "settings", .code = GST_RESOURCE_ERROR_SETTINGS};
    // "See the answer elsewhere": then the task may exist.
    if (status == 303) expected = kUnknown;
    expected.posts = before + 1;
    expect_outcome("HTTP " + std::to_string(status), expected, outcome);
  }
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST_F(ScriptedSubmit, OfUnknownOutcomeIsAskedAboutWithGets) {
  expect_outcome("reset", kUnknown, submit(reset(), "external-task-id=look-for-me"));
  const auto requests = service_.requests();
  ASSERT_GE(requests.size(), 2U);
  EXPECT_EQ(requests.front().method(), "POST");
  for (std::size_t i = 1; i < requests.size(); ++i) EXPECT_EQ(requests[i].method(), "GET");
  EXPECT_TRUE(requests[1].target().ends_with("/look-for-me")) << requests[1].target();
}

TEST_F(ScriptedSubmit, OfUnknownOutcomeNamesTheIdToLookFor) {
  const auto outcome = submit(reset(), "external-task-id=look-for-me");
  EXPECT_NE(outcome.error.text.find("look-for-me"), std::string::npos) << outcome.error.text;
  EXPECT_EQ(outcome.error.detail("external-task-id"), "look-for-me");
}

// What can go wrong with the answer to a submit, in one envelope.
std::vector<FaultRow> ambiguous_submits(sim::Provider dialect, bool paid, const Expected& expected) {
  std::vector<FaultRow> rows;
  for (const auto& [what, name] : {std::pair{Do::reset, "reset"},
                                   {Do::half_answer, "half an answer"},
                                   {Do::hang, "no answer"},
                                   {Do::html, "a page"}})
    rows.push_back({std::string(dialect == sim::Provider::kling ? "kling: " : "cometapi: ") + name +
                        (paid ? ", task made" : ", no task"),
                    dialect,
                    {{.on = On::submit, .what = what, .paid = paid}},
                    what == Do::half_answer && paid ? Expected{} : expected,
                    "idle-timeout=1"});
  return rows;
}

TEST(AmbiguousSubmits, AreReportedAndNeverRepeated) {
  auto rows = ambiguous_submits(sim::Provider::kling, false, kUnknown);
  // Whether this service has made a task or not, nobody here can tell the difference.
  for (const bool paid : {false, true})
    std::ranges::move(ambiguous_submits(sim::Provider::cometapi, paid, kUnknown), std::back_inserter(rows));
  run_table(rows);
}

TEST(AmbiguousSubmits, WhoseTaskIsFoundAreNoError) {
  run_table(ambiguous_submits(sim::Provider::kling, true, {.origin = "submitted"}));
}

}  // namespace
}  // namespace klingv2a::test
