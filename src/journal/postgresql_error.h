// SPDX-License-Identifier: LGPL-2.1-or-later
//
// PostgreSQL's troubles as ours. Pure functions; any thread.
#pragma once

#include <string>

#include "error.h"

namespace klingv2a::journal {

// `sqlstate`: five characters, or empty when no server has answered. `message`: libpq's, without secrets; it becomes
// one line.
[[nodiscard]] Error postgresql_error(const std::string& where, const std::string& sqlstate, const std::string& message);

// The last SQLSTATE in a verbose message: a connection that fails has no result to ask for it. Empty: there is none.
[[nodiscard]] std::string sqlstate_in(const std::string& message);

}  // namespace klingv2a::journal
