// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame_order.h"

#include <algorithm>

namespace klingv2a {

namespace {

constexpr GstClockTime kRoom = GST_SECOND * 3600;

}  // namespace

void FrameOrder::want_dts() {
  const MutexLocker lock(mutex_);
  wanted_ = true;
}

bool FrameOrder::wants_dts() {
  const MutexLocker lock(mutex_);
  return wanted_;
}

GstClockTime FrameOrder::delay() {
  const MutexLocker lock(mutex_);
  if (!adds()) return 0;
  settle();
  return delay_;
}

void FrameOrder::note(const GstBuffer* buffer) {
  const MutexLocker lock(mutex_);
  if (GST_BUFFER_DTS_IS_VALID(buffer)) has_dts_ = true;
  if (GST_BUFFER_PTS_IS_VALID(buffer)) times_.push_back(GST_BUFFER_PTS(buffer));
}

void FrameOrder::settle() {
  if (settled_) return;
  settled_ = true;
  const auto decode_order = times_;
  std::ranges::sort(times_);
  for (std::size_t i = 0; i < times_.size(); ++i)
    if (times_[i] > decode_order[i]) delay_ = std::max(delay_, times_[i] - decode_order[i]);
}

BufferPtr FrameOrder::timed(BufferPtr buffer) {
  const MutexLocker lock(mutex_);
  if (!adds() || !GST_BUFFER_PTS_IS_VALID(buffer.get())) return buffer;
  settle();
  if (next_ >= times_.size()) return buffer;
  buffer = BufferPtr::adopt(gst_buffer_make_writable(buffer.to_c()));
  GST_BUFFER_PTS(buffer.get()) += kRoom;
  GST_BUFFER_DTS(buffer.get()) = times_[next_++] + kRoom - delay_;
  return buffer;
}

GstClockTime FrameOrder::room() {
  const MutexLocker lock(mutex_);
  return adds() ? kRoom : 0;
}

GstSegment FrameOrder::moved(GstSegment segment) {
  const auto more = room();
  segment.start += more;
  segment.position = segment.start;
  if (GST_CLOCK_TIME_IS_VALID(segment.stop)) segment.stop += more;
  return segment;
}

EventPtr FrameOrder::moved(const EventPtr& gap) {
  GstClockTime timestamp = 0, duration = 0;
  gst_event_parse_gap(gap.get(), &timestamp, &duration);
  auto later = EventPtr::adopt(gst_event_new_gap(timestamp + room(), duration));
  gst_event_set_seqnum(later.get(), gst_event_get_seqnum(gap.get()));
  return later;
}

}  // namespace klingv2a
