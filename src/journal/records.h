// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Rows in and out of the store. To be called within a transaction, on the connection's thread.
#pragma once

#include <vector>

#include "journal/connection.h"
#include "journal/row.h"

namespace klingv2a::journal {

class Records {
 public:
  explicit Records(Connection& connection) : connection_(&connection) {}

  // The clip's row, if there is one.
  [[nodiscard]] std::optional<Row> find(const ClipIdentity& clip);
  [[nodiscard]] std::optional<Row> by_id(std::int64_t id);
  // The account's rows that wait for their turn or whose task may be under way.
  [[nodiscard]] std::vector<Row> open_rows(const std::string& account);
  // Another row of the same service has this task; or a POST of its own that may have made it, for it went out under
  // the same external_task_id, by the same account, and its task is not known.
  [[nodiscard]] bool is_of_another(const std::string& task_id, const Row& row);
  // Another row of the same service that has this task.
  [[nodiscard]] std::optional<Row> holder_of(const std::string& task_id, const Row& row);
  // All, oldest first.
  [[nodiscard]] std::vector<Row> all();
  // A ticket behind all that were given out.
  [[nodiscard]] std::int64_t next_ticket();
  // Gives `row` its id.
  void insert(Row& row);
  void update(const Row& row);
  void remove(std::int64_t id);

 private:
  std::vector<Row> select(const std::string& condition, const Record& parameters);
  std::int64_t next(const char* column);

  Connection* connection_;
};

}  // namespace klingv2a::journal
