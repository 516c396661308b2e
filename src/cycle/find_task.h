// SPDX-License-Identifier: LGPL-2.1-or-later
//
// After a POST whose outcome is not known: is there a task? To ask costs nothing.
#pragma once

#include "cycle/run.h"

namespace klingv2a::cycle {

// The task that was found is another clip's: two clips have one external_task_id. Error{settings}.
class TaskOfAnother : public Error {
 public:
  using Error::Error;
};

// Looks the request's external_task_id up, a few times, since a fresh task may not be visible yet. A service that
// cannot be asked is "unknown", with the reason. Throws TaskOfAnother, Error{cancelled}, Error{disk} for trouble with
// the journal.
[[nodiscard]] gateway::LookupResult find_task(Run& run);

}  // namespace klingv2a::cycle
