// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The journal's tables and how they came to be: each version is one step from the one before it. A step only adds:
// tables, columns with defaults, indexes. So a program of an older version that is at work while a newer one migrates
// can end what it has begun; one that starts later refuses the journal. Nothing here ever deletes a row.
#pragma once

#include "journal/connection.h"

namespace klingv2a::journal {

inline constexpr int kSchemaVersion = 4;

// Brings the tables up to kSchemaVersion, in one transaction. Throws Error{settings} when they are of a newer version.
// `where` is for messages.
void migrate(Connection& connection, const std::string& where);

}  // namespace klingv2a::journal
