// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clip_segments.h"

namespace klingv2a {

Nanoseconds running_time_of(const GstSegment& segment, GstClockTime pts) {
  guint64 value = 0;
  const int sign = gst_segment_to_running_time_full(&segment, GST_FORMAT_TIME, pts, &value);
  return sign < 0 ? -static_cast<Nanoseconds>(value) : static_cast<Nanoseconds>(value);
}

FrameTime frame_time(const GstSegment& segment, GstClockTime pts, GstClockTime duration) {
  const bool past_stop = GST_CLOCK_TIME_IS_VALID(segment.stop) && pts >= segment.stop;
  return {.start = running_time_of(segment, pts), .duration = duration, .past_stop = past_stop};
}

// One that only moves its stop or is sent again has no seam.
void SegmentSeams::add(const FrameTime& frame, const GstSegment& in_force) {
  const bool goes_on =
      segment_.start == in_force.start && segment_.base == in_force.base && segment_.offset == in_force.offset;
  if (!goes_on) before_ = latest_;
  segment_ = in_force;
  const bool pre_roll = frame.start < running_time_of(in_force, in_force.start);
  if (before_ && frame.start <= before_->start && (pre_roll || before_->past_stop)) overlap_ = true;
  if (!latest_ || frame.start > latest_->start) latest_ = frame;
}

}  // namespace klingv2a
