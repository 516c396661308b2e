// SPDX-License-Identifier: LGPL-2.1-or-later
#include "muxed_timeline.h"

#include <algorithm>

namespace klingv2a {

void MuxedTimeline::note_segment(const std::string& stream, const GstSegment& segment) {
  if (segment.format != GST_FORMAT_TIME) return;
  const std::lock_guard lock(mutex_);
  auto& lead = leads_[stream];
  if (lead.before_start > 0) lead.measured = true;
  lead.segment = segment;
}

void MuxedTimeline::note_buffer(const std::string& stream, const GstBuffer* buffer) {
  const std::lock_guard lock(mutex_);
  auto& lead = leads_[stream];
  if (lead.measured || !lead.segment || !GST_BUFFER_PTS_IS_VALID(buffer)) return;
  if (GST_BUFFER_PTS(buffer) >= lead.segment->start) return;
  lead.before_start = std::max(lead.before_start, lead.segment->start - GST_BUFFER_PTS(buffer));
}

void MuxedTimeline::set_priming(GstClockTime priming) {
  const std::lock_guard lock(mutex_);
  priming_ = priming;
}

void MuxedTimeline::settle() {
  if (front_) return;
  GstClockTime front = priming_;
  for (const auto& [stream, lead] : leads_) front = std::max(front, lead.before_start);
  front_ = front;
}

GstClockTime MuxedTimeline::front() {
  const std::lock_guard lock(mutex_);
  settle();
  return *front_;
}

GstSegment MuxedTimeline::move(const std::string& stream, const GstSegment& segment) {
  const std::lock_guard lock(mutex_);
  settle();
  GstSegment moved = segment;
  auto& lead = leads_[stream];
  // Only the segment that the lead-in was measured in begins with it.
  const bool leads = lead.before_start > 0 && segment.start >= lead.before_start;
  const auto before = leads ? lead.before_start : 0;
  moved.start -= before;
  moved.time -= std::min(moved.time, before);
  moved.position = moved.start;
  moved.base += *front_ - before;
  if (leads) lead.before_start = 0;
  return moved;
}

GstSegment MuxedTimeline::move_sound(const GstSegment& segment) {
  const std::lock_guard lock(mutex_);
  settle();
  GstSegment moved = segment;
  moved.base += *front_ - priming_;
  return moved;
}

}  // namespace klingv2a
