// SPDX-License-Identifier: LGPL-2.1-or-later
#include "muxed_timeline.h"

#include <algorithm>

namespace klingv2a {

void MuxedTimeline::note_segment(const std::string& stream, const GstSegment& segment) {
  if (segment.format != GST_FORMAT_TIME) return;
  const MutexLocker lock(mutex_);
  auto& lead = leads_[stream];
  if (lead.before_start > 0) lead.measured = true;
  lead.segment = segment;
}

void MuxedTimeline::note_buffer(const std::string& stream, const GstBuffer* buffer) {
  const MutexLocker lock(mutex_);
  auto& lead = leads_[stream];
  if (lead.measured || !lead.segment || !GST_BUFFER_PTS_IS_VALID(buffer)) return;
  const auto before_start = [&](GstClockTime time) {
    const bool before = GST_CLOCK_TIME_IS_VALID(time) && time < lead.segment->start;
    return before ? lead.segment->start - time : 0;
  };
  lead.before_start = std::max(lead.before_start, before_start(GST_BUFFER_PTS(buffer)));
  lead.dts_before_start = std::max(lead.dts_before_start, before_start(GST_BUFFER_DTS(buffer)));
}

void MuxedTimeline::set_priming(GstClockTime priming) {
  const MutexLocker lock(mutex_);
  priming_ = priming;
}

void MuxedTimeline::settle() {
  if (start_offset_) return;
  GstClockTime start_offset = priming_;
  for (const auto& [stream, lead] : leads_) {
    const auto added = stream == kVideoStream ? video_.delay() : 0;
    start_offset = std::max({start_offset, lead.before_start + added, video_.wants_dts() ? lead.dts_before_start : 0});
  }
  start_offset_ = start_offset;
}

GstSegment MuxedTimeline::remember(const std::string& stream, const GstSegment& moved) {
  if (!sent_.contains(stream)) outputs_[stream] = moved;
  return moved;
}

void MuxedTimeline::note_output(const std::string& stream, const GstBuffer* buffer) {
  const MutexLocker lock(mutex_);
  const auto output = outputs_.find(stream);
  if (output == outputs_.end() || !GST_BUFFER_PTS_IS_VALID(buffer)) return;
  const auto time = gst_segment_to_running_time(&output->second, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  if (!GST_CLOCK_TIME_IS_VALID(time)) return;  // the muxer drops it too
  first_output_ = std::min(first_output_.value_or(time), time);
  outputs_.erase(output);
  sent_.insert(stream);
}

GstClockTime MuxedTimeline::trimmed(const std::string& stream) {
  const MutexLocker lock(mutex_);
  if (stream.empty()) return priming_;
  const auto lead = leads_.find(stream);
  return lead != leads_.end() && lead->second.moved ? lead->second.before_start : 0;
}

std::int64_t MuxedTimeline::start_offset_in_file() {
  const MutexLocker lock(mutex_);
  settle();
  return static_cast<std::int64_t>(*start_offset_) - static_cast<std::int64_t>(first_output_.value_or(0));
}

GstSegment MuxedTimeline::move(const std::string& stream, const GstSegment& segment) {
  const MutexLocker lock(mutex_);
  settle();
  GstSegment moved = segment;
  auto& lead = leads_[stream];
  // Only the segment that the pre-roll was measured in begins with it.
  const bool leads = !lead.moved && lead.before_start > 0 && segment.start >= lead.before_start;
  const auto before = leads ? lead.before_start : 0;
  moved.start -= before;
  moved.time -= std::min(moved.time, before);
  moved.position = moved.start;
  moved.base += *start_offset_ - before;
  lead.moved = lead.moved || leads;
  return remember(stream, moved);
}

GstSegment MuxedTimeline::move_sound(const GstSegment& segment) {
  const MutexLocker lock(mutex_);
  settle();
  GstSegment moved = segment;
  moved.base += *start_offset_ - priming_;
  return remember({}, moved);
}

}  // namespace klingv2a
