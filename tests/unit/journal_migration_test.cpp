// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Journals that each older version of klingv2a wrote (journals/version-N.sqlite: a row in each state) under this one,
// and a program of the first version which is still at work on one.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "fake_clock.h"
#include "journal/plans.h"
#include "journal/schema.h"
#include "journal_store.h"

namespace klingv2a::journal {
namespace {

std::string fixture(int version) {
  return KLINGV2A_JOURNALS "/version-" + std::to_string(version) + ".sqlite";
}

// As the first version named them, in each of its statements.
constexpr const char* kOldColumns =
    "id, key, length_ms, service, account, external_task_id, request, state, task_id, message, failure_kind, "
    "deduction, "
    "result_name, result_form, result_checksum, result_bytes, waiting_ms, prepared_ms, submitted_ms, succeeded_ms, "
    "downloaded_ms, failed_ms, owner, beat, ticket";

void ignore(const std::string& /*what*/) {}

class JournalMigration : public test::JournalStoreTest {
 protected:
  void SetUp() override {
    JournalStoreTest::SetUp();
    if (!IsSkipped()) use(1);
  }

  // The journal is as a program of that version left it.
  void use(int version) const {
    if (GetParam() == test::Store::sqlite) {
      const auto folder = std::filesystem::path(location_.file).parent_path();
      std::filesystem::remove_all(folder);
      std::filesystem::create_directories(folder);
      std::filesystem::copy_file(fixture(version), location_.file);
    } else {
      server()->sql("DROP SCHEMA IF EXISTS klingv2a CASCADE; CREATE SCHEMA klingv2a; SET search_path TO klingv2a; " +
                    as_sql(version));
    }
  }

  // The fixture's tables and rows, as SQL for PostgreSQL.
  static std::string as_sql(int version) {
    SQLite::Database old(fixture(version), SQLite::OPEN_READONLY);
    std::string sql;
    for (SQLite::Statement each(old, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid");
         each.executeStep();)
      sql += each.getColumn(0).getString() + "; ";
    for (const char* table : {"klingv2a_schema", "klingv2a_tasks"})
      for (SQLite::Statement row(old, std::string("SELECT * FROM ") + table); row.executeStep();) {
        std::string values;
        for (int i = 0; i < row.getColumnCount(); ++i)
          values += (i > 0 ? ", '" : "'") + row.getColumn(i).getString() + "'";
        sql += std::string("INSERT INTO ") + table + " VALUES (" + values + "); ";
      }
    return sql;
  }

  // What a program of the first version, whose connection was open before, runs now.
  void run_as_old(const std::string& sql) const {
    if (GetParam() == test::Store::postgresql) return (void)server()->sql("SET search_path TO klingv2a; " + sql);
    SQLite::Database old(location_.file, SQLite::OPEN_READWRITE, 5000);
    old.exec(sql);
  }

  [[nodiscard]] std::map<std::string, Row> rows() {
    std::map<std::string, Row> by_key;
    for (Row& row : Journal(location_, clock_, nullptr).rows()) by_key[row.key] = std::move(row);
    return by_key;
  }

  static ClipIdentity clip(const std::string& key) {
    return {.key = key, .length_ms = 5000, .service = "https://api.example.com/kling", .account = "account-1"};
  }

  void expect_rows_of(int version);
  [[nodiscard]] std::vector<Record> versions() const {
    return connect()->run("SELECT version FROM klingv2a_schema ORDER BY version", {});
  }

  test::FakeClock clock_;
};

TEST_P(JournalMigration, RowsInEveryStateAreAsTheyWereInEachVersion) {
  for (int version = 1; version < kSchemaVersion; ++version) {
    SCOPED_TRACE(version);
    use(version);
    expect_rows_of(version);
  }
}

void JournalMigration::expect_rows_of(int version) {
  const auto all = rows();
  ASSERT_EQ(all.size(), 7U);
  const std::map<std::string, std::pair<State, std::string>> expected{
      {"waiting", {State::waiting, ""}},
      {"refused", {State::waiting, ""}},
      {"prepared", {State::prepared, ""}},
      {"submitted", {State::submitted, "895221410001"}},
      {"succeeded", {State::succeeded, "895221410002"}},
      {"downloaded", {State::downloaded, "895221410003"}},
      {"failed", {State::failed, "895221410004"}},
  };
  for (const auto& [key, was] : expected) {
    const Row& row = all.at(key);
    EXPECT_EQ(row.state, was.first) << key;
    EXPECT_EQ(row.handle_or_task_id(), was.second) << key;
    const bool was_asked_for = !row.external_task_id.empty();
    EXPECT_EQ(row.gateway, version >= 3 && was_asked_for ? "kling" : "") << key;
    EXPECT_EQ(row.handle, "") << key;
    EXPECT_EQ(row.service, "https://api.example.com/kling") << key;
  }
  EXPECT_EQ(all.at("prepared").external_task_id, "ours-prepared");
  EXPECT_EQ(all.at("prepared").request, R"({"prompt":"wind"})");
  EXPECT_EQ(all.at("downloaded").result_bytes, 960044);
  EXPECT_EQ(all.at("failed").message, "the video is broken");
}

TEST_P(JournalMigration, ClipsOfTheOldVersionAreFoundAndGoOn) {
  Journal journal(location_, clock_, nullptr);
  const auto prepared = journal.claim(clip("prepared"), Seconds(0), ignore);
  EXPECT_EQ(state_to_resume(prepared->row()), State::prepared) << "looked up, not paid for again";
  prepared->accepted("895221410099", "https://gateway.example/requests/895221410099");
  const auto refused = journal.claim(clip("refused"), Seconds(0), ignore);
  refused->prepare({.external_task_id = "new", .request = "{}", .gateway = "kling"}, 100, Seconds(0), ignore);
  refused->accepted("895221410100", "895221410100");
  const auto all = rows();
  EXPECT_EQ(all.size(), 7U);
  EXPECT_EQ(all.at("prepared").task_id, "895221410099");
  EXPECT_EQ(all.at("prepared").handle_or_task_id(), "https://gateway.example/requests/895221410099");
  EXPECT_EQ(all.at("refused").gateway, "kling");
  EXPECT_EQ(all.at("refused").handle, "") << "it says no more than the task_id";
}

TEST_P(JournalMigration, AnOldProgramBetweenItsPostAndTheAnswerWritesItsTaskDown) {
  run_as_old("UPDATE klingv2a_tasks SET owner = 'old', beat = 7 WHERE key = 'prepared'");
  ASSERT_EQ(rows().at("prepared").state, State::prepared) << "from here on the tables are of this version";
  run_as_old(
      "UPDATE klingv2a_tasks SET task_id = '895221410005', state = 2, submitted_ms = 5, beat = 8, "
      "message = '', request = '{}', ticket = 3, owner = 'old' WHERE id = 3");
  run_as_old(std::string("INSERT INTO klingv2a_tasks (") + kOldColumns +
             ") VALUES (8, 'another', 4000, 'https://api.example.com/kling', 'account-1', '', "
             "'', 0, '', '', '', '', '', '', '', 0, 1, 0, 0, 0, 0, 0, '', 1, 0)");
  const auto all = rows();
  EXPECT_EQ(all.at("prepared").state, State::submitted);
  EXPECT_EQ(all.at("prepared").handle_or_task_id(), "895221410005");
  EXPECT_EQ(all.at("another").length_ms, 4000) << "a new row of the old program has the defaults";
}

TEST_P(JournalMigration, IsDoneOnceWhoeverOpensFirst) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(rows().size(), 7U);
  EXPECT_EQ(versions(), (std::vector<Record>{{"1"}, {"2"}, {"3"}, {"4"}}));
}

// A program of any older version looks at the greatest version first, and goes no further.
TEST_P(JournalMigration, AnOlderProgramRefusesWhatPlansHaveOpened) {
  for (int version = 1; version < kSchemaVersion; ++version) {
    use(version);
    const Plans plans(location_, clock_, nullptr);
    EXPECT_EQ(versions().back(), Record{std::to_string(kSchemaVersion)}) << version;
  }
}

TEST_P(JournalMigration, CutsJoinsAndTakesHaveAPlaceInEachVersion) {
  for (int version = 1; version < kSchemaVersion; ++version) {
    SCOPED_TRACE(version);
    use(version);
    Plans plans(location_, clock_, nullptr);
    const std::string key(64, 'a');
    EXPECT_TRUE(plans.cuts_after("").empty());
    plans.write({.media_key = key, .frames = 1, .place_begin = "edge", .place_end = "inside", .way = "remux"});
    plans.write({.row = "row", .media_key = key});
    (void)plans.write({.earlier = "one", .later = "two", .figures = "{}"});
    EXPECT_EQ(plans.cuts_after("").size(), 1U);
    EXPECT_EQ(plans.takes_of("row").size(), 1U);
    EXPECT_TRUE(plans.join_of("one", "two"));
    EXPECT_EQ(rows().size(), 7U);
  }
}

KLINGV2A_OVER_BOTH_STORES(JournalMigration);

}  // namespace
}  // namespace klingv2a::journal
