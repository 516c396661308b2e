// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where a journal and its results are: read from the setting, the environment and the XDG base directories. Pure but
// for the environment; any thread.
#pragma once

#include <memory>
#include <string>

#include "journal/connection.h"

namespace klingv2a::journal {

struct Location {
  std::string connection_string;  // of PostgreSQL, with what secrets it may have; empty: SQLite
  std::string file;               // of SQLite, absolute
  std::string results;            // directory of the results, absolute; empty: nowhere, none is kept
  bool simulated = false;         // the service is on loopback: what it makes must not mix with what was paid for
};

// `setting`: a file's path, a postgresql:// URI, or empty: KLINGV2A_JOURNAL, else
// $XDG_STATE_HOME/klingv2a/journal.sqlite. Results are in $XDG_CACHE_HOME/klingv2a/results. Services on loopback have a
// journal and results of their own beside the others ("simulated" in the name, or as the name of the schema).
// Throws Error{settings} for a relative path or another scheme, and where nothing names a place and there is no home.
[[nodiscard]] Location locate(const std::string& setting, const std::string& base_url);

// For messages: the path, or "postgresql://HOST:PORT/DATABASE"; nothing else of a URI, and nothing at all of one that
// is not readable, because a password may be anywhere in it.
[[nodiscard]] std::string displayable(const Location& location);

// False where a reader may take part of a password for something else: "@", "/", "?" or "#" in it, as they are.
[[nodiscard]] bool is_readable_postgresql_uri(const std::string& uri);

// Opens the store and brings its tables to the version of this program. Throws Error{disk|settings|cancelled}.
[[nodiscard]] std::unique_ptr<Connection> open_connection(const Location& location, Durability durability,
                                                          const GObjectPtr<GCancellable>& cancel);

}  // namespace klingv2a::journal
