// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The sound of a row of the journal without its clip: for people who fetch what a run has left. Looks up, polls and
// downloads as the cycle does, and never submits: nothing here costs anything.
#pragma once

#include "cycle/cycle.h"

namespace klingv2a::cycle {

// How long to wait for a task that has not ended.
enum class FetchWait {
  look_once,
  until_timeout,  // settings.timeout
};

// `settings`: service, journal, limits and timeout; its request is not used. Throws Error as run_cycle() does, and
// Error{settings} for a row that no task was ever asked for, Error{still-running} for one that another run has.
[[nodiscard]] CycleResult fetch_sound(const CycleSettings& settings, std::int64_t row_id, FetchWait wait, Clock& clock,
                                      const GObjectPtr<GCancellable>& cancel, CycleObserver& observer);

}  // namespace klingv2a::cycle
