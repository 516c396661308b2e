// SPDX-License-Identifier: LGPL-2.1-or-later
#include "journal/schema.h"

#include <array>
#include <span>

namespace klingv2a::journal {

namespace {

// SQL that SQLite and PostgreSQL both take.
constexpr std::array kVersion1{
    "CREATE TABLE IF NOT EXISTS klingv2a_tasks ("
    "id BIGINT PRIMARY KEY, key TEXT NOT NULL, length_ms BIGINT NOT NULL, service TEXT NOT NULL, account TEXT NOT NULL,"
    "external_task_id TEXT NOT NULL, request TEXT NOT NULL, state INTEGER NOT NULL, task_id TEXT NOT NULL,"
    "message TEXT NOT NULL, failure_kind TEXT NOT NULL, deduction TEXT NOT NULL, result_name TEXT NOT NULL,"
    "result_form TEXT NOT NULL, result_checksum TEXT NOT NULL, result_bytes BIGINT NOT NULL,"
    "waiting_ms BIGINT NOT NULL, prepared_ms BIGINT NOT NULL, submitted_ms BIGINT NOT NULL,"
    "succeeded_ms BIGINT NOT NULL, downloaded_ms BIGINT NOT NULL, failed_ms BIGINT NOT NULL,"
    "owner TEXT NOT NULL, beat BIGINT NOT NULL, ticket BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS klingv2a_tasks_by_key ON klingv2a_tasks (key)",
    "CREATE INDEX IF NOT EXISTS klingv2a_tasks_by_account ON klingv2a_tasks (account, state)",
};

// All that decides whether a clip is paid for stands twice, in the table and here, so that a wrong bit in either is
// seen.
constexpr const char* kVersion2[] = {
    "CREATE INDEX IF NOT EXISTS klingv2a_tasks_by_clip ON klingv2a_tasks (key, length_ms, service, account, state)",
};

constexpr const char* kVersion3[] = {
    "ALTER TABLE klingv2a_tasks ADD COLUMN gateway TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE klingv2a_tasks ADD COLUMN handle TEXT NOT NULL DEFAULT ''",
};

// Of videos that are longer than one clip (plans.h). What decides about a payment stands twice here, too.
constexpr const char* kVersion4[] = {
    "CREATE TABLE IF NOT EXISTS klingv2a_cuts ("
    "id BIGINT PRIMARY KEY, before_key TEXT NOT NULL, media_key TEXT NOT NULL, frames_before BIGINT NOT NULL,"
    "frames BIGINT NOT NULL, frames_after BIGINT NOT NULL, place_begin TEXT NOT NULL, place_end TEXT NOT NULL,"
    "way TEXT NOT NULL, planner TEXT NOT NULL, music TEXT NOT NULL, written_ms BIGINT NOT NULL)",
    "CREATE UNIQUE INDEX IF NOT EXISTS klingv2a_cuts_once ON klingv2a_cuts (before_key, media_key, frames_before,"
    "frames, frames_after, place_begin, place_end, way, planner, music)",
    "CREATE INDEX IF NOT EXISTS klingv2a_cuts_in_order ON klingv2a_cuts (before_key, id)",
    "CREATE TABLE IF NOT EXISTS klingv2a_joins (earlier TEXT NOT NULL, later TEXT NOT NULL, figures TEXT NOT NULL,"
    "written_ms BIGINT NOT NULL, PRIMARY KEY (earlier, later))",
    "CREATE TABLE IF NOT EXISTS klingv2a_takes (row_key TEXT NOT NULL, place BIGINT NOT NULL, media_key TEXT NOT NULL,"
    "take BIGINT NOT NULL, finished INTEGER NOT NULL, written_ms BIGINT NOT NULL,"
    "PRIMARY KEY (row_key, place, media_key))",
    "CREATE INDEX IF NOT EXISTS klingv2a_takes_whole ON klingv2a_takes (row_key, place, media_key, take, finished)",
};

constexpr std::array<std::span<const char* const>, kSchemaVersion> kSteps{kVersion1, kVersion2, kVersion3, kVersion4};

int stored_version(Connection& connection) {
  const auto rows = connection.run("SELECT MAX(version) FROM klingv2a_schema", {});
  if (rows.empty() || rows.front().front().empty()) return 0;
  return std::stoi(rows.front().front());
}

}  // namespace

void migrate(Connection& connection, const std::string& where) {
  in_transaction(connection, [&] {
    connection.run("CREATE TABLE IF NOT EXISTS klingv2a_schema (version INTEGER NOT NULL)", {});
    const int version = stored_version(connection);
    if (version > kSchemaVersion) {
      throw journal_error(ErrorKind::settings, where,
                          "was written by a newer klingv2a (schema " + std::to_string(version) + ", this one knows " +
                              std::to_string(kSchemaVersion) + ")",
                          "use that version, or name another journal");
    }
    for (int step = version; step < kSchemaVersion; ++step) {
      for (const char* sql : kSteps.at(static_cast<std::size_t>(step))) connection.run(sql, {});
      connection.run("INSERT INTO klingv2a_schema (version) VALUES ($1)", {std::to_string(step + 1)});
    }
  });
}

}  // namespace klingv2a::journal
