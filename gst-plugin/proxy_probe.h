// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A last look at the finished proxy before anything is published: what the service will see is what the limits are
// about. Runs on the cycle thread; ends by itself when its patience does.
#pragma once

#include <gio/gio.h>

#include <array>

#include "clip_timeline.h"
#include "clock.h"
#include "spool_file.h"

namespace klingv2a {

// How long each look may take. A second one follows on a time-out only: that says something of the machine, and nothing
// of the file.
using ProbePatience = std::array<Seconds, 2>;
inline constexpr ProbePatience kProbePatience{Seconds(15), Seconds(60)};

// Throws Error{input} when the file breaks a limit, or does not show what the clip's timeline promises; Error{busy}
// when no look came to its end in time; Error{cancelled}. `cancel` may be null.
void probe_proxy(const SpoolFile& proxy, const ClipTimeline& timeline, GCancellable* cancel,
                 const ProbePatience& patience = kProbePatience);

}  // namespace klingv2a
