// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a clip's segments make of its frames: when each is shown, if at all, and what happens where one segment follows
// another. Plain values; any thread, each object one at a time.
#pragma once

#include <gst/gst.h>

#include <optional>

#include "clip_timeline.h"

namespace klingv2a {

// A frame of this PTS in a TIME `segment`.
[[nodiscard]] FrameTime frame_time(const GstSegment& segment, GstClockTime pts, GstClockTime duration);
// Signed running time of a PTS in a TIME `segment`.
[[nodiscard]] Nanoseconds running_time_of(const GstSegment& segment, GstClockTime pts);

// Where one segment of a clip follows another (edit lists, `concat`). Packets that are not shown are needed to decode,
// so they are in the proxy, too; at a seam they lie at the times of pictures that are shown.
class SegmentSeams {
 public:
  // A frame that came in the segment `in_force`.
  void add(const FrameTime& frame, const GstSegment& in_force);
  // There are packets that are not shown among those of another segment.
  [[nodiscard]] bool overlap() const { return overlap_; }

 private:
  GstSegment segment_{};             // the last frame's
  std::optional<FrameTime> latest_;  // by PTS
  std::optional<FrameTime> before_;  // the latest one of the segments before the last frame's
  bool overlap_ = false;
};

}  // namespace klingv2a
