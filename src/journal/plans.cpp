// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See plans.h. The SQL is such that SQLite and PostgreSQL both take it.
#include "journal/plans.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace klingv2a::journal {

namespace {

// More clips than any row has; more are damage, for to leave one out would pay for another take.
constexpr std::size_t kMostTakes = 100'000;
// Parameters of one statement: both stores take many times as many.
constexpr std::size_t kKeysAtOnce = 500;

// No more of a text than can be right, whatever is stored, and a number as the text it is.
std::string shortened_columns(const Table& table) {
  std::string all;
  for (const Column& column : table.columns)
    all += std::string(all.empty() ? "" : ", ") + "substr(CAST(" + column.name + " AS TEXT), 1, " +
           std::to_string(column.most) + ")";
  return all;
}

std::string placeholder(std::size_t number) {
  return "$" + std::to_string(number);
}

// "a = $1 AND b = $2 …" of all columns.
std::string same_in(std::span<const Column> columns) {
  std::string all;
  for (std::size_t i = 0; i < columns.size(); ++i)
    all += std::string(i == 0 ? "" : " AND ") + columns[i].name + " = " + placeholder(i + 1);
  return all;
}

constexpr const char* kSameTake = "row_key = $1 AND media_key = $2 AND place = $3";

Record key_of(const Take& take) {
  return {take.row, take.media_key, std::to_string(take.place)};
}

Error damage(const std::string& where, const std::string& table, const std::string& fault) {
  return journal_error(ErrorKind::disk, where, "is damaged: " + table + " has a record that cannot be (" + fault + ")",
                       "keep it: it says which tasks were paid for. Look at that record");
}

// What could not be read again is not written.
template <typename Value>
void check(const std::string& where, const Checked<Value>& checked) {
  if (checked.fault.empty()) return;
  throw journal_error(ErrorKind::service, where, "was given a record that cannot be: " + checked.fault);
}

}  // namespace

Plans::Plans(const Location& location, Clock& clock, const GObjectPtr<GCancellable>& cancel)
    : where_(displayable(location)),
      clock_(clock),
      connection_(open_connection(location, Durability::crash_of_machine, cancel)) {}

template <typename Read>
auto Plans::select(const Table& table, const std::string& rest, const Record& parameters, const Read& read) {
  std::vector<decltype(read({}).value)> values;
  for (const Record& record :
       connection_->run("SELECT " + shortened_columns(table) + " FROM " + table.name + " WHERE " + rest, parameters)) {
    auto checked = read(record);
    if (!checked.fault.empty()) throw damage(where_, table.name, checked.fault);
    values.push_back(std::move(checked.value));
  }
  return values;
}

void Plans::insert(const Table& table, Record record) {
  std::string columns, values;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    columns += std::string(table.columns[i].name) + ", ";
    values += placeholder(i + 1) + ", ";
  }
  record.push_back(now_ms());
  connection_->run(std::string("INSERT INTO ") + table.name + " (" + columns + "written_ms) VALUES (" + values +
                       placeholder(record.size()) + ")",
                   record);
}

std::string Plans::now_ms() {
  return std::to_string(static_cast<std::int64_t>(clock_.wall().count() * 1000));
}

// ---- cuts

std::vector<Cut> Plans::newest_cuts(const std::string& condition, const Record& parameters) {
  auto cuts = select(kCuts, condition + " ORDER BY id DESC LIMIT " + std::to_string(kMostCuts), parameters, to_cut);
  std::ranges::reverse(cuts);
  return cuts;
}

std::vector<Cut> Plans::cuts_after(const std::string& before) {
  return in_transaction(*connection_, [&] { return newest_cuts("before_key = $1", {before}); });
}

std::vector<Cut> Plans::cuts_to(const std::string& before, const std::vector<std::string>& media_keys) {
  auto cuts = in_transaction(*connection_, [&] {
    std::vector<Cut> found;
    for (auto from = media_keys.begin(); from != media_keys.end();) {
      const auto to = from + std::min<std::ptrdiff_t>(kKeysAtOnce, media_keys.end() - from);
      Record parameters{before};
      std::string places;
      for (; from != to; ++from) {
        parameters.push_back(*from);
        places += (places.empty() ? "" : ", ") + placeholder(parameters.size());
      }
      std::ranges::move(newest_cuts("before_key = $1 AND media_key IN (" + places + ")", parameters),
                        std::back_inserter(found));
    }
    return found;
  });
  std::ranges::sort(cuts, {}, &Cut::id);
  const auto same = [](const Cut& a, const Cut& b) { return a.id == b.id; };  // a key that was asked for twice
  cuts.erase(std::unique(cuts.begin(), cuts.end(), same), cuts.end());
  if (cuts.size() > kMostCuts) cuts.erase(cuts.begin(), cuts.end() - kMostCuts);
  return cuts;
}

std::int64_t Plans::newest_id(const std::string& condition, const Record& parameters) {
  const auto rows =
      connection_->run("SELECT substr(CAST(MAX(id) AS TEXT), 1, 21) FROM klingv2a_cuts " + condition, parameters);
  const auto [id, fault] = to_id(rows.front().front());
  if (!fault.empty()) throw damage(where_, kCuts.name, fault);
  return id;
}

// `cut`: without its id.
void Plans::insert_once(const Record& cut) {
  const std::string same = same_in(kCuts.columns.first(cut.size()));
  if (!connection_->run(std::string("SELECT 1 FROM ") + kCuts.name + " WHERE " + same, cut).empty()) return;
  Record record = cut;
  record.push_back(std::to_string(newest_id("", {}) + 1));
  insert(kCuts, std::move(record));
}

void Plans::write(const Cut& cut) {
  Record record = to_record(cut);
  check(where_, to_cut(record));
  record.pop_back();
  in_transaction(*connection_, [&] { insert_once(record); });
}

bool Plans::write_unless_overtaken(const Cut& cut, std::int64_t newest_seen) {
  Record record = to_record(cut);
  check(where_, to_cut(record));
  record.pop_back();
  return in_transaction(*connection_, [&] {
    if (newest_id("WHERE before_key = $1", {cut.before}) > newest_seen) return false;
    insert_once(record);
    return true;
  });
}

// ---- joins

std::optional<StoredJoin> Plans::find_join(const std::string& earlier, const std::string& later) {
  auto joins = select(kJoins, "earlier = $1 AND later = $2", {earlier, later}, to_join);
  if (joins.empty()) return std::nullopt;
  return std::move(joins.front());
}

std::optional<StoredJoin> Plans::join_of(const std::string& earlier, const std::string& later) {
  return in_transaction(*connection_, [&] { return find_join(earlier, later); });
}

StoredJoin Plans::write(const StoredJoin& join) {
  const Record record = to_record(join);
  check(where_, to_join(record));
  return in_transaction(*connection_, [&] {
    if (auto first = find_join(join.earlier, join.later)) return std::move(*first);
    insert(kJoins, record);
    return join;
  });
}

// ---- takes

std::vector<Take> Plans::takes_of(const std::string& row) {
  auto takes = in_transaction(*connection_, [&] {
    const std::string limit = std::to_string(kMostTakes + 1);
    return select(kTakes, "row_key = $1 ORDER BY place, media_key LIMIT " + limit, {row}, to_take);
  });
  if (takes.size() > kMostTakes) throw damage(where_, kTakes.name, "more takes than clips");
  return takes;
}

std::optional<Take> Plans::find_take(const Take& which) {
  auto takes = select(kTakes, kSameTake, key_of(which), to_take);
  if (takes.empty()) return std::nullopt;
  return std::move(takes.front());
}

void Plans::replace(const Record& take) {
  const std::string sets = "UPDATE klingv2a_takes SET take = $1, finished = $2, written_ms = $3 ";
  connection_->run(sets + "WHERE row_key = $4 AND media_key = $5 AND place = $6",
                   {take.at(3), take.at(4), now_ms(), take.at(0), take.at(1), take.at(2)});
}

void Plans::write(const Take& take) {
  Take wanted = take;
  wanted.finished = false;
  const Record record = to_record(wanted);
  check(where_, to_take(record));
  in_transaction(*connection_, [&] {
    const auto before = find_take(take);
    if (before && before->take == take.take) return;
    before ? replace(record) : insert(kTakes, record);
  });
}

bool Plans::finish(const Take& take) {
  check(where_, to_take(to_record(take)));
  return in_transaction(*connection_, [&] {
    const auto wanted = find_take(take);
    if (!wanted || wanted->take != take.take) return false;
    if (!wanted->finished)
      connection_->run(std::string("UPDATE klingv2a_takes SET finished = 1 WHERE ") + kSameTake, key_of(take));
    return true;
  });
}

}  // namespace klingv2a::journal
