// SPDX-License-Identifier: LGPL-2.1-or-later
//
// After a POST whose outcome is not known: is there a task? To ask costs nothing.
#pragma once

#include "cycle/run.h"
#include "kling/lookup.h"

namespace klingv2a::cycle {

// Looks the request's external_task_id up, a few times, since a fresh task may not be visible yet. A service that
// cannot be asked is "unknown", with the reason. Throws Error{cancelled}.
[[nodiscard]] kling::LookupResult find_task(Run& run);

}  // namespace klingv2a::cycle
