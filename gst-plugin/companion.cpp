// SPDX-License-Identifier: LGPL-2.1-or-later
#include "companion.h"

#include <algorithm>
#include <numeric>

#include "clip_segments.h"

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
  flushing = has_ended = false;
}

void Companion::reset() {
  flush();
  hold = {};
  stream_start = {};
  announced = false;
}

CompanionSet::CompanionPtr CompanionSet::find(const GstPad* pad) const {
  const auto found = std::ranges::find_if(
      all_, [&](const auto& companion) { return companion->sink.get() == pad || companion->output.pad == pad; });
  return found == all_.end() ? nullptr : *found;
}

guint CompanionSet::first_free_from(guint number) const {
  while (std::ranges::any_of(all_, [&](const auto& companion) { return companion->number == number; })) ++number;
  return number;
}

void CompanionSet::reset() {
  for (const auto& companion : all_) companion->reset();
}

std::size_t CompanionSet::memory() const {
  return std::accumulate(all_.begin(), all_.end(), std::size_t{0},
                         [](std::size_t sum, const auto& companion) { return sum + companion->hold.memory(); });
}

guint64 CompanionSet::spooled() const {
  return std::accumulate(all_.begin(), all_.end(), guint64{0},
                         [](guint64 sum, const auto& companion) { return sum + companion->spooled; });
}

bool CompanionSet::any_is_to_begin() const {
  return std::ranges::any_of(all_, [](const auto& companion) {
    return !companion->announced && !companion->has_ended && gst_pad_is_linked(companion->sink.get());
  });
}

// Once the video has ended, somebody may wait for the very end of a stream, however much of it has left: a mix does.
bool CompanionSet::any_is_behind(Nanoseconds time, Nanoseconds until, bool video_is_complete) const {
  return std::ranges::any_of(all_, [&](const auto& companion) {
    const bool over = companion->has_ended && companion->hold.empty();
    const bool behind = video_is_complete || companion->output.left < time;
    return companion->announced && !over && !companion->may_leave(until) && behind && companion->output.is_taken();
  });
}

}  // namespace klingv2a
