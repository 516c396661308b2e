// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One clip has one row, and one run at a time has the row, over whatever store.
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "fake_clock.h"
#include "journal/journal.h"
#include "journal_process.h"
#include "journal_store.h"

namespace klingv2a::journal {
namespace {

constexpr Seconds kPatience{12};
constexpr const char* kElsewhere = "another-machine/pid:[1]/4711/1/a-run";
constexpr std::int64_t kDay = 24LL * 60 * 60;

ClipIdentity clip(const std::string& key = "key", std::int64_t length_ms = 5000) {
  return {.key = key, .length_ms = length_ms, .service = "https://api.example.com", .account = "account"};
}

void ignore(const std::string& /*what*/) {}

class JournalClaim : public test::JournalStoreTest {
 protected:
  [[nodiscard]] Journal open(GObjectPtr<GCancellable> cancel = nullptr) { return {location_, clock_, cancel}; }
  [[nodiscard]] std::int64_t id_of(Journal& journal, const ClipIdentity& which) {
    return journal.claim(which, Seconds(0), ignore)->row().id;
  }
  void sql(const std::string& statement) {
    const auto connection = connect();
    in_transaction(*connection, [&] { connection->run(statement, {}); });
  }
  void give_to(const std::string& owner) { sql("UPDATE klingv2a_tasks SET owner = '" + owner + "'"); }
  // Another machine's heartbeat, slow but not too slow.
  void let_beat_grow() {
    clock_.set_on_sleep([this, last = clock_.now()](Seconds) mutable {
      if (clock_.now() - last < kDeadAfter - Seconds(1)) return;
      last = clock_.now();
      sql("UPDATE klingv2a_tasks SET beat = beat + 1");
    });
  }
  // The row of a clip that another machine has.
  void make_row_of_elsewhere(Journal& journal) {
    (void)journal.claim(clip(), Seconds(0), ignore);
    give_to(kElsewhere);
  }
  [[nodiscard]] Seconds slept() const {
    Seconds all{0};
    for (const Seconds length : clock_.sleeps()) all += length;
    return all;
  }

  test::FakeClock clock_;
};

TEST_P(JournalClaim, NewClipGetsARow) {
  Journal journal = open();
  const auto claim = journal.claim(clip(), Seconds(0), ignore);
  EXPECT_EQ(claim->row().state, State::waiting);
  EXPECT_FALSE(claim->waited_for_another());
  const auto rows = journal.rows();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows.front().id, claim->row().id);
  EXPECT_EQ(rows.front().key, "key");
  EXPECT_EQ(rows.front().length_ms, 5000);
  EXPECT_EQ(rows.front().service, "https://api.example.com");
  EXPECT_EQ(rows.front().account, "account");
  EXPECT_EQ(rows.front().entered_ms(State::waiting), static_cast<std::int64_t>(clock_.wall().count() * 1000));
}

TEST_P(JournalClaim, SameClipGetsTheSameRowAgain) {
  Journal journal = open();
  const std::int64_t id = id_of(journal, clip());
  EXPECT_EQ(id_of(journal, clip()), id);
  Journal next_run = open();
  EXPECT_EQ(id_of(next_run, clip()), id);
  EXPECT_EQ(next_run.rows().size(), 1U);
  EXPECT_TRUE(clock_.sleeps().empty());
}

TEST_P(JournalClaim, LengthsWithin50MillisecondsAreOfOneClip) {
  Journal journal = open();
  const std::int64_t id = id_of(journal, clip());
  EXPECT_EQ(id_of(journal, clip("key", 5050)), id);
  EXPECT_EQ(id_of(journal, clip("key", 4950)), id);
  EXPECT_NE(id_of(journal, clip("key", 4949)), id);
  EXPECT_NE(id_of(journal, clip("key", 5051)), id);
}

TEST_P(JournalClaim, AnotherKeyIsAnotherRow) {
  Journal journal = open();
  EXPECT_NE(id_of(journal, clip("one")), id_of(journal, clip("two")));
  EXPECT_NE(id_of(journal, clip("one", -1)), id_of(journal, clip("one")));
  EXPECT_EQ(journal.rows().size(), 3U);
}

TEST_P(JournalClaim, TheSecondWaitsUntilTheFirstGivesBack) {
  Journal first = open();
  auto held = first.claim(clip(), Seconds(0), ignore);
  const std::int64_t id = held->row().id;
  clock_.set_on_sleep([&](Seconds) {
    if (clock_.sleeps().size() == 3) held.reset();
  });
  Journal second = open();
  std::vector<std::string> told;
  const auto claim = second.claim(clip(), kPatience, [&](const std::string& what) { told.push_back(what); });
  EXPECT_EQ(claim->row().id, id);
  EXPECT_TRUE(claim->waited_for_another());
  EXPECT_EQ(clock_.sleeps().size(), 3U);
  EXPECT_EQ(told, std::vector<std::string>{"another run has this clip (waiting)"});
}

TEST_P(JournalClaim, GivesUpAfterItsPatienceAndNamesTheTask) {
  Journal first = open();
  const auto held = first.claim(clip(), Seconds(0), ignore);
  held->prepare({"ours-1", "{}"}, 5, Seconds(0), ignore);
  held->accepted("task-1");
  let_beat_grow();
  Journal second = open();
  try {
    (void)second.claim(clip(), kPatience, ignore);
    FAIL() << "two have the row";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::still_running);
    EXPECT_EQ(error.details().paid, Paid::maybe);
    EXPECT_EQ(error.details().task_id, "task-1");
    EXPECT_EQ(error.details().external_task_id, "ours-1");
  }
  EXPECT_GE(slept(), kPatience);
  EXPECT_LT(slept(), kPatience + Seconds(1));
}

TEST_P(JournalClaim, ACancelEndsTheWait) {
  Journal first = open();
  const auto held = first.claim(clip(), Seconds(0), ignore);
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  clock_.set_on_sleep([&](Seconds) { g_cancellable_cancel(cancel.get()); });
  Journal second = open(cancel);
  try {
    (void)second.claim(clip(), kPatience, ignore);
    FAIL() << "two have the row";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  }
  EXPECT_EQ(clock_.sleeps().size(), 1U);
}

TEST_P(JournalClaim, ARunThatWasKilledHereIsFollowedAtOnce) {
  const std::string where = location_.file + location_.connection_string;
  test::JournalProcess process({where, "hold", "key"});
  process.go();
  ASSERT_EQ(process.line(), "held");
  Journal journal = open();
  EXPECT_THROW((void)journal.claim(clip(), Seconds(0), ignore), Error);
  process.kill();
  const auto sleeps = clock_.sleeps().size();
  EXPECT_FALSE(journal.claim(clip(), kPatience, ignore)->row().owner.empty());
  EXPECT_EQ(clock_.sleeps().size(), sleeps);
}

TEST_P(JournalClaim, ARunElsewhereIsFollowedWhenItsBeatStandsStill) {
  Journal journal = open();
  make_row_of_elsewhere(journal);
  const auto claim = journal.claim(clip(), kPatience, ignore);
  EXPECT_TRUE(claim->waited_for_another());
  EXPECT_GE(slept(), kDeadAfter);
  EXPECT_LT(slept(), kDeadAfter + Seconds(1));
}

TEST_P(JournalClaim, ARunElsewhereIsLeftAloneWhileItsBeatGrows) {
  Journal journal = open();
  make_row_of_elsewhere(journal);
  let_beat_grow();
  EXPECT_THROW((void)journal.claim(clip(), kPatience, ignore), Error);
}

TEST_P(JournalClaim, JumpsOfTheWallClockChangeNothing) {
  for (const std::int64_t jump : {kDay, -kDay}) {
    Journal journal = open();
    make_row_of_elsewhere(journal);
    const Seconds begin = slept();
    clock_.set_on_sleep([&, jump](Seconds) { clock_.set_wall_start(clock_.wall() - clock_.now() + Seconds(jump)); });
    (void)journal.claim(clip(), kPatience, ignore);
    EXPECT_GE(slept() - begin, kDeadAfter);
    EXPECT_LT(slept() - begin, kDeadAfter + Seconds(1));
  }
}

TEST_P(JournalClaim, NothingIsWrittenWithoutTheLease) {
  Journal journal = open();
  const auto claim = journal.claim(clip(), Seconds(0), ignore);
  give_to(kElsewhere);
  const auto before = journal.rows().front();
  EXPECT_THROW(claim->prepare({"ours", "{}"}, 5, kPatience, ignore), LeaseLost);
  EXPECT_THROW(claim->refused("no"), LeaseLost);
  EXPECT_THROW(claim->ended(State::failed, "no", "content", "1"), LeaseLost);
  EXPECT_THROW(claim->downloaded("name", "wav", "sum", 1), LeaseLost);
  EXPECT_THROW(claim->start_over(), LeaseLost);
  const auto after = journal.rows().front();
  EXPECT_EQ(after.state, before.state);
  EXPECT_EQ(after.beat, before.beat);
  EXPECT_EQ(after.external_task_id, "");
  EXPECT_EQ(after.message, "");
}

// When the connection for the POST stands.
TEST_P(JournalClaim, IsConfirmedWhileItIsOurs) {
  Journal journal = open();
  const auto claim = journal.claim(clip(), Seconds(0), ignore);
  EXPECT_THROW(claim->confirm(), LeaseLost) << "nothing is prepared";
  claim->prepare({"ours", "{}"}, 5, kPatience, ignore);
  const auto before = journal.rows().front().beat;
  claim->confirm();
  EXPECT_GT(journal.rows().front().beat, before) << "whoever watches has to wait anew";
  give_to(kElsewhere);
  EXPECT_THROW(claim->confirm(), LeaseLost);
  EXPECT_EQ(journal.rows().front().state, State::prepared);
}

TEST_P(JournalClaim, ATaskThatWasPaidIsWrittenDownEvenWithoutTheLease) {
  Journal journal = open();
  const auto claim = journal.claim(clip(), Seconds(0), ignore);
  claim->prepare({"ours", "{}"}, 5, kPatience, ignore);
  give_to(kElsewhere);
  EXPECT_THROW(claim->accepted("task-1"), LeaseLost);
  const auto row = journal.rows().front();
  EXPECT_EQ(row.state, State::submitted);
  EXPECT_EQ(row.task_id, "task-1");
  EXPECT_EQ(row.owner, kElsewhere);
}

// Whom this run took the row over from had only stood still: its POST was accepted after all.
TEST_P(JournalClaim, ATaskThatTheRunBeforeWritesDownLateIsNotAskedForAgain) {
  Journal journal = open();
  const auto late = journal.claim(clip(), Seconds(0), ignore);
  late->prepare({"ours", "{}"}, 5, kPatience, ignore);
  give_to("");
  Journal next = open();
  const auto claim = next.claim(clip(), Seconds(0), ignore);
  EXPECT_EQ(claim->row().state, State::prepared);
  EXPECT_THROW(late->accepted("task-1"), LeaseLost);
  EXPECT_THROW(claim->prepare({"ours", "{}"}, 5, kPatience, ignore), LeaseLost);
  const auto row = journal.rows().front();
  EXPECT_EQ(row.state, State::submitted);
  EXPECT_EQ(row.task_id, "task-1");
}

// The same, but the second POST is out already. That it is refused, maybe for the first one's sake, changes nothing.
TEST_P(JournalClaim, ARefusalDoesNotHideTheTaskThatTheRunBeforeWritesDownLate) {
  Journal journal = open();
  const auto late = journal.claim(clip(), Seconds(0), ignore);
  late->prepare({"ours", "{}"}, 5, kPatience, ignore);
  give_to("");
  Journal next = open();
  const auto claim = next.claim(clip(), Seconds(0), ignore);
  claim->prepare({"ours", "{}"}, 5, kPatience, ignore);
  EXPECT_THROW(late->accepted("task-1"), LeaseLost);
  EXPECT_THROW(claim->refused("1201 external_task_id is not unique"), LeaseLost);
  EXPECT_THROW(claim->start_over(), LeaseLost);
  const auto row = journal.rows().front();
  EXPECT_EQ(row.state, State::submitted);
  EXPECT_EQ(row.task_id, "task-1");
}

TEST_P(JournalClaim, ARowOfAnotherIsNotGivenBack) {
  Journal journal = open();
  auto claim = journal.claim(clip(), Seconds(0), ignore);
  give_to(kElsewhere);
  claim.reset();
  EXPECT_EQ(journal.rows().front().owner, kElsewhere);
}

TEST_P(JournalClaim, IsGivenBackAfterACancel) {
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  Journal journal = open(cancel);
  auto claim = journal.claim(clip(), Seconds(0), ignore);
  g_cancellable_cancel(cancel.get());
  claim.reset();
  Journal next = open();
  EXPECT_EQ(next.rows().front().owner, "");
}

// Others keep the store locked; the cancel comes while that is waited for.
TEST_P(JournalClaim, WhatHasHappenedIsWrittenDownEvenIfCancelledMeanwhile) {
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  Journal journal = open(cancel);
  const auto claim = journal.claim(clip(), Seconds(0), ignore);
  claim->prepare({"ours", "{}"}, 5, kPatience, ignore);
  std::promise<void> locked;
  std::thread other([&] {
    const auto connection = connect();
    connection->begin();
    locked.set_value();
    (void)make_system_clock()->sleep(Seconds(0.2), nullptr);
    g_cancellable_cancel(cancel.get());
    (void)make_system_clock()->sleep(Seconds(0.2), nullptr);
    connection->commit();
  });
  locked.get_future().wait();
  EXPECT_NO_THROW(claim->accepted("task-1"));
  other.join();
  EXPECT_EQ(open().rows().front().task_id, "task-1");
}

TEST_P(JournalClaim, TheBeatGrowsWhileItIsHeld) {
  Journal journal = open();
  const auto claim = journal.claim(clip(), Seconds(0), ignore);
  const std::int64_t before = journal.rows().front().beat;
  const auto real = make_system_clock();
  const Seconds give_up_at = real->now() + 4 * kBeat;
  while (journal.rows().front().beat == before && real->now() < give_up_at) (void)real->sleep(Seconds(0.05), nullptr);
  EXPECT_GT(journal.rows().front().beat, before);
  EXPECT_EQ(claim->missed_beats(), 0);
}

TEST_P(JournalClaim, OfProcessesThatRaceForAClipOneHasItAtATime) {
  constexpr std::size_t kProcesses = 2;
  const std::string where = location_.file + location_.connection_string;
  std::vector<std::unique_ptr<test::JournalProcess>> processes;
  for (std::size_t i = 0; i < kProcesses; ++i) {
    const std::vector<std::string> arguments{where, "contest", "key", "50", folder_.file("taken")};
    processes.push_back(std::make_unique<test::JournalProcess>(arguments));
  }
  for (const auto& process : processes) process->go();
  for (const auto& process : processes) EXPECT_EQ(process->rest(), "done\n");
  for (const auto& process : processes) EXPECT_EQ(process->end(), 0);
  EXPECT_EQ(open().rows().size(), 1U);
}

TEST_P(JournalClaim, ProcessesThatOpenANewJournalAtOnceAllGetIt) {
  const std::string where = location_.file + location_.connection_string;
  std::vector<std::unique_ptr<test::JournalProcess>> processes;
  for (int i = 0; i < 6; ++i)
    processes.push_back(std::make_unique<test::JournalProcess>(std::vector<std::string>{where, "open"}));
  for (const auto& process : processes) process->go();
  for (const auto& process : processes) EXPECT_EQ(process->rest(), "0 rows\n");
}

KLINGV2A_OVER_BOTH_STORES(JournalClaim);

}  // namespace
}  // namespace klingv2a::journal
