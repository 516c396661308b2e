// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The arithmetic of one clip: where it starts and ends, what is pre-roll, and the timeline of its proxy. Pure functions
// over plain numbers; any thread. Times are signed nanoseconds of running time, because frames before the segment's
// start (pre-roll) lie before it.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <span>
#include <vector>

#include "nanoseconds.h"

namespace klingv2a {

// One frame (access unit), in decode order.
struct FrameTime {
  Nanoseconds start = 0;                        // running time of its PTS
  GstClockTime duration = GST_CLOCK_TIME_NONE;  // as it came
  bool past_stop = false;                       // at or after the stop of the segment it came in: not shown
};

// What a viewer sees of the clip, and what the proxy holds.
struct ClipTimeline {
  Nanoseconds first = 0;      // smallest PTS: the proxy's 0
  Nanoseconds start = 0;      // where the clip starts: max(first, segment start)
  Nanoseconds end = 0;        // largest PTS that is shown, plus that frame's duration
  Nanoseconds proxy_end = 0;  // largest PTS at all, plus that frame's duration
  Nanoseconds frame = 0;      // median distance of two frames; 0 for a single frame without duration

  [[nodiscard]] Nanoseconds length() const noexcept { return end - start; }
  [[nodiscard]] Nanoseconds pre_roll() const noexcept { return start - first; }
  [[nodiscard]] Nanoseconds proxy_length() const noexcept { return proxy_end - first; }
};

// `segment_start` is the running time of the start of the segment at the clip's first frame; further segments may
// follow. `frames` must not be empty.
[[nodiscard]] ClipTimeline measure(std::span<const FrameTime> frames, Nanoseconds segment_start);

// A frame's place in the proxy, from 0. DTS are the sorted PTS less the reorder delay, so they may be negative.
struct ProxyTime {
  Nanoseconds pts = 0;
  Nanoseconds dts = 0;
  Nanoseconds duration = 0;  // distance to the next DTS; the last frame's own
};

[[nodiscard]] std::vector<ProxyTime> proxy_times(std::span<const FrameTime> frames, const ClipTimeline& timeline);

// Nanoseconds to samples, to the nearest; `time` may be negative.
[[nodiscard]] std::int64_t to_samples(Nanoseconds time, int rate);

}  // namespace klingv2a
