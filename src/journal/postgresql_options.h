// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What libpq is told to connect with. libpq looks names up with getaddrinfo(), which nothing can interrupt, even where
// it promises not to block; so names are looked up here, with a deadline and a cancel, and libpq gets addresses. (It
// keeps the names, too: certificates and ~/.pgpass are about names.)
//
// Any thread. What the environment says (PGHOST, PGPORT, PGSERVICE …) is read once, with the URI.
#pragma once

#include <map>
#include <string>

#include "clock.h"
#include "error.h"
#include "gobject_ptr.h"
#include "journal/connection.h"

namespace klingv2a::journal {

using PostgresqlOptions = std::map<std::string, std::string>;  // libpq's words; may hold secrets

// Reads a postgresql:// URI, and where it names no host or port, what libpq would take for it; but for what a service
// says that the URI names (`service=`). Throws Error{settings}, without any of what it could not read. `where` is for
// messages.
[[nodiscard]] PostgresqlOptions parse_postgresql_uri(const std::string& uri, const std::string& where);

// Adds `hostaddr`: of each host all its addresses, each with the host's port. Where the options name no host, libpq is
// left to it (a socket, the URI's service). Throws Error{disk}, retryable, when no host has an address, and
// Error{cancelled}.
void look_up_hosts(PostgresqlOptions& options, const std::string& where, Seconds patience, GCancellable* cancel);

}  // namespace klingv2a::journal
