// SPDX-License-Identifier: LGPL-2.1-or-later
#include "companion.h"

#include "clip.h"

namespace klingv2a {

std::optional<Nanoseconds> Companion::time_of(GstBuffer* buffer) const {
  const auto time = GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : GST_BUFFER_DTS(buffer);
  if (segment.format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(time)) return std::nullopt;
  return running_time_of(segment, time);
}

std::optional<Nanoseconds> Companion::time_of(GstEvent* event) const {
  if (GST_EVENT_TYPE(event) != GST_EVENT_GAP || segment.format != GST_FORMAT_TIME) return std::nullopt;
  GstClockTime time = GST_CLOCK_TIME_NONE;
  gst_event_parse_gap(event, &time, nullptr);
  if (!GST_CLOCK_TIME_IS_VALID(time)) return std::nullopt;
  return running_time_of(segment, time);
}

bool Companion::may_leave(Nanoseconds until) const {
  return !hold.empty() && until != kNever && hold.front_time() <= until;
}

void Companion::flush() {
  auto kept = hold.take_sticky();
  for (auto& item : kept) hold.push(std::move(item));
  spool.reset();
  spooled = 0;
  output.restart();
  segment = {};
  left = kNever;
  flushing = has_ended = false;
}

void Companion::reset() {
  flush();
  hold = {};
  stream_start = {};
  announced = false;
}

}  // namespace klingv2a
