// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tasks that fail, never end or succeed without a usable result. All of them are paid, so every way to the sound is
// tried before it is given up, and a silent video is never passed off as a success.
#include <gtest/gtest.h>

#include "fault_run.h"

namespace klingv2a::test {
namespace {

using On = sim::Fault::On;
using Do = sim::Fault::Do;

constexpr int kRead = GST_RESOURCE_ERROR_READ;
const Expected kSuccess{};

FaultRow row(std::string name, std::vector<sim::Fault> faults, Expected expected, std::string properties = {}) {
  return {std::move(name), sim::Provider::cometapi, std::move(faults), std::move(expected), std::move(properties)};
}

TEST(FailedTasks, AreErrorsThatSayWhatTheServiceSaid) {
  const auto failed = [](const std::string& message, Expected expected) {
    return row("failed: " + message, {{.on = On::submit, .what = Do::fail_task, .message = message}},
               std::move(expected));
  };
  run_table({
      failed("Image pixel is invalid", {.kind = "task-failed", .paid = "yes"}),
      failed("", {.kind = "task-failed", .paid = "yes"}),
      failed("Failure to pass the risk control system", {.kind = "content", .paid = "yes"}),
  });
}

TEST(UnfinishedTasks, EndWithTheTimeoutAndAreNamed) {
  run_table({
      row("never finishes", {{.on = On::submit, .what = Do::never_finish}}, {.kind = "still-running", .paid = "yes"},
          "timeout=3"),
      row("unknown status, then done", {{.on = On::query, .what = Do::odd_status, .times = 2}}, kSuccess),
  });
}

TEST(Queries, ThatGoWrongOnTheWireAreRepeated) {
  std::vector<FaultRow> rows;
  for (const auto& [what, name] : {std::pair{Do::reset, "reset"},
                                   {Do::half_answer, "half an answer"},
                                   {Do::html, "a page"},
                                   {Do::hang, "no answer"}})
    rows.push_back(
        row(std::string("query: ") + name, {{.on = On::query, .what = what, .times = 2}}, kSuccess, "idle-timeout=1"));
  rows.push_back(row("query: never an answer", {{.on = On::query, .what = Do::hang, .times = -1}},
                     {.kind = "still-running", .paid = "yes"}, "idle-timeout=1 timeout=4"));
  rows.push_back(row("query: a redirect for ever", {{.on = On::query, .what = Do::redirect, .times = -1}},
                     {.kind = "still-running", .paid = "yes"}, "timeout=4"));
  run_table(rows);
}

TEST(Results, ThatGoWrongForAMomentAreFetchedAgain) {
  std::vector<FaultRow> rows;
  for (const auto& [what, name] : {std::pair{Do::reset, "reset"},
                                   {Do::half_answer, "half an answer"},
                                   {Do::hang, "no answer"},
                                   {Do::html, "a page"}})
    rows.push_back(row(std::string("result: ") + name, {{.on = On::result, .what = what}}, kSuccess, "idle-timeout=1"));
  for (const int status : {403, 404, 429, 500, 503})
    rows.push_back(row("result: HTTP " + std::to_string(status),
                       {{.on = On::result, .what = Do::status, .http_status = status}}, kSuccess));
  rows.push_back(row("result: late", {{.on = On::query, .what = Do::missing_result, .times = 2}}, kSuccess));
  run_table(rows);
}

TEST(Results, ThatCannotBeHadAreAnErrorThatNamesThePaidTask) {
  const Expected result{.kind = "result", .paid = "yes", .code = kRead};
  run_table({
      row("result: always 404", {{.on = On::result, .what = Do::status, .times = -1, .http_status = 404}}, result),
      row("result: always a page", {{.on = On::result, .what = Do::html, .times = -1}}, result),
      row("result: never there", {{.on = On::query, .what = Do::missing_result, .times = -1}}, result),
      row("result: larger than allowed", {}, result, "max-result-bytes=1024"),
  });
}

TEST(Results, ThatAreNoSoundAreAnErrorThatNamesThePaidTask) {
  run_table({row("result: always garbage", {{.on = On::result, .what = Do::corrupt, .times = -1}},
                 {.kind = "result", .paid = "yes", .code = GST_STREAM_ERROR_DECODE, .stream = true})});
}

// What is paid for is not thrown away: a bad WAV may have been damaged on its way, so it is fetched once more. The
// MP3, which does not say where its sound begins, gives way to the video, which does.
TEST(Results, AUselessWavIsFetchedOnceMoreAndThenReplacedByAnExactForm) {
  for (const auto what : {Do::corrupt, Do::truncate})
    for (const int times : {1, 2}) {
      sim::Service service(quick_service());
      service.add_fault({.on = On::result, .what = what, .times = times});
      const auto outcome =
          run_to_end(fault_pipeline(klingv2a_on(service, "video-id=sim-3s")), [&] { return posts(service); });
      expect_outcome(what == Do::corrupt ? "corrupt WAV" : "WAV that ends in the middle", kSuccess, outcome);
      EXPECT_EQ(outcome.sound_form, times == 1 ? "wav" : "video");
      EXPECT_EQ(service.count("GET", "/results/"), times == 1 ? 2 : 4);
    }
}

TEST(Results, WithoutAudiosAreTakenOutOfTheVideo) {
  auto options = quick_service();
  options.sound.audios = false;
  const sim::Service service(options);
  const auto outcome = run_to_end(fault_pipeline(klingv2a_on(service)), [&] { return posts(service); });
  expect_outcome("only videos[]", kSuccess, outcome);
  EXPECT_EQ(outcome.sound_form, "video");
}

}  // namespace
}  // namespace klingv2a::test
