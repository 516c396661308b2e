// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The rules of paying once, whatever the store: a clip has one row; one run at a time has the row (a lease with a
// heartbeat); before a POST the row says that one may be out; at most so many tasks of an account are under way, first
// come first served. No run ever deletes a row; people may, by hand (Claim::forget()).
//
// Threads: a Journal and its claims are made, used and destroyed on one thread (the cycle thread). The heartbeat has a
// thread and a connection of its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "clock.h"
#include "journal/heartbeat.h"
#include "journal/location.h"
#include "journal/owner.h"
#include "journal/records.h"
#include "journal/row.h"

namespace klingv2a::journal {

// Called now and then with what is waited for.
using OnWait = std::function<void(const std::string& what)>;

// The lease is lost: this run stood still for so long that another one took the clip over; or what was to be written is
// overtaken, since the row has a task by now. Nothing was written. To claim the clip again is the way on.
class LeaseLost : public Error {
 public:
  using Error::Error;
};

class Journal;

// The POST that is to go out.
struct Post {
  std::string external_task_id;  // used when the row has none
  std::string request;           // without secrets
  std::string gateway = {};      // kind of service
};

// One clip's row in our hands. The destructor gives it back, so that the next run need not wait.
class Claim {
 public:
  ~Claim();
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  // As it was last read or written by us.
  [[nodiscard]] const Row& row() const noexcept { return row_; }
  // The row's POST, if one was prepared, was prepared for the account that this claim is made for: what that account's
  // list lacks does not exist.
  [[nodiscard]] bool is_of_this_account() const noexcept { return row_.account == account_; }
  // Another run had the clip when we came.
  [[nodiscard]] bool waited_for_another() const noexcept { return waited_; }
  [[nodiscard]] int missed_beats() const noexcept { return heartbeat_->failures(); }

  // A task that was found by the row's external_task_id is another clip's, or may be, by what the journal has. Throws
  // Error for trouble with the store.
  [[nodiscard]] bool is_of_another(const std::string& task_id);

  // Each is one committed transaction. Throws LeaseLost, or Error for trouble with the store. All but prepare() say
  // what has already happened, and are written also when the run was cancelled.

  // Waits until fewer than `max_tasks` tasks of the account are under way and nobody came earlier, then writes down
  // that a POST goes out. Throws Error{busy} when none of those that come first has ended for `patience`.
  void prepare(const Post& post, unsigned max_tasks, Seconds patience, const OnWait& on_wait);
  // The connection for the POST stands: the row is still ours and says that a POST goes out, which is written once
  // more, so that nobody takes it over while the first bytes leave. Throws LeaseLost when it is another's; Error{busy}
  // when that took longer than kConfirmWithin, for then it may be another's again.
  void confirm();
  // The POST was definitely refused, or never left, and no earlier one is unsettled.
  void refused(const std::string& message);
  // The task exists. Written whoever has the row by now: it is paid. What cannot be written is written with the next
  // step, or when the row is given back.
  // `handle`: what the gateway knows it by; empty: the task_id.
  void accepted(const std::string& task_id, const std::string& handle = {});
  // The task has ended: succeeded or failed.
  void ended(State state, const std::string& message, const std::string& failure_kind, const std::string& deduction);
  // The result's file is kept; `name` is the one among the results.
  void downloaded(const std::string& name, const std::string& form, const std::string& checksum, std::int64_t bytes);
  // The row of a failed task, or of a POST that certainly made none, is used for another one.
  void start_over();
  // A person says that the task that a POST of the row's may have made is this one. Throws Error{settings} when the row
  // has another task, when none was ever asked for, or when another row has this one; nothing is written when it has
  // it.
  void check_may_adopt(const std::string& task_id);
  void adopt(const std::string& task_id);
  // The row is removed: whatever was paid for it, the clip's next run knows nothing of it and pays again.
  void forget();

 private:
  friend class Journal;
  Claim(Journal& journal, Row row, const std::string& account, bool waited);
  // `before`: who comes first.
  [[nodiscard]] bool try_prepare(const Post& post, unsigned max_tasks, std::vector<std::int64_t>& before);
  template <typename Change>
  void change(const Change& change);
  [[nodiscard]] bool has_or_may_have(const Row& row, const std::string& task_id);
  void name_task();
  // Twice when the first attempt is cut short by a cancel, or by a store that goes away and comes back: it may have
  // been stored then, so `write` must be one that can be repeated.
  template <typename Write>
  void write_down(const Write& write);
  template <typename Change>
  void change_even_if_cancelled(const Change& change);
  [[nodiscard]] Row own_row();
  void give_back();

  Journal& journal_;
  Row row_;
  std::string unwritten_task_id_;  // accepted, and not in the row yet
  std::string unwritten_handle_;   // with it
  const std::string account_;      // that would be asked for a task
  const bool waited_;
  std::unique_ptr<Heartbeat> heartbeat_;
};

class Journal {
 public:
  // Opens the store. Throws Error{disk|settings|cancelled}; then nothing is paid.
  Journal(Location location, Clock& clock, GObjectPtr<GCancellable> cancel);

  // Finds the clip's row, or makes it, and takes it over as soon as nobody else has it. Throws Error{still-running}
  // after `patience`. A row keeps the account that was asked for its task, until prepare() asks clip.account.
  [[nodiscard]] std::unique_ptr<Claim> claim(const ClipIdentity& clip, Seconds patience, const OnWait& on_wait);
  // The same for a row that is known by its id. Throws Error{settings} when there is none (any more).
  [[nodiscard]] std::unique_ptr<Claim> claim_row(std::int64_t id, Seconds patience, const OnWait& on_wait);
  // The clip's row as it stands, whoever has it; nothing is taken or written.
  [[nodiscard]] std::optional<Row> look_up(const ClipIdentity& clip);
  // All rows, oldest first.
  [[nodiscard]] std::vector<Row> rows();
  [[nodiscard]] const Location& location() const noexcept { return location_; }

 private:
  friend class Claim;
  [[nodiscard]] std::optional<Row> try_claim(const ClipIdentity& clip, Row& other);
  [[nodiscard]] std::optional<Row> try_claim_row(std::int64_t id, Row& other);
  [[nodiscard]] bool take_over(Row& row, Row& other);
  template <typename Try>
  std::unique_ptr<Claim> claim_when_free(const Try& try_once, const std::string& account, Seconds patience,
                                         const OnWait& on_wait);
  // The rows of the account that are under way, or came earlier and wait.
  [[nodiscard]] std::vector<std::int64_t> before(const Row& row, const std::string& account);
  [[nodiscard]] bool is_under_way(const Row& row);
  [[nodiscard]] std::int64_t now_ms();
  void wait();
  // What has happened must be written down whatever was cancelled: from here on nothing but the store's own patience
  // ends a call.
  void outlive_cancel();

  const Location location_;
  Clock& clock_;
  const GObjectPtr<GCancellable> cancel_;  // the run's: ends waits
  GObjectPtr<GCancellable> store_cancel_;  // ends calls of the store; the run's, until it is outlived
  const std::string owner_;
  std::unique_ptr<Connection> connection_;
  Records records_;
  Watch watch_;
};

}  // namespace klingv2a::journal
