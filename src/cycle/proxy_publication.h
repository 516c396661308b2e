// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The first step: the proxy gets its URL, and what is checked before anything is worked on or paid for.
#pragma once

#include <memory>

#include "cycle/run.h"
#include "publish/publisher.h"

namespace klingv2a::cycle {

// What the journal knows the clip by.
[[nodiscard]] journal::ClipIdentity identity_of(const CycleSettings& settings, const CycleClip& clip);

// Disk room for the result, and the publish target: a tiny file is put, fetched and removed. Once a run, also when the
// clip has to be taken again. Throws Error{disk}, and what publishing throws.
void check_before_work(Run& run, const CycleClip& clip);

// Has the proxy made, publishes it and puts its URL into the run's request. Null by reference.
[[nodiscard]] std::unique_ptr<publish::Publication> publish_proxy(Run& run, const CycleClip& clip);

// Removes what was published; nobody's run fails when that cannot be done. `publication` may be null.
void withdraw(Run& run, publish::Publication* publication);

}  // namespace klingv2a::cycle
