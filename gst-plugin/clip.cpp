// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clip.h"

#include <algorithm>

namespace klingv2a {

bool ClipSound::is_of(const std::string& stream_id) const {
  return std::ranges::find(stream_ids, stream_id) != stream_ids.end();
}

Nanoseconds Clip::segment_start() const {
  return running_time_of(segment, segment.start);
}

Nanoseconds Clip::to_stream_time(Nanoseconds running_time) const {
  const auto start_time = GST_CLOCK_TIME_IS_VALID(segment.time) ? static_cast<Nanoseconds>(segment.time) : 0;
  return running_time - segment_start() + start_time;
}

Nanoseconds Clip::to_running_time(Nanoseconds stream_time) const {
  const auto start_time = GST_CLOCK_TIME_IS_VALID(segment.time) ? static_cast<Nanoseconds>(segment.time) : 0;
  return stream_time - start_time + segment_start();
}

Nanoseconds Clip::sample_origin() const {
  return sound && sound->place ? to_running_time(sound->place->stream_time) : begin;
}

std::optional<Nanoseconds> Clip::sound_end() const {
  if (cut) return end_time;
  if (!attached) return std::nullopt;  // silence, before all frames are there
  return std::max(end_time, segment_start() + sound->stream_end - to_stream_time(segment_start()));
}

void Clip::add_frame(const FrameTime& frame, const GstSegment& in_force) {
  seams.add(frame, in_force);
  if (wants_frames() && !planned) frames.push_back(frame);
  distance = has_frames ? std::abs(frame.start - last) : 0;
  first = has_frames ? std::min(first, frame.start) : frame.start;
  last = frame.start;
  begin = std::max({first, segment_start(), least_begin});
  const auto duration = GST_CLOCK_TIME_IS_VALID(frame.duration) ? static_cast<Nanoseconds>(frame.duration) : distance;
  if (!has_frames) end_time = begin;
  if (!frame.past_stop) end_time = std::max(end_time, frame.start + duration);
  has_frames = true;
}

std::int64_t Clip::first_sample(int rate) const {
  // Of a sound that is its own, a clip plays all; of an earlier clip's, from the matching stream time on.
  if (!attached) return 0;
  const auto origin = sound->place ? sound->place->stream_time : sound->stream_begin;
  return to_samples(to_stream_time(begin) - origin, rate) - to_samples(sound->stream_begin - origin, rate);
}

std::int64_t Clip::samples_so_far(int rate) const {
  const auto origin = sample_origin();
  return to_samples(end_time - origin, rate) - to_samples(begin - origin, rate);
}

}  // namespace klingv2a
