// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The third step: waiting for the task. It is looked at in gaps (poll_gaps.h), and when a callback says that there is
// something to see, which may never come. The task is paid for, so only its end, a fatal answer, the time-out or a
// cancel end the wait; an outage of the service does not.
#pragma once

#include "cycle/run.h"

namespace klingv2a::cycle {

// Returns the task once it is `succeed`. Throws Error{task-failed} or Error{content} with the service's own words when
// it is `failed`, Error{still-running} at the time-out, the service's own error for a fatal answer.
[[nodiscard]] gateway::Task poll(Run& run);

// The same with one look: Error{still-running} when the task has not ended.
[[nodiscard]] gateway::Task poll_once(Run& run);

}  // namespace klingv2a::cycle
