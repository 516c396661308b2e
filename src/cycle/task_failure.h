// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A failed task says why only in free text. This is the one place that reads it. Pure functions; any thread.
#pragma once

#include <string>

#include "error.h"

namespace klingv2a::cycle {

// The error of a task that failed with this `task_status_msg`: task-failed, or content when it reads like moderation.
[[nodiscard]] Error task_failure(const std::string& message, const std::string& request_id = {});

// It failed of something that passes (trouble inside the service, a video it could not fetch): another task for the
// same clip may end well.
[[nodiscard]] bool may_pass(const std::string& message);

}  // namespace klingv2a::cycle
