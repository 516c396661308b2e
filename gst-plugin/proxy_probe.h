// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A last look at the finished proxy before anything is published, with gst-pbutils: what the service will see is what
// the limits are about. Runs on the cycle thread; ends by itself after 15 s.
#pragma once

#include "clip_timeline.h"
#include "spool_file.h"

namespace klingv2a {

// Throws Error{input} when the file breaks a limit, or does not show what the clip's timeline promises.
void probe_proxy(const SpoolFile& proxy, const ClipTimeline& timeline);

}  // namespace klingv2a
