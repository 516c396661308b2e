// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What people do to the journal by hand: a row is taken by its id, and forgotten; never one that somebody has.
#include <gtest/gtest.h>

#include "fake_clock.h"
#include "journal/journal.h"
#include "journal_store.h"

namespace klingv2a::journal {
namespace {

constexpr const char* kElsewhere = "another-machine/pid:[1]/4711/1/a-run";
const ClipIdentity kClip{.key = "key", .length_ms = 5000, .service = "https://api.example.com", .account = "account"};

void ignore(const std::string& /*what*/) {}

class JournalForget : public test::JournalStoreTest {
 protected:
  [[nodiscard]] Journal open() { return {location_, clock_, nullptr}; }
  [[nodiscard]] static std::int64_t make_row(Journal& journal, const ClipIdentity& clip = kClip) {
    return journal.claim(clip, Seconds(0), ignore)->row().id;
  }
  test::FakeClock clock_;
};

TEST_P(JournalForget, RowIsTakenByItsId) {
  Journal journal = open();
  const std::int64_t id = make_row(journal);
  const auto claim = journal.claim_row(id, Seconds(0), ignore);
  EXPECT_EQ(claim->row().key, "key");
  EXPECT_EQ(claim->row().account, "account");
}

TEST_P(JournalForget, ForgottenRowIsGoneAndItsClipBeginsAnew) {
  Journal journal = open();
  const std::int64_t id = make_row(journal);
  const std::int64_t other = make_row(journal, {.key = "other", .length_ms = 5000});
  {
    const auto claim = journal.claim(kClip, Seconds(0), ignore);
    claim->prepare({"external", "{}"}, 5, Seconds(0), ignore);
    claim->accepted("task");
  }
  journal.claim_row(id, Seconds(0), ignore)->forget();
  const auto rows = journal.rows();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows.front().id, other);
  const auto claim = journal.claim(kClip, Seconds(0), ignore);
  EXPECT_EQ(claim->row().state, State::waiting);
  EXPECT_EQ(claim->row().task_id, "");
}

TEST_P(JournalForget, RowThatIsGoneCannotBeTaken) {
  Journal journal = open();
  const std::int64_t id = make_row(journal);
  journal.claim_row(id, Seconds(0), ignore)->forget();
  try {
    (void)journal.claim_row(id, Seconds(0), ignore);
    ADD_FAILURE() << "it was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
  }
}

TEST_P(JournalForget, RowOfALivingRunCannotBeTaken) {
  Journal journal = open();
  const auto held = journal.claim(kClip, Seconds(0), ignore);
  Journal another = open();
  EXPECT_THROW((void)another.claim_row(held->row().id, Seconds(0), ignore), Error);
  EXPECT_TRUE(is_here(another.rows().front().owner));
}

// A run of another machine that took the row over meanwhile must not lose it.
TEST_P(JournalForget, LostRowIsNotForgotten) {
  Journal journal = open();
  const auto claim = journal.claim(kClip, Seconds(0), ignore);
  const auto connection = connect();
  in_transaction(*connection,
                 [&] { connection->run(std::string("UPDATE klingv2a_tasks SET owner = '") + kElsewhere + "'", {}); });
  EXPECT_THROW(claim->forget(), LeaseLost);
  EXPECT_EQ(open().rows().size(), 1U);
  EXPECT_FALSE(is_here(kElsewhere));
}

KLINGV2A_OVER_BOTH_STORES(JournalForget);

}  // namespace
}  // namespace klingv2a::journal
