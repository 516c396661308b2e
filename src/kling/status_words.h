// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a task_status means. Kling has five words; gateways have their own, in capitals, with prefixes, in other
// grammar. Pure function; any thread.
#pragma once

#include <string_view>

#include "kling/words.h"

namespace klingv2a::kling {

// `unknown` for a word that is none of those that are known; "In-Progress", "TASK_STATUS_IN_PROGRESS" and "in progress"
// are one word.
[[nodiscard]] TaskStatus read_status(std::string_view text);

}  // namespace klingv2a::kling
