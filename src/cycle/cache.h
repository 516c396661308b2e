// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The results that are kept: played without a request, and written down when a new one has come.
#pragma once

#include <optional>

#include "cycle/download.h"
#include "cycle/run.h"
#include "journal/results.h"

namespace klingv2a::cycle {

// The sound that is kept for the row, when it is there and whole.
[[nodiscard]] std::optional<ResultSound> cached_sound(const Run& run, const journal::Location& location,
                                                      const journal::Row& row);

// The clip's cached result, when there is one that is whole and that the observer takes. Nothing: it is to be had from
// the service, if at all.
[[nodiscard]] std::optional<ResultSound> play_cached(Run& run, const journal::Location& location);

// What the journal knows of the task that a cached result is of.
[[nodiscard]] gateway::Task cached_task(const journal::Row& row);

// Puts a sound into the cache that was just downloaded. Trouble is reported and counted: the sound is there.
void store_in_cache(Run& run, const journal::Location& location, const ResultSound& sound);

}  // namespace klingv2a::cycle
