// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clip_timeline.h"

#include <algorithm>

namespace klingv2a {

namespace {

std::vector<Nanoseconds> sorted_starts(std::span<const FrameTime> frames) {
  std::vector<Nanoseconds> starts;
  starts.reserve(frames.size());
  for (const auto& frame : frames) starts.push_back(frame.start);
  std::ranges::sort(starts);
  return starts;
}

Nanoseconds median_distance(const std::vector<Nanoseconds>& sorted) {
  if (sorted.size() < 2) return 0;
  std::vector<Nanoseconds> distances;
  distances.reserve(sorted.size() - 1);
  for (std::size_t i = 1; i < sorted.size(); ++i) distances.push_back(sorted[i] - sorted[i - 1]);
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::ranges::nth_element(distances, middle);
  return *middle;
}

// A parser that knows only the frame rate gives durations; a demuxer gives the true ones; neither may be there.
Nanoseconds own_duration(const FrameTime& frame, Nanoseconds median) {
  const bool known = GST_CLOCK_TIME_IS_VALID(frame.duration) && frame.duration > 0;
  return known ? static_cast<Nanoseconds>(frame.duration) : median;
}

}  // namespace

ClipTimeline measure(std::span<const FrameTime> frames, Nanoseconds segment_start) {
  const auto starts = sorted_starts(frames);
  ClipTimeline timeline;
  timeline.frame = median_distance(starts);
  if (timeline.frame == 0) timeline.frame = own_duration(frames.front(), 0);
  timeline.first = starts.front();
  timeline.start = std::max(timeline.first, segment_start);
  const FrameTime* last_shown = nullptr;
  const FrameTime* last = &frames.front();
  for (const auto& frame : frames) {
    if (!frame.past_stop && (!last_shown || frame.start > last_shown->start)) last_shown = &frame;
    if (frame.start > last->start) last = &frame;
  }
  timeline.proxy_end = last->start + own_duration(*last, timeline.frame);
  timeline.end = last_shown ? last_shown->start + own_duration(*last_shown, timeline.frame) : timeline.start;
  timeline.end = std::max(timeline.end, timeline.start);
  return timeline;
}

std::vector<ProxyTime> proxy_times(std::span<const FrameTime> frames, const ClipTimeline& timeline) {
  const auto sorted = sorted_starts(frames);
  Nanoseconds delay = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) delay = std::max(delay, sorted[i] - frames[i].start);
  std::vector<ProxyTime> times;
  times.reserve(frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Nanoseconds next = i + 1 < sorted.size() ? sorted[i + 1] : timeline.proxy_end;
    times.push_back({frames[i].start - timeline.first, sorted[i] - timeline.first - delay, next - sorted[i]});
  }
  return times;
}

std::int64_t to_samples(Nanoseconds time, int rate) {
  const auto magnitude = gst_util_uint64_scale_int_round(static_cast<guint64>(std::abs(time)), rate, GST_SECOND);
  return time < 0 ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
}

}  // namespace klingv2a
