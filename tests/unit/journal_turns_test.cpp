// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How many tasks an account has under way, and whose turn it is, over whatever store.
#include <gtest/gtest.h>

#include "fake_clock.h"
#include "journal/journal.h"
#include "journal_store.h"

namespace klingv2a::journal {
namespace {

constexpr Seconds kPatience{10};
constexpr Seconds kNoPatience{0};
constexpr Seconds kTaskWithoutRun{600};
constexpr const char* kElsewhere = "another-machine/pid:[1]/4711/1/a-run";

void ignore(const std::string& /*what*/) {}

class JournalTurns : public test::JournalStoreTest {
 protected:
  void SetUp() override {
    test::JournalStoreTest::SetUp();
    if (!IsSkipped()) journal_ = std::make_unique<Journal>(location_, clock_, cancel_);
  }
  [[nodiscard]] std::unique_ptr<Claim> claim(const std::string& key, const std::string& account = "account") {
    return journal_->claim({.key = key, .service = "https://api.example.com", .account = account}, kNoPatience, ignore);
  }
  // Tries for a turn.
  [[nodiscard]] static bool goes(Claim& claim, unsigned max_tasks = 1) {
    try {
      claim.prepare({"ours", "{}"}, max_tasks, kNoPatience, ignore);
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::busy);
      return false;
    }
  }
  void sql(const std::string& statement) {
    const auto connection = connect();
    in_transaction(*connection, [&] { connection->run(statement, {}); });
  }

  test::FakeClock clock_;
  const GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  std::unique_ptr<Journal> journal_;
};

TEST_P(JournalTurns, OnlySoManyTasksAreUnderWay) {
  const auto a = claim("a");
  const auto b = claim("b");
  const auto c = claim("c");
  EXPECT_TRUE(goes(*a, 2));
  EXPECT_TRUE(goes(*b, 2));
  EXPECT_FALSE(goes(*c, 2));
  EXPECT_EQ(c->row().state, State::waiting);
  EXPECT_TRUE(goes(*c, 3));
}

TEST_P(JournalTurns, ATaskThatIsAcceptedIsStillUnderWay) {
  const auto a = claim("a");
  const auto b = claim("b");
  ASSERT_TRUE(goes(*a));
  a->accepted("task-1");
  EXPECT_FALSE(goes(*b));
}

TEST_P(JournalTurns, TheEndOfATaskMakesRoom) {
  for (const State end : {State::succeeded, State::failed}) {
    const std::string name(to_string(end));
    const auto a = claim(name + " a");
    const auto b = claim(name + " b");
    ASSERT_TRUE(goes(*a));
    EXPECT_FALSE(goes(*b));
    a->accepted("task of " + name);
    a->ended(end, "", "", "");
    EXPECT_TRUE(goes(*b));
    b->refused("");
  }
}

TEST_P(JournalTurns, WhoIsRefusedKeepsHisPlace) {
  auto a = claim("a");
  const auto b = claim("b");
  ASSERT_TRUE(goes(*a));
  EXPECT_FALSE(goes(*b));
  a->refused("parallel task over resource pack limit");
  EXPECT_FALSE(goes(*b));
  EXPECT_TRUE(goes(*a));
  a->refused("parallel task over resource pack limit");
  a.reset();
  EXPECT_TRUE(goes(*b));
}

TEST_P(JournalTurns, WhoCameFirstGoesFirst) {
  const auto a = claim("a");
  const auto b = claim("b");
  const auto c = claim("c");
  ASSERT_TRUE(goes(*a));
  EXPECT_FALSE(goes(*c));
  EXPECT_FALSE(goes(*b));
  a->ended(State::succeeded, "", "", "");
  EXPECT_FALSE(goes(*b));
  EXPECT_TRUE(goes(*c));
  c->ended(State::succeeded, "", "", "");
  EXPECT_TRUE(goes(*b));
}

TEST_P(JournalTurns, WhoGivesUpBlocksNobody) {
  const auto a = claim("a");
  auto b = claim("b");
  const auto c = claim("c");
  ASSERT_TRUE(goes(*a));
  EXPECT_FALSE(goes(*b));
  EXPECT_FALSE(goes(*c));
  b.reset();
  a->ended(State::succeeded, "", "", "");
  EXPECT_TRUE(goes(*c));
}

TEST_P(JournalTurns, WhoDiedWhileWaitingIsPassedOver) {
  const auto a = claim("a");
  const auto b = claim("b");
  const auto c = claim("c");
  ASSERT_TRUE(goes(*a));
  EXPECT_FALSE(goes(*b));
  EXPECT_FALSE(goes(*c));
  sql(std::string("UPDATE klingv2a_tasks SET owner = '") + kElsewhere + "' WHERE key = 'b'");
  a->ended(State::succeeded, "", "", "");
  for (Seconds watched{0}; watched < kDeadAfter; watched += kBeat) {
    EXPECT_FALSE(goes(*c));
    clock_.advance(kBeat);
  }
  EXPECT_TRUE(goes(*c));
}

TEST_P(JournalTurns, AnotherAccountHasTasksOfItsOwn) {
  const auto a = claim("a");
  const auto b = claim("b", "another account");
  const auto c = claim("c");
  EXPECT_TRUE(goes(*a));
  EXPECT_TRUE(goes(*b));
  EXPECT_FALSE(goes(*c));
}

// A POST that may be out is of the account that sent it, until another one sends one.
TEST_P(JournalTurns, ARowIsOfTheAccountThatHasAskedForItsTask) {
  ASSERT_TRUE(goes(*claim("a")));
  const auto b = claim("b", "another account");
  ASSERT_TRUE(goes(*b));
  const auto a = claim("a", "another account");
  EXPECT_EQ(a->row().account, "account");
  EXPECT_FALSE(a->is_of_this_account());
  EXPECT_FALSE(goes(*a));
  EXPECT_EQ(journal_->rows().front().account, "account");
  b->ended(State::succeeded, "", "", "");
  EXPECT_TRUE(goes(*a));
  EXPECT_EQ(journal_->rows().front().account, "another account");
  EXPECT_TRUE(a->is_of_this_account());
}

TEST_P(JournalTurns, ARowThatNobodyAskedAnythingForIsOfTheAccountThatWaits) {
  (void)claim("a");
  const auto b = claim("b", "another account");
  const auto a = claim("a", "another account");
  ASSERT_TRUE(goes(*b));
  EXPECT_FALSE(goes(*a));
  const auto c = claim("c", "another account");
  b->ended(State::succeeded, "", "", "");
  EXPECT_FALSE(goes(*c)) << "a came first";
  EXPECT_TRUE(goes(*a));
}

TEST_P(JournalTurns, ATaskWhoseRunHasEndedCountsForAWhile) {
  auto a = claim("a");
  const auto b = claim("b");
  ASSERT_TRUE(goes(*a));
  a->accepted("task-1");
  a.reset();
  EXPECT_FALSE(goes(*b));
  clock_.advance(kTaskWithoutRun - Seconds(10));
  EXPECT_FALSE(goes(*b));
  clock_.advance(Seconds(10));
  EXPECT_TRUE(goes(*b));
}

TEST_P(JournalTurns, ATaskWhoseRunLivesCountsForever) {
  const auto a = claim("a");
  const auto b = claim("b");
  ASSERT_TRUE(goes(*a));
  a->accepted("task-1");
  EXPECT_FALSE(goes(*b));
  clock_.advance(2 * kTaskWithoutRun);
  sql("UPDATE klingv2a_tasks SET beat = beat + 1 WHERE key = 'a'");
  EXPECT_FALSE(goes(*b));
}

TEST_P(JournalTurns, TheTurnComesWhileItIsWaitedFor) {
  const auto a = claim("a");
  const auto b = claim("b");
  ASSERT_TRUE(goes(*a));
  clock_.set_on_sleep([&](Seconds) {
    if (clock_.sleeps().size() == 3) a->ended(State::succeeded, "", "", "");
  });
  std::vector<std::string> told;
  b->prepare({"ours", "{}"}, 1, kPatience, [&](const std::string& what) { told.push_back(what); });
  EXPECT_EQ(b->row().state, State::prepared);
  EXPECT_EQ(clock_.sleeps().size(), 3U);
  EXPECT_EQ(told, std::vector<std::string>{"waiting for a turn: 1 tasks of this account are under way or come first"});
}

// A row of good tasks, each of which takes nearly as long as anybody is waited for.
TEST_P(JournalTurns, TheWaitGoesOnWhileOneAfterTheOtherEnds) {
  std::vector<std::unique_ptr<Claim>> earlier;
  for (const char* key : {"a", "b", "c", "d"}) earlier.push_back(claim(key));
  for (const auto& one : earlier) ASSERT_TRUE(goes(*one, 4));
  const auto last = claim("last");
  std::size_t ended = 0;
  const Seconds begin = clock_.now();
  clock_.set_on_sleep([&](Seconds) {
    if (ended < earlier.size() && clock_.now() - begin > kPatience * 0.8 * static_cast<double>(ended + 1))
      earlier[ended++]->ended(State::succeeded, "", "", "");
  });
  last->prepare({"ours", "{}"}, 1, kPatience, ignore);
  EXPECT_EQ(ended, 4U);
  EXPECT_GT(clock_.now() - begin, kPatience * 3);
}

TEST_P(JournalTurns, TheWaitEndsAfterItsPatience) {
  const auto a = claim("a");
  const auto b = claim("b");
  ASSERT_TRUE(goes(*a));
  const Seconds begin = clock_.now();
  try {
    b->prepare({"ours", "{}"}, 1, kPatience, ignore);
    FAIL() << "two are under way";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::busy);
    EXPECT_TRUE(error.details().retryable);
    EXPECT_EQ(error.details().paid, Paid::no);
  }
  EXPECT_GE(clock_.now() - begin, kPatience);
  EXPECT_LT(clock_.now() - begin, kPatience + Seconds(1));
  EXPECT_EQ(b->row().state, State::waiting);
}

TEST_P(JournalTurns, ACancelEndsTheWait) {
  const auto a = claim("a");
  const auto b = claim("b");
  ASSERT_TRUE(goes(*a));
  clock_.set_on_sleep([&](Seconds) { g_cancellable_cancel(cancel_.get()); });
  try {
    b->prepare({"ours", "{}"}, 1, kPatience, ignore);
    FAIL() << "two are under way";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  }
  EXPECT_EQ(clock_.sleeps().size(), 1U);
}

KLINGV2A_OVER_BOTH_STORES(JournalTurns);

}  // namespace
}  // namespace klingv2a::journal
