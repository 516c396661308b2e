// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Runs of the cycle one after the other over one journal: what a run makes of what an earlier one has left there, who
// is asked, what is paid, and what is said of the money. The service is scripted, the clock a fake.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "cycle/cycle.h"
#include "fake_clock.h"
#include "journal/journal.h"
#include "private_home.h"
#include "raw_server.h"

namespace klingv2a::cycle {
namespace {

using journal::State;
using test::Answer;
using test::reply;

constexpr const char* kTaskId = "861254119619698760";
constexpr const char* kOurs = "ours-1";
constexpr const char* kJson = "Content-Type: application/json\r\n";

Answer ok(const std::string& data) {
  return reply(200, R"({"code":0,"message":"SUCCEED","request_id":"r-1","data":)" + data + "}", kJson);
}

Answer task_answer(const std::string& status, const std::string& result = "{}") {
  return ok(R"({"task_id":")" + std::string(kTaskId) + R"(","task_status":")" + status +
            R"(","task_info":{},"task_result":)" + result + "}");
}

Answer api_error(int status, int code) {
  return reply(status, R"({"code":)" + std::to_string(code) + R"(,"message":"no","request_id":"r-2"})", kJson);
}

class Seen : public CycleObserver {
 public:
  void on_phase(Phase) override {}
  void before_submit() override {
    if (submit_hook) submit_hook();
  }
  void on_task(const gateway::Task&) override {}
  void on_waiting(Seconds) override {}
  void on_retry(const Error&, int, Seconds) override {}
  void on_origin(Origin origin) override { origins.push_back(origin); }

  std::vector<Origin> origins;
  std::function<void()> submit_hook;
};

class CycleJournal : public ::testing::Test {
 protected:
  CycleJournal() {
    settings_.service.base_url = api_.url("");
    settings_.service.api_key = "key";
    settings_.service.timeouts.idle = Seconds(20);
    settings_.request.video_url = "https://example.org/v.mp4";
    settings_.request.external_task_id = kOurs;
    settings_.max_tasks = 1000;
  }

  CycleResult run(const std::string& clip = "clip") {
    return run_cycle(settings_, {.key = clip}, clock_, cancel_, seen_);
  }
  ErrorDetails failure(const std::string& clip = "clip") {
    try {
      (void)run(clip);
    } catch (const Error& error) {
      return error.details();
    }
    ADD_FAILURE() << "the run did not fail";
    return {};
  }
  // A run whose POST nobody answered.
  void lose_a_post(const std::string& clip = "clip") {
    api_.add(test::reset());
    list_no_external_ids();
    EXPECT_EQ(failure(clip).kind, ErrorKind::unknown_outcome);
    EXPECT_EQ(row(clip).state, State::prepared);
  }
  // The look-up finds the task, which ends well.
  void find_and_succeed() {
    api_.add(task_answer("processing"));
    succeed();
  }
  void succeed() {
    api_.add(task_answer("succeed", R"({"audios":[{"id":"a","url_wav":")" + results_.url("/s.wav") + R"("}]})"));
    results_.add(reply(200, "the sound", "Content-Type: audio/x-wav\r\n"));
  }
  // The look-up proves that there is no such task.
  void list_nothing() {
    for (int i = 0; i < 4; ++i) list(ok("[]"));
  }
  // The look-up cannot say.
  void list_no_external_ids() {
    for (int i = 0; i < 2; ++i) {
      list(ok(R"([{"task_id":"1","task_status":"processing","task_info":{}}])"));
      api_.add(ok("[]"));
    }
  }

  [[nodiscard]] journal::Journal open() { return {location(), clock_, nullptr}; }
  [[nodiscard]] journal::Location location() const { return journal::locate("", settings_.service.base_url); }
  [[nodiscard]] journal::Row row(const std::string& clip = "clip") {
    for (journal::Row& row : open().rows())
      if (row.key == clip) return std::move(row);
    ADD_FAILURE() << clip << " has no row";
    return {};
  }
  void sql(const std::string& statement) {
    const auto connection = open_connection(location(), journal::Durability::crash_of_program, nullptr);
    in_transaction(*connection, [&] { connection->run(statement, {}); });
  }

  const test::PrivateHome home_;
  test::RawServer api_, results_;
  CycleSettings settings_;
  test::FakeClock clock_;
  GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  Seen seen_;

 private:
  void list(const Answer& page) {
    api_.add(api_error(404, 1203));
    api_.add(page);
  }
};

// ---- the last look before the payment

TEST_F(CycleJournal, AfterALongWaitForItsTurnTheProgramIsAskedOnceMore) {
  lose_a_post("other");
  const journal::Row lost = row("other");
  sql("DELETE FROM klingv2a_tasks");
  journal::Journal journal = open();
  const auto ignore = [](const std::string&) {};
  const auto other =
      journal.claim({.key = "other", .service = lost.service, .account = lost.account}, Seconds(0), ignore);
  other->prepare({"theirs", "{}"}, 1000, Seconds(0), ignore);
  settings_.max_tasks = 1;
  settings_.timeout = Seconds(900);
  const Seconds begin = clock_.now();
  bool has_ended = false;
  clock_.set_on_sleep([&](Seconds) {
    sql("UPDATE klingv2a_tasks SET beat = beat + 1 WHERE key = 'other'");  // it lives, also by this clock
    if (clock_.now() - begin <= 2 * kLongWait) return;
    sql("DELETE FROM klingv2a_tasks WHERE key = 'other'");
    has_ended = true;
  });
  int asked = 0;
  seen_.submit_hook = [&] {
    if (++asked == 2) throw make_error(ErrorKind::disk, Phase::submit, "no place for it");
  };
  const int posts = api_.posts();
  const ErrorDetails details = failure();
  EXPECT_EQ(details.message, "no place for it");
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(api_.posts(), posts);
  EXPECT_TRUE(has_ended);
  seen_.submit_hook = {};
  clock_.set_on_sleep({});
  api_.add(task_answer("submitted"));
  succeed();
  EXPECT_EQ(run().origin, Origin::submitted) << "the clip is free for the next run";
}

// ---- what is said of the money

TEST_F(CycleJournal, CancelWhileALostPostIsLookedUpMayHaveCostATask) {
  api_.add(test::reset());
  clock_.set_on_sleep([this](Seconds) { g_cancellable_cancel(cancel_.get()); });
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::cancelled);
  EXPECT_EQ(details.paid, Paid::maybe);
  EXPECT_EQ(details.external_task_id, kOurs);
  EXPECT_NE(details.advice.find(kOurs), std::string::npos) << details.advice;
  EXPECT_EQ(row().state, State::prepared);
}

// "Ask again" is an answer to one question: whether the first POST made a task is as unknown as before when the second
// one was refused.
TEST_F(CycleJournal, RefusalOfAResubmitSettlesNothing) {
  lose_a_post();
  settings_.on_unknown = OnUnknown::resubmit;
  list_no_external_ids();
  api_.add(api_error(429, 1101));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::billing);
  EXPECT_EQ(details.paid, Paid::maybe);
  EXPECT_EQ(row().state, State::prepared);
  settings_.on_unknown = OnUnknown::error;
  list_no_external_ids();
  EXPECT_EQ(failure().kind, ErrorKind::unknown_outcome);
  EXPECT_EQ(api_.posts(), 2);
}

TEST_F(CycleJournal, ResubmitThatNeverLeavesSettlesNothing) {
  lose_a_post();
  settings_.on_unknown = OnUnknown::resubmit;
  settings_.service.base_url = "http://127.0.0.1:" + std::to_string(test::closed_port());
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::network);
  EXPECT_EQ(details.paid, Paid::maybe);
  EXPECT_EQ(row().state, State::prepared);
}

// Once it is proven that there is no task, a refusal leaves nothing to look up.
TEST_F(CycleJournal, RefusalAfterAProofThatThereIsNoTaskLeavesNothingOpen) {
  lose_a_post();
  list_nothing();
  api_.add(api_error(429, 1101));
  EXPECT_EQ(failure().paid, Paid::no);
  EXPECT_EQ(row().state, State::waiting);
}

// Another account's list cannot have it; nobody can tell whether two keys are of one account.
TEST_F(CycleJournal, ListOfAnotherKeyProvesNothing) {
  lose_a_post();
  settings_.service.api_key = "another key";
  for (int again = 0; again < 2; ++again) {
    list_nothing();
    const ErrorDetails details = failure();
    EXPECT_EQ(details.kind, ErrorKind::unknown_outcome);
    EXPECT_EQ(details.paid, Paid::maybe);
    EXPECT_NE(details.message.find("another key"), std::string::npos) << details.message;
    EXPECT_EQ(api_.posts(), 1);
  }
  settings_.service.api_key = "key";
  list_nothing();
  api_.add(task_answer("submitted"));
  succeed();
  EXPECT_EQ(run().origin, Origin::submitted);
  EXPECT_EQ(api_.posts(), 2);
}

TEST_F(CycleJournal, TaskThatAnotherKeyFindsIsTaken) {
  lose_a_post();
  settings_.service.api_key = "another key";
  find_and_succeed();
  EXPECT_EQ(run().origin, Origin::looked_up);
}

// Between this run's look-up and its POST the run before, which had only stood still, writes down its task.
TEST_F(CycleJournal, TaskThatComesToLightBeforeThePostIsGoneOnWith) {
  lose_a_post();
  list_nothing();
  seen_.submit_hook = [this] { sql(std::string("UPDATE klingv2a_tasks SET state = 2, task_id = '") + kTaskId + "'"); };
  succeed();
  const CycleResult result = run();
  EXPECT_EQ(result.origin, Origin::resumed);
  EXPECT_EQ(result.task.task_id, kTaskId);
  EXPECT_EQ(api_.posts(), 1);
}

// ---- an external_task_id that two clips have

class CycleJournalSharedId : public CycleJournal {
 protected:
  // "rain" has the task of kOurs.
  void make_rain() {
    api_.add(task_answer("submitted"));
    succeed();
    EXPECT_EQ(run("rain").origin, Origin::submitted);
  }
  // Kling refuses an external_task_id that is not unique.
  void refuse_wind() {
    api_.add(api_error(400, 1201));
    EXPECT_EQ(failure("wind").kind, ErrorKind::input);
    EXPECT_EQ(row("wind").state, State::waiting);
  }
  void expect_rains_task_is_refused(Paid paid) {
    const ErrorDetails details = failure("wind");
    EXPECT_EQ(details.kind, ErrorKind::settings) << details.message;
    EXPECT_EQ(details.paid, paid);
    EXPECT_NE(details.message.find("another clip"), std::string::npos) << details.message;
    EXPECT_EQ(row("wind").task_id, "");
  }
};

TEST_F(CycleJournalSharedId, TaskOfAnotherClipIsNotAdoptedAfterARefusal) {
  make_rain();
  refuse_wind();
  api_.add(api_error(400, 1201));
  api_.add(task_answer("succeed"));
  expect_rains_task_is_refused(Paid::no);
  EXPECT_EQ(row("wind").state, State::waiting);
  // With an id of its own it is asked for.
  settings_.request.external_task_id = "ours-2";
  api_.add(task_answer("submitted"));
  succeed();
  EXPECT_EQ(run("wind").origin, Origin::submitted);
  EXPECT_EQ(row("wind").external_task_id, "ours-2");
}

TEST_F(CycleJournalSharedId, TaskOfAnotherClipIsNotAdoptedAfterALostPost) {
  make_rain();
  api_.add(test::reset());
  api_.add(task_answer("succeed"));
  expect_rains_task_is_refused(Paid::maybe);
  EXPECT_EQ(row("wind").state, State::prepared);
  api_.add(task_answer("succeed"));
  expect_rains_task_is_refused(Paid::maybe);
  EXPECT_EQ(row("wind").state, State::prepared);
  EXPECT_EQ(api_.posts(), 2);
}

// Whose POST has made it is not written down, but wind's were refused.
TEST_F(CycleJournalSharedId, TaskThatMayBeAnotherClipsIsNotAdoptedAfterARefusal) {
  lose_a_post("rain");
  refuse_wind();
  api_.add(api_error(400, 1201));
  api_.add(task_answer("succeed"));
  expect_rains_task_is_refused(Paid::no);
  find_and_succeed();
  EXPECT_EQ(run("rain").origin, Origin::looked_up);
}

TEST_F(CycleJournalSharedId, ClipThatWasRefusedHasNoTaskToBeMistakenFor) {
  lose_a_post("rain");
  refuse_wind();
  find_and_succeed();
  EXPECT_EQ(run("rain").origin, Origin::looked_up);
}

TEST_F(CycleJournalSharedId, SameIdAtAnotherServiceOrAccountIsAnotherTask) {
  for (const std::string column : {"service", "account"}) {
    lose_a_post("rain of another " + column);
    sql("UPDATE klingv2a_tasks SET " + column + " = 'another' WHERE key = 'rain of another " + column + "'");
  }
  lose_a_post("wind");
  find_and_succeed();
  EXPECT_EQ(run("wind").origin, Origin::looked_up);
}

// What was refused twice may be refused because an earlier POST has made the task: nothing is paid then.
TEST_F(CycleJournal, TaskThatARefusalWasAboutIsNotOneThatWasAskedForNow) {
  api_.add(api_error(400, 1201));
  EXPECT_EQ(failure().kind, ErrorKind::input);
  api_.add(api_error(400, 1201));
  find_and_succeed();
  const CycleResult result = run();
  EXPECT_EQ(result.origin, Origin::looked_up);
  EXPECT_EQ(seen_.origins.back(), Origin::looked_up);
  EXPECT_EQ(row().task_id, kTaskId);
}

// ---- a task whose name is lost

class CycleJournalNameless : public CycleJournal, public ::testing::WithParamInterface<State> {
 protected:
  // A journal in which a task's later steps were written, but not its name.
  void leave_nameless_task() {
    lose_a_post();
    sql("UPDATE klingv2a_tasks SET state = " + std::to_string(static_cast<int>(GetParam())));
  }
};

TEST_P(CycleJournalNameless, TaskIsLookedUp) {
  leave_nameless_task();
  find_and_succeed();
  EXPECT_EQ(run().origin, Origin::looked_up);
  EXPECT_EQ(row().task_id, kTaskId);
  EXPECT_EQ(api_.posts(), 1);
}

// It was there once, whatever the list says now.
TEST_P(CycleJournalNameless, TaskIsNotAskedForAgainWhenTheListLacksIt) {
  leave_nameless_task();
  list_nothing();
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::unknown_outcome);
  EXPECT_EQ(details.paid, Paid::maybe);
  EXPECT_NE(details.message.find("was there"), std::string::npos) << details.message;
  EXPECT_EQ(api_.posts(), 1);
}

INSTANTIATE_TEST_SUITE_P(After, CycleJournalNameless,
                         ::testing::Values(State::submitted, State::succeeded, State::downloaded),
                         [](const auto& state) { return std::string(journal::to_string(state.param)); });

}  // namespace
}  // namespace klingv2a::cycle
