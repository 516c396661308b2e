// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A connection to where the journal is stored: SQL with texts in and texts out, and transactions that run one after the
// other over everybody who shares the journal. The two stores differ here and nowhere else.
//
// A connection is made, used and destroyed on one thread. Each call ends by itself (a store that is locked or away is
// waited for, for at most kStorePatience) and as soon as the cancellable is cancelled.
#pragma once

#include <gio/gio.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "error.h"
#include "gobject_ptr.h"

namespace klingv2a::journal {

using Record = std::vector<std::string>;

inline constexpr std::chrono::seconds kStorePatience{10};

// How much a commit must survive.
enum class Durability {
  crash_of_machine,  // on the disk before the commit returns
  crash_of_program,  // heartbeats: worth nothing after a crash of the machine
};

class Connection {
 public:
  virtual ~Connection() = default;
  // Begins a transaction that no other one of this journal overlaps; commit() makes it last.
  virtual void begin() = 0;
  virtual void commit() = 0;
  // Never throws; a connection that is lost has rolled back by itself.
  virtual void rollback() noexcept = 0;
  // One statement with $1, $2 … in the order of their first use. Returns all rows; NULL comes as an empty text.
  // These throw Error{disk} (locked, full, corrupt, away), Error{settings} (not ours), Error{cancelled}.
  virtual std::vector<Record> run(const std::string& sql, const Record& parameters) = 0;
  // Throws Error{disk} when what is stored contradicts itself: then a row that is not found may be there all the same.
  // Reads all of it. A server that checks its own pages does nothing here.
  virtual void prove_whole() {}
};

// Runs `work` within one transaction: all of it, or, when it throws, nothing.
template <typename Work>
auto in_transaction(Connection& connection, Work&& work) -> decltype(work()) {
  connection.begin();
  try {
    if constexpr (std::is_void_v<decltype(work())>) {
      work();
      connection.commit();
    } else {
      auto result = work();
      connection.commit();
      return result;
    }
  } catch (...) {
    connection.rollback();
    throw;
  }
}

// Every trouble with the journal, in one form. `advice` says what to do.
[[nodiscard]] Error journal_error(ErrorKind kind, const std::string& where, const std::string& what,
                                  const std::string& advice = {});

}  // namespace klingv2a::journal
