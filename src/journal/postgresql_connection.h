// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The journal in PostgreSQL, so that several hosts share one record of what was paid. libpq is used in its non-blocking
// form only, polled together with the cancellable.
//
// A transaction holds an advisory lock from its beginning to its end, so that those of one journal never overlap. When
// the connection is lost, the transaction under way fails (its commit may have been stored or not: who reads the row
// again sees which), and the next begin() connects anew. A server that is away, or that starts, is waited for.
#pragma once

#include "clock.h"
#include "journal/connection.h"

namespace klingv2a::journal {

// Makes the schema ("klingv2a", or "klingv2a_simulated") when it is not there. Each call of the connection ends within
// `patience`. Throws Error{disk|settings|cancelled}.
[[nodiscard]] std::unique_ptr<Connection> open_postgresql(const std::string& connection_string, bool simulated,
                                                          Durability durability, const GObjectPtr<GCancellable>& cancel,
                                                          Seconds patience = kStorePatience);

}  // namespace klingv2a::journal
