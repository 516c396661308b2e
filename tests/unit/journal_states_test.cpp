// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a row says at each step of a clip's life, and that it still says so when the journal is opened again.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <stdexcept>

#include "fake_clock.h"
#include "journal/journal.h"
#include "journal_store.h"

namespace klingv2a::journal {
namespace {

void ignore(const std::string& /*what*/) {}

class JournalStates : public test::JournalStoreTest {
 protected:
  [[nodiscard]] std::unique_ptr<Claim> claim(Journal& journal) {
    return journal.claim({.key = "key", .length_ms = 5000, .service = "https://api.example.com", .account = "account"},
                         Seconds(0), ignore);
  }
  [[nodiscard]] Journal open() { return {location_, clock_, nullptr}; }
  // As somebody sees it who opens the journal now.
  [[nodiscard]] Row stored() { return open().rows().at(0); }
  // Each step has a time of its own. Returns it.
  std::int64_t next_second() {
    clock_.advance(Seconds(1));
    return static_cast<std::int64_t>(clock_.wall().count() * 1000);
  }
  void sql(const std::string& statement) {
    const auto connection = connect();
    in_transaction(*connection, [&] { connection->run(statement, {}); });
  }
  // The store takes nothing while `work` is done.
  void while_away(const std::function<void()>& work) {
    sql("ALTER TABLE klingv2a_tasks RENAME TO klingv2a_away");
    work();
    sql("ALTER TABLE klingv2a_away RENAME TO klingv2a_tasks");
  }
  // A POST was accepted, and that could not be written down.
  [[nodiscard]] std::unique_ptr<Claim> claim_unwritten(Journal& journal, const std::string& task_id) {
    auto held = claim(journal);
    held->prepare({"ours-1", "{}"}, 5, Seconds(0), ignore);
    while_away([&] { EXPECT_THROW(held->accepted(task_id), Error); });
    EXPECT_EQ(stored().state, State::prepared);
    EXPECT_EQ(stored().task_id, "");
    return held;
  }

  test::FakeClock clock_;
};

TEST_P(JournalStates, ARowTellsAClipsLife) {
  Journal journal = open();
  const std::int64_t waiting = next_second();
  const auto held = claim(journal);
  EXPECT_EQ(stored().state, State::waiting);

  next_second();
  held->prepare({"ours-1", R"({"prompt":"rain"})"}, 5, Seconds(0), ignore);
  EXPECT_EQ(stored().state, State::prepared);
  EXPECT_EQ(stored().external_task_id, "ours-1");
  EXPECT_EQ(stored().request, R"({"prompt":"rain"})");

  const std::int64_t refused = next_second();
  held->refused("1303 parallel task over resource pack limit");
  EXPECT_EQ(stored().state, State::waiting);
  EXPECT_EQ(stored().message, "1303 parallel task over resource pack limit");

  const std::int64_t prepared = next_second();
  held->prepare({"ours-2", "{}"}, 5, Seconds(0), ignore);
  EXPECT_EQ(stored().external_task_id, "ours-1") << "one clip, one id: the service may know the first";

  const std::int64_t submitted = next_second();
  held->accepted("task-1");
  EXPECT_EQ(stored().state, State::submitted);
  EXPECT_EQ(stored().task_id, "task-1");

  const std::int64_t succeeded = next_second();
  held->ended(State::succeeded, "done", "", "0.25");
  EXPECT_EQ(stored().state, State::succeeded);
  EXPECT_EQ(stored().message, "done");
  EXPECT_EQ(stored().deduction, "0.25");

  const std::int64_t downloaded = next_second();
  held->downloaded("key.wav", "wav", "00112233445566778899aabbccddeeff", 5LL << 32);
  const Row row = stored();
  EXPECT_EQ(row.state, State::downloaded);
  EXPECT_EQ(row.result_name, "key.wav");
  EXPECT_EQ(row.result_form, "wav");
  EXPECT_EQ(row.result_checksum, "00112233445566778899aabbccddeeff");
  EXPECT_EQ(row.result_bytes, 5LL << 32);
  EXPECT_LT(waiting, refused);
  const std::array<std::int64_t, kStates> times{refused, prepared, submitted, succeeded, downloaded, 0};
  EXPECT_EQ(row.at_ms, times);
  EXPECT_EQ(held->row().at_ms, times);
}

TEST_P(JournalStates, AFailureIsKept) {
  Journal journal = open();
  const auto held = claim(journal);
  held->prepare({"ours-1", "{}"}, 5, Seconds(0), ignore);
  held->accepted("task-1");
  const std::int64_t failed = next_second();
  held->ended(State::failed, "the content breaks the rules", "content", "0");
  const Row row = stored();
  EXPECT_EQ(row.state, State::failed);
  EXPECT_EQ(row.failure_kind, "content");
  EXPECT_EQ(row.message, "the content breaks the rules");
  EXPECT_EQ(row.entered_ms(State::failed), failed);
}

TEST_P(JournalStates, StartingOverIsForAnotherTask) {
  Journal journal = open();
  const auto held = claim(journal);
  held->prepare({"ours-1", "{}"}, 5, Seconds(0), ignore);
  held->accepted("task-1");
  held->ended(State::failed, "trouble", "task-failed", "");
  held->start_over();
  EXPECT_EQ(stored().state, State::waiting);
  EXPECT_EQ(stored().task_id, "");
  held->prepare({"ours-2", "{}"}, 5, Seconds(0), ignore);
  held->accepted("task-2");
  EXPECT_EQ(stored().external_task_id, "ours-2");
  EXPECT_EQ(stored().task_id, "task-2");
}

TEST_P(JournalStates, TheNextRunGoesOnFromTheRow) {
  {
    Journal journal = open();
    const auto held = claim(journal);
    held->prepare({"ours-1", "{}"}, 5, Seconds(0), ignore);
    held->accepted("task-1");
  }
  Journal journal = open();
  const auto held = claim(journal);
  EXPECT_EQ(held->row().state, State::submitted);
  EXPECT_EQ(held->row().task_id, "task-1");
  held->ended(State::succeeded, "", "", "");
  EXPECT_EQ(stored().task_id, "task-1");
}

// The sound is worth more than its record, so the run goes on without it; but the task must not stay nameless, or a
// result that is not kept could never be asked for again.
TEST_P(JournalStates, ATaskThatCouldNotBeWrittenDownIsNamedByTheNextStep) {
  Journal journal = open();
  const auto held = claim_unwritten(journal, "task-1");
  const std::int64_t succeeded = next_second();
  held->ended(State::succeeded, "done", "", "");
  EXPECT_EQ(stored().state, State::succeeded);
  EXPECT_EQ(stored().task_id, "task-1");
  EXPECT_EQ(stored().entered_ms(State::succeeded), succeeded);
  held->ended(State::failed, "", "task-failed", "");
  held->start_over();
  EXPECT_EQ(stored().task_id, "") << "the row is for another task";
}

TEST_P(JournalStates, ATaskThatCouldNotBeWrittenDownIsNamedWhenTheRowIsGivenBack) {
  Journal journal = open();
  claim_unwritten(journal, "task-1").reset();
  EXPECT_EQ(stored().state, State::submitted);
  EXPECT_EQ(stored().task_id, "task-1");
  EXPECT_EQ(stored().owner, "");
}

TEST_P(JournalStates, ATaskThatCouldNotBeWrittenDownIsNamedEvenWithoutTheLease) {
  Journal journal = open();
  const auto held = claim_unwritten(journal, "task-1");
  sql("UPDATE klingv2a_tasks SET owner = 'another-machine/pid:[1]/4711/1/a-run'");
  EXPECT_THROW(held->ended(State::succeeded, "done", "", ""), LeaseLost);
  EXPECT_EQ(stored().state, State::submitted);
  EXPECT_EQ(stored().task_id, "task-1");
}

TEST_P(JournalStates, AnyTextComesBackAsItWas) {
  Journal journal = open();
  const auto held = claim(journal);
  const std::string text = "'; DROP TABLE klingv2a_tasks; -- \"$1\" \\ %s 雨 \n\t🎧";
  held->prepare({"ours-1", text}, 5, Seconds(0), ignore);
  held->refused(text);
  EXPECT_EQ(stored().request, text);
  EXPECT_EQ(stored().message, text);
}

TEST_P(JournalStates, AStepThatFailsLeavesTheRowAsItWas) {
  Journal journal = open();
  (void)claim(journal);
  const auto connection = connect();
  const auto fail_after = [&](const std::string& task_id, const auto& failure) {
    in_transaction(*connection, [&] {
      connection->run("UPDATE klingv2a_tasks SET task_id = $1", {task_id});
      failure();
    });
  };
  EXPECT_THROW(fail_after("wrong", [&] { connection->run("UPDATE klingv2a_tasks SET no_such_column = 1", {}); }),
               Error);
  EXPECT_EQ(stored().task_id, "");
  EXPECT_THROW(fail_after("wrong", [] { throw std::runtime_error("on purpose"); }), std::runtime_error);
  EXPECT_EQ(stored().task_id, "");
  fail_after("right", [] {});
  EXPECT_EQ(stored().task_id, "right");
}

TEST_P(JournalStates, ANewerProgramsJournalIsLeftAlone) {
  {
    Journal journal = open();
    (void)claim(journal);
    const auto connection = connect();
    in_transaction(*connection, [&] { connection->run("INSERT INTO klingv2a_schema (version) VALUES (99)", {}); });
  }
  try {
    (void)open();
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_EQ(error.details().paid, Paid::no);
    EXPECT_NE(std::string(error.what()).find("newer klingv2a (schema 99"), std::string::npos) << error.what();
  }
}

KLINGV2A_OVER_BOTH_STORES(JournalStates);

}  // namespace
}  // namespace klingv2a::journal
