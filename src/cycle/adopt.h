// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A task that a person has found at the service becomes its row's: for a POST of which nobody could say what came of
// it. The service is asked for the task, which costs nothing; nothing is ever submitted.
#pragma once

#include "cycle/cycle.h"

namespace klingv2a::cycle {

// The task as the service shows it; the row is `submitted`, and its clip's next run goes on with it. A row that has
// this task already stays as it is. `settings`: service and journal. Throws Error with paid=no: settings for a row that
// has another task or that none was asked for, for a task that the service does not know, that another row has, or that
// was made for another external_task_id; still-running for a row that another run has; else what the service or the
// journal fails with.
[[nodiscard]] gateway::Task adopt_task(const CycleSettings& settings, std::int64_t row_id, const std::string& task_id,
                                       Clock& clock, const GObjectPtr<GCancellable>& cancel, CycleObserver& observer);

}  // namespace klingv2a::cycle
