// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The sound of a row is fetched without its clip, whatever state a run has left it in, and nothing is ever submitted.
#include "cycle/fetch.h"

#include <gtest/gtest.h>

#include "fake_clock.h"
#include "journal/journal.h"
#include "private_home.h"
#include "raw_server.h"

namespace klingv2a::cycle {
namespace {

using test::Answer;
using test::reply;

constexpr const char* kTaskId = "861254119619698760";
constexpr const char* kJson = "Content-Type: application/json\r\n";

Answer task_answer(const std::string& status, const std::string& result = "{}") {
  return reply(200,
               R"({"code":0,"message":"SUCCEED","request_id":"r","data":{"task_id":")" + std::string(kTaskId) +
                   R"(","task_status":")" + status + R"(","task_info":{},"task_result":)" + result + "}}",
               kJson);
}

class CycleFetch : public ::testing::Test {
 protected:
  CycleFetch() {
    settings_.service.base_url = api_.url("");
    settings_.service.api_key = "key";
  }

  enum class Left { waiting, prepared, submitted, failed };
  // What a run has left in the journal.
  void leave(Left left) {
    journal::Journal journal(location(), clock_, nullptr);
    const auto claim = journal.claim({.key = "key", .length_ms = 5000}, Seconds(0), [](const std::string&) {});
    row_ = claim->row().id;
    if (left == Left::waiting) return;
    claim->prepare({"external", "{}"}, 5, Seconds(0), [](const std::string&) {});
    if (left == Left::prepared) return;
    claim->accepted(kTaskId);
    if (left == Left::failed) claim->ended(journal::State::failed, "too dark", "task-failed", "");
  }
  [[nodiscard]] journal::Location location() const { return journal::locate("", settings_.service.base_url); }
  [[nodiscard]] journal::State state() { return journal::Journal(location(), clock_, nullptr).rows().front().state; }
  void succeed() {
    const std::string link = results_.url("/s.wav");
    api_.add(task_answer("succeed", R"({"audios":[{"id":"a","url_wav":")" + link + R"("}]})"));
    results_.add(reply(200, "the sound", "Content-Type: audio/x-wav\r\n"));
  }
  CycleResult fetch(FetchWait wait = FetchWait::look_once) {
    return fetch_sound(settings_, row_, wait, clock_, nullptr, observer_);
  }
  ErrorDetails failure(FetchWait wait = FetchWait::look_once) {
    try {
      (void)fetch(wait);
    } catch (const Error& error) {
      return error.details();
    }
    ADD_FAILURE() << "it did not fail";
    return {};
  }

  struct Deaf : CycleObserver {
    void on_phase(Phase) override {}
    void before_submit() override { ADD_FAILURE() << "it would submit"; }
    void on_task(const gateway::Task&) override {}
    void on_waiting(Seconds) override {}
    void on_retry(const Error&, int, Seconds) override {}
  };

  const test::PrivateHome home_;
  test::RawServer api_, results_;
  CycleSettings settings_;
  test::FakeClock clock_;
  Deaf observer_;
  std::int64_t row_ = 0;
};

TEST_F(CycleFetch, TaskThatHasEndedIsDownloadedAndKept) {
  leave(Left::submitted);
  succeed();
  const CycleResult result = fetch();
  EXPECT_EQ(result.task.task_id, kTaskId);
  EXPECT_EQ(result.sound->size(), 9U);
  EXPECT_EQ(result.origin, Origin::resumed);
  EXPECT_EQ(state(), journal::State::downloaded);
  EXPECT_EQ(api_.posts(), 0);
}

TEST_F(CycleFetch, KeptSoundIsFetchedWithoutARequest) {
  leave(Left::submitted);
  succeed();
  (void)fetch();
  const auto before = api_.requests().size();
  EXPECT_EQ(fetch().origin, Origin::kept);
  EXPECT_EQ(api_.requests().size(), before);
}

TEST_F(CycleFetch, RunningTaskIsLookedAtOnce) {
  leave(Left::submitted);
  api_.add(task_answer("processing"));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::still_running);
  EXPECT_EQ(details.paid, Paid::yes);
  EXPECT_EQ(details.task_id, kTaskId);
  EXPECT_EQ(api_.requests().size(), 1U);
  EXPECT_TRUE(clock_.sleeps().empty());
}

TEST_F(CycleFetch, RunningTaskIsWaitedForWhenAsked) {
  leave(Left::submitted);
  api_.add(task_answer("processing"));
  succeed();
  EXPECT_EQ(fetch(FetchWait::until_timeout).sound->size(), 9U);
}

// After 30 days; what is wrong is not the video.
TEST_F(CycleFetch, TaskThatTheServiceNoLongerKnowsIsAResultThatIsLost) {
  leave(Left::submitted);
  api_.set_default(reply(404, R"({"code":1203,"message":"no","request_id":"r"})", kJson));
  for (const FetchWait wait : {FetchWait::look_once, FetchWait::until_timeout}) {
    const ErrorDetails details = failure(wait);
    EXPECT_EQ(details.kind, ErrorKind::result);
    EXPECT_EQ(details.paid, Paid::yes);
    EXPECT_EQ(details.task_id, kTaskId);
    EXPECT_FALSE(details.retryable);
    EXPECT_TRUE(details.message.starts_with("the service no longer knows task " + std::string(kTaskId)))
        << details.message;
    EXPECT_NE(details.advice.find("another take"), std::string::npos) << details.advice;
    EXPECT_NE(details.advice.find("klingv2a tasks forget " + std::string(kTaskId)), std::string::npos)
        << details.advice;
  }
}

TEST_F(CycleFetch, FailedTaskSaysWhyWithoutARequest) {
  leave(Left::failed);
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::task_failed);
  EXPECT_NE(details.message.find("too dark"), std::string::npos);
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(CycleFetch, NothingIsAskedForWhereNoTaskIs) {
  leave(Left::waiting);
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(CycleFetch, TaskThatNobodyKnowsIsLookedUpAndNotSubmitted) {
  leave(Left::prepared);
  api_.set_default(reply(404, R"({"code":1203,"message":"no","request_id":"r"})", kJson));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::unknown_outcome);
  EXPECT_EQ(details.paid, Paid::maybe);
  EXPECT_EQ(api_.posts(), 0);
  EXPECT_EQ(state(), journal::State::prepared);
}

// A run could write down that the task had ended, but not its name.
TEST_F(CycleFetch, TaskWhoseNameIsLostIsLookedUp) {
  leave(Left::prepared);
  const auto connection = open_connection(location(), journal::Durability::crash_of_program, nullptr);
  in_transaction(*connection, [&] { connection->run("UPDATE klingv2a_tasks SET state = 3", {}); });
  api_.add(task_answer("succeed"));
  succeed();
  EXPECT_EQ(fetch().origin, Origin::looked_up);
  EXPECT_EQ(state(), journal::State::downloaded);
}

TEST_F(CycleFetch, RowThatAnotherRunHasIsLeftAlone) {
  leave(Left::submitted);
  journal::Journal journal(location(), clock_, nullptr);
  const auto held = journal.claim_row(row_, Seconds(0), [](const std::string&) {});
  // Its heartbeat knows no fake clock.
  const auto connection = open_connection(location(), journal::Durability::crash_of_program, nullptr);
  clock_.set_on_sleep([&](Seconds) {
    in_transaction(*connection, [&] { connection->run("UPDATE klingv2a_tasks SET beat = beat + 1", {}); });
  });
  EXPECT_EQ(failure().kind, ErrorKind::still_running);
  EXPECT_TRUE(api_.requests().empty());
}

}  // namespace
}  // namespace klingv2a::cycle
