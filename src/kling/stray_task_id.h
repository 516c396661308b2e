// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The last way to the task_id of an answer to the paid POST: by the words of its text, where it is no JSON that could
// be read, or has the id in a place of its own. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace klingv2a::kling {

// The one task_id that `text` names, to its last character; nothing when it names none, or several.
[[nodiscard]] std::optional<std::string> task_id_in(std::string_view text);

// True when `text` says that the request was refused: by a code that is no success, an error, `success: false`. A
// task_id in such an answer is not a task that was made.
[[nodiscard]] bool says_refused(std::string_view text);

}  // namespace klingv2a::kling
