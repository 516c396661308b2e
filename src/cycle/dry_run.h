// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The cycle up to the point where money would be spent: everything is checked, made and published as for a task, and
// then taken back. Runs on the cycle thread.
#pragma once

#include <string>

#include "cycle/cycle.h"

namespace klingv2a::cycle {

struct DryRun {
  Origin origin = Origin::submitted;  // what a run would begin with, by what the journal knows now
  bool would_pay = false;             // for a new task; also where that depends on what the service finds (looked_up)
  std::string request;                // its JSON, without signatures; empty where none would be made, or perhaps
  std::string summary;                // all of it in a sentence
  CycleStats stats;
};

// Throws what run_cycle() would throw before the POST. Nothing is paid, nothing is written into the journal.
[[nodiscard]] DryRun dry_run_cycle(const CycleSettings& settings, const CycleClip& clip, Clock& clock,
                                   const GObjectPtr<GCancellable>& cancel, CycleObserver& observer);

}  // namespace klingv2a::cycle
