// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What became of a submit whose outcome is not known: is there a task with this external_task_id? Money hangs on the
// answer, so "absent" is said only when the service has shown all of its tasks. Nothing here is ever a POST. Runs on
// the cycle thread.
#pragma once

#include <string>

#include "kling/client.h"

namespace klingv2a::kling {

// Asks for the task by its external id, then reads the list, page by page. A service may show a new task only after
// some seconds: "absent" right after the submit is not yet an answer.
// Throws as Client::query() does, for what asking again may cure (no answer, 429, 5xx), for refused credentials, and
// for a cancel.
[[nodiscard]] LookupResult look_up(Client& client, const std::string& external_task_id);

}  // namespace klingv2a::kling
