// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The journal in a SQLite file, through SQLiteCpp. The file is for its owner alone (mode 0600) and is written ahead
// (WAL), so that readers never block the writer.
#pragma once

#include "clock.h"
#include "journal/connection.h"

namespace klingv2a::journal {

// Makes the file and its directories when they are not there. A locked file is waited for, at most for `patience` in
// each call of the connection. Throws Error{disk|settings|cancelled}.
[[nodiscard]] std::unique_ptr<Connection> open_sqlite(const std::string& file, Durability durability,
                                                      const GObjectPtr<GCancellable>& cancel,
                                                      Seconds patience = kStorePatience);

}  // namespace klingv2a::journal
