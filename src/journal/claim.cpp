// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A row in our hands: each step of its life is one committed transaction that first makes sure that the row is still
// ours. See journal.h.
#include <ctime>
#include <utility>

#include "journal/journal.h"

namespace klingv2a::journal {

namespace {

// Counts also while the machine is suspended.
Seconds boot_time() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  constexpr double kNano = 1e-9;
  return Seconds(static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * kNano);
}

void enter(Row& row, State state, std::int64_t now_ms) {
  row.state = state;
  row.at_ms.at(static_cast<std::size_t>(state)) = now_ms;
}

// The run that had the row before may have come back to life, and have written down the task of its POST.
void check_has_no_task(const Row& row) {
  if (row.task_id.empty()) return;
  throw LeaseLost({.kind = ErrorKind::busy,
                   .retryable = true,
                   .message = "an earlier run has written down that task " + row.task_id + " was made for this clip"});
}

Error not_to_adopt(const std::string& message, const std::string& advice) {
  return make_error(ErrorKind::settings, Phase::check, message, advice);
}

// Of this row's own state; true: it has the task already.
bool may_have(const Row& row, const std::string& task_id) {
  if (row.task_id == task_id) return true;
  if (!row.task_id.empty())
    throw not_to_adopt("the row has task " + row.task_id + " (" + std::string(to_string(row.state)) + ")",
                       "it stays with that; another take of the clip can have another task");
  if (row.external_task_id.empty()) throw not_to_adopt("no task was ever asked for here", "dub the video");
  return false;
}

// Both are paid, and the row holds one.
void tell_of_second_task(const Row& row, const std::string& task_id) {
  if (row.task_id == task_id) return;
  g_warning("task %s was made for the clip of the journal's row %" G_GINT64_FORMAT ", which has task %s",
            task_id.c_str(), row.id, row.task_id.c_str());
}

}  // namespace

Claim::Claim(Journal& journal, Row row, const std::string& account, bool waited)
    : journal_(journal),
      row_(std::move(row)),
      account_(account.empty() ? row_.account : account),
      waited_(waited),
      heartbeat_(std::make_unique<Heartbeat>(journal.location_, row_.id, journal.owner_)) {}

Claim::~Claim() {
  heartbeat_.reset();
  try {
    give_back();
  } catch (const std::exception& failure) {
    g_warning("the journal's row %" G_GINT64_FORMAT " is not given back, its next run waits for %g s: %s", row_.id,
              kDeadAfter.count(), failure.what());
  }
}

void Claim::give_back() {
  journal_.outlive_cancel();
  name_task();
  in_transaction(*journal_.connection_, [&] {
    journal_.connection_->run("UPDATE klingv2a_tasks SET owner = '', ticket = 0 WHERE id = $1 AND owner = $2",
                              {std::to_string(row_.id), journal_.owner_});
  });
}

Row Claim::own_row() {
  std::optional<Row> row = journal_.records_.by_id(row_.id);
  if (row && row->owner == journal_.owner_) return std::move(*row);
  throw LeaseLost({.kind = ErrorKind::busy,
                   .retryable = true,
                   .message = "another run took this clip over while this one stood still"});
}

// What is paid is written whoever has the row by now.
void Claim::name_task() {
  if (unwritten_task_id_.empty()) return;
  in_transaction(*journal_.connection_, [&] {
    std::optional<Row> row = journal_.records_.by_id(row_.id);
    if (!row || row->external_task_id != row_.external_task_id) return;
    if (!row->task_id.empty()) return tell_of_second_task(*row, unwritten_task_id_);
    row->task_id = unwritten_task_id_;
    // Where it says no more than the task_id, a program that knows no handles cannot make it stale.
    row->handle = unwritten_handle_ == unwritten_task_id_ ? "" : unwritten_handle_;
    enter(*row, State::submitted, journal_.now_ms());
    ++row->beat;
    journal_.records_.update(*row);
  });
  unwritten_task_id_.clear();
}

template <typename Change>
void Claim::change(const Change& change) {
  name_task();
  row_ = in_transaction(*journal_.connection_, [&] {
    Row row = own_row();
    change(row);
    ++row.beat;
    journal_.records_.update(row);
    return row;
  });
}

template <typename Write>
void Claim::write_down(const Write& write) {
  journal_.outlive_cancel();
  try {
    write();
    return;
  } catch (const LeaseLost&) {
    throw;
  } catch (const Error& failure) {
    if (failure.kind() != ErrorKind::cancelled && !failure.details().retryable) throw;
    g_debug("the journal's row %" G_GINT64_FORMAT " is written again: %s", row_.id, failure.what());
  }
  journal_.outlive_cancel();
  write();
}

template <typename Change>
void Claim::change_even_if_cancelled(const Change& change_row) {
  write_down([&] { change(change_row); });
}

bool Claim::is_of_another(const std::string& task_id) {
  return in_transaction(*journal_.connection_, [&] { return journal_.records_.is_of_another(task_id, row_); });
}

bool Claim::try_prepare(const Post& post, unsigned max_tasks, std::vector<std::int64_t>& before) {
  bool goes = false;
  row_ = in_transaction(*journal_.connection_, [&] {
    Row row = own_row();
    check_has_no_task(row);
    const bool is_new = row.ticket == 0;
    if (is_new) row.ticket = journal_.records_.next_ticket();
    if (row.state == State::waiting) row.account = account_;
    before = journal_.before(row, account_);
    goes = before.size() < max_tasks;
    if (goes) {
      journal_.connection_->prove_whole();
      row.account = account_;
      if (row.external_task_id.empty()) row.external_task_id = post.external_task_id;
      row.request = post.request;
      row.gateway = post.gateway;
      enter(row, State::prepared, journal_.now_ms());
    }
    // Asked several times a second: what has not changed is not written.
    if (is_new || goes) journal_.records_.update(row);
    return row;
  });
  return goes;
}

void Claim::prepare(const Post& post, unsigned max_tasks, Seconds patience, const OnWait& on_wait) {
  Seconds give_up_at = journal_.clock_.now() + patience;
  std::vector<std::int64_t> before;
  std::size_t still_before = 0;
  bool told = false;
  while (!try_prepare(post, max_tasks, before)) {
    // As long as one after the other ends, the turn comes.
    if (before.size() < still_before) give_up_at = journal_.clock_.now() + patience;
    still_before = before.size();
    const std::string limit = std::to_string(max_tasks) + " tasks of this account are under way or come first";
    if (journal_.clock_.now() > give_up_at) {
      throw Error({.kind = ErrorKind::busy,
                   .retryable = true,
                   .message = limit + ", and none has ended",
                   .advice = "wait for them; max-tasks is how many the account may have at a time"});
    }
    if (!std::exchange(told, true)) on_wait("waiting for a turn: " + limit);
    journal_.wait();
  }
}

void Claim::confirm() {
  const Seconds begin = boot_time();
  row_ = in_transaction(*journal_.connection_, [&] {
    Row row = own_row();
    check_has_no_task(row);
    if (row.state != State::prepared) throw LeaseLost({.kind = ErrorKind::busy, .message = "the row was changed"});
    ++row.beat;
    journal_.records_.update(row);
    return row;
  });
  if (boot_time() - begin <= kConfirmWithin) return;
  throw Error({.kind = ErrorKind::busy,
               .retryable = true,
               .message = "this process stood still, or the journal was slow, just before the task was asked for"});
}

void Claim::refused(const std::string& message) {
  change_even_if_cancelled([&](Row& row) {
    check_has_no_task(row);
    row.message = message;
    enter(row, State::waiting, journal_.now_ms());
  });
}

void Claim::accepted(const std::string& task_id, const std::string& handle) {
  unwritten_task_id_ = task_id;
  unwritten_handle_ = handle;
  change_even_if_cancelled([](Row&) {});  // throws when the row is another's by now
}

void Claim::ended(State state, const std::string& message, const std::string& failure_kind,
                  const std::string& deduction) {
  change_even_if_cancelled([&](Row& row) {
    row.message = message;
    row.failure_kind = failure_kind;
    row.deduction = deduction;
    enter(row, state, journal_.now_ms());
  });
}

void Claim::downloaded(const std::string& name, const std::string& form, const std::string& checksum,
                       std::int64_t bytes) {
  change_even_if_cancelled([&](Row& row) {
    row.result_name = name;
    row.result_form = form;
    row.result_checksum = checksum;
    row.result_bytes = bytes;
    enter(row, State::downloaded, journal_.now_ms());
  });
}

void Claim::start_over() {
  unwritten_task_id_.clear();
  change_even_if_cancelled([&](Row& row) {
    if (row.state != State::failed) check_has_no_task(row);
    row.external_task_id.clear();
    row.task_id.clear();
    row.handle.clear();
    row.ticket = 0;
    enter(row, State::waiting, journal_.now_ms());
  });
}

// Within a transaction.
bool Claim::has_or_may_have(const Row& row, const std::string& task_id) {
  if (may_have(row, task_id)) return true;
  if (const std::optional<Row> other = journal_.records_.holder_of(task_id, row))
    throw not_to_adopt("task " + task_id + " is that of another row (row-" + std::to_string(other->id) + ", " +
                           std::string(to_string(other->state)) + ")",
                       "each task has made one sound, for one clip");
  return false;
}

void Claim::check_may_adopt(const std::string& task_id) {
  in_transaction(*journal_.connection_, [&] { (void)has_or_may_have(own_row(), task_id); });
}

void Claim::adopt(const std::string& task_id) {
  change([&](Row& row) {
    if (has_or_may_have(row, task_id)) return;
    row.task_id = task_id;
    enter(row, State::submitted, journal_.now_ms());
  });
}

void Claim::forget() {
  in_transaction(*journal_.connection_, [&] {
    (void)own_row();
    journal_.records_.remove(row_.id);
  });
}

}  // namespace klingv2a::journal
