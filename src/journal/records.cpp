// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See records.h. The columns are named once, in the order of their parameters.
#include "journal/records.h"

#include <algorithm>
#include <cstdlib>

namespace klingv2a::journal {

namespace {

// id first: it is not among those that change.
constexpr const char* kColumns[] = {
    "id",           "key",          "length_ms",       "service",      "account",      "external_task_id",
    "request",      "state",        "task_id",         "message",      "failure_kind", "deduction",
    "result_name",  "result_form",  "result_checksum", "result_bytes", "waiting_ms",   "prepared_ms",
    "submitted_ms", "succeeded_ms", "downloaded_ms",   "failed_ms",    "owner",        "beat",
    "ticket",       "gateway",      "handle",
};

Record to_record(const Row& row) {
  Record record{std::to_string(row.id),
                row.key,
                std::to_string(row.length_ms),
                row.service,
                row.account,
                row.external_task_id,
                row.request,
                std::to_string(static_cast<int>(row.state)),
                row.task_id,
                row.message,
                row.failure_kind,
                row.deduction,
                row.result_name,
                row.result_form,
                row.result_checksum,
                std::to_string(row.result_bytes)};
  for (const std::int64_t at : row.at_ms) record.push_back(std::to_string(at));
  record.insert(record.end(),
                {row.owner, std::to_string(row.beat), std::to_string(row.ticket), row.gateway, row.handle});
  return record;
}

std::int64_t number(const std::string& text) {
  return std::strtoll(text.c_str(), nullptr, 10);
}

Row to_row(const Record& record) {
  Row row;
  auto next = record.begin();
  const auto text = [&next](std::string& member) { member = *next++; };
  const auto integer = [&next](std::int64_t& member) { member = number(*next++); };
  integer(row.id);
  text(row.key);
  integer(row.length_ms);
  for (std::string* member : {&row.service, &row.account, &row.external_task_id, &row.request}) text(*member);
  row.state = static_cast<State>(number(*next++));
  for (std::string* member : {&row.task_id, &row.message, &row.failure_kind, &row.deduction, &row.result_name,
                              &row.result_form, &row.result_checksum})
    text(*member);
  integer(row.result_bytes);
  for (std::int64_t& at : row.at_ms) integer(at);
  text(row.owner);
  integer(row.beat);
  integer(row.ticket);
  text(row.gateway);
  text(row.handle);
  return row;
}

std::string column_list() {
  std::string all;
  for (const char* column : kColumns) all += std::string(all.empty() ? "" : ", ") + column;
  return all;
}

std::string placeholders() {
  std::string all;
  for (std::size_t i = 1; i <= std::size(kColumns); ++i) all += (i == 1 ? "$" : ", $") + std::to_string(i);
  return all;
}

// All columns but the id, which is the last parameter: both stores number parameters in the order of their first use.
std::string assignments() {
  std::string all;
  for (std::size_t i = 1; i < std::size(kColumns); ++i)
    all += std::string(i == 1 ? "" : ", ") + kColumns[i] + " = $" + std::to_string(i);
  return all;
}

}  // namespace

std::vector<Row> Records::select(const std::string& condition, const Record& parameters) {
  std::vector<Row> rows;
  for (const Record& record :
       connection_->run("SELECT " + column_list() + " FROM klingv2a_tasks " + condition + " ORDER BY id", parameters))
    rows.push_back(to_row(record));
  return rows;
}

std::optional<Row> Records::find(const ClipIdentity& clip) {
  for (Row& row : select("WHERE key = $1", {clip.key}))
    if (std::abs(row.length_ms - clip.length_ms) <= kLengthToleranceMs) return std::move(row);
  return std::nullopt;
}

std::optional<Row> Records::by_id(std::int64_t id) {
  auto rows = select("WHERE id = $1", {std::to_string(id)});
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

std::vector<Row> Records::open_rows(const std::string& account) {
  return select("WHERE account = $1 AND state IN (0, 1, 2)", {account});
}

bool Records::is_of_another(const std::string& task_id, const Row& row) {
  return !select(
              "WHERE id <> $1 AND service = $2 AND (task_id = $3 OR (task_id = '' AND state <> 0 AND "
              "external_task_id = $4 AND account = $5))",
              {std::to_string(row.id), row.service, task_id, row.external_task_id, row.account})
              .empty();
}

std::optional<Row> Records::holder_of(const std::string& task_id, const Row& row) {
  auto rows =
      select("WHERE id <> $1 AND service = $2 AND task_id = $3", {std::to_string(row.id), row.service, task_id});
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

std::vector<Row> Records::all() {
  return select("", {});
}

std::int64_t Records::next_ticket() {
  return next("ticket");
}

std::int64_t Records::next(const char* column) {
  const auto rows = connection_->run(std::string("SELECT MAX(") + column + ") FROM klingv2a_tasks", {});
  return number(rows.front().front()) + 1;
}

void Records::insert(Row& row) {
  row.id = next("id");
  connection_->run("INSERT INTO klingv2a_tasks (" + column_list() + ") VALUES (" + placeholders() + ")",
                   to_record(row));
}

void Records::update(const Row& row) {
  Record parameters = to_record(row);
  std::rotate(parameters.begin(), parameters.begin() + 1, parameters.end());
  connection_->run("UPDATE klingv2a_tasks SET " + assignments() + " WHERE id = $" + std::to_string(std::size(kColumns)),
                   parameters);
}

void Records::remove(std::int64_t id) {
  connection_->run("DELETE FROM klingv2a_tasks WHERE id = $1", {std::to_string(id)});
}

}  // namespace klingv2a::journal
