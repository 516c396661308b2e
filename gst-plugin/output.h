// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A source pad of the element and where its task has got to. Part of the element's state: guarded by its mutex.
#pragma once

#include <gst/gst.h>

#include <algorithm>

#include "hold.h"

namespace klingv2a {

struct Output {
  GstPad* pad = nullptr;
  bool active = false;
  bool ended = false;  // EOS went out
  GstFlowReturn flow = GST_FLOW_OK;
  GstClockTime position = GST_CLOCK_TIME_NONE;  // stream time of the end of what was last pushed
  GstSegment segment{};                         // last one pushed
  Nanoseconds left = kNever;                    // running time of what left the hold last

  // Up to `time`, in the segment. Its end is the last position; what ends before its start (pre-roll) has none.
  void advance_to(GstClockTime time) {
    const auto end = GST_CLOCK_TIME_IS_VALID(segment.stop) ? std::min(time, segment.stop) : time;
    const auto reached = gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, end);
    if (GST_CLOCK_TIME_IS_VALID(reached)) position = reached;
  }
  // Does somebody take what it pushes?
  [[nodiscard]] bool is_taken() const { return active && flow == GST_FLOW_OK && gst_pad_is_linked(pad); }
  // After a flush, or on the way up: as if nothing had been pushed.
  void restart() {
    ended = false;
    flow = GST_FLOW_OK;
    position = GST_CLOCK_TIME_NONE;
    segment = {};
    left = kNever;
  }
};

}  // namespace klingv2a
