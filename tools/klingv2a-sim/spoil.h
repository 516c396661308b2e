// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What gateways, proxies and scripts on the way make of a right answer, and where gateways put a result.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "answer.h"

namespace klingv2a::sim {

// The answer packed as `coding` says: gzip, deflate, raw (as deflate), unlabelled (gzip); any other one is only named,
// over bytes that mean nothing.
[[nodiscard]] Answer packed(Answer answer, const std::string& coding);

// The answer's text spoiled: utf16, bom, warning (of a script, before it), zeros (behind it), cut (its last ten bytes
// are missing, and the length says so), bad_bytes (in its message). Another `how` leaves it as it is.
[[nodiscard]] Answer spoiled(Answer answer, const std::string& how);

}  // namespace klingv2a::sim
