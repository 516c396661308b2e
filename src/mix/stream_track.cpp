// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/stream_track.h"

#include <algorithm>
#include <utility>

#include "error.h"

namespace klingv2a::mix {

namespace {

// What one part grows to. A part leaves as a whole, so as much more than what waits may be in memory.
constexpr std::int64_t kPartFrames = 4096;

}  // namespace

StreamTrack::StreamTrack(std::size_t channels, std::int64_t max_frames, std::function<void()> on_change)
    : channels_(channels), max_frames_(max_frames), on_change_(std::move(on_change)) {}

void StreamTrack::append(std::span<const float> interleaved) {
  while (!interleaved.empty()) {
    interleaved = interleaved.subspan(append_piece(interleaved));
    on_change_();
  }
}

// Returns how many samples were taken.
std::size_t StreamTrack::append_piece(std::span<const float> interleaved) {
  const MutexLocker lock(mutex_);
  while (!cancelled_ && held_frames() >= max_frames_) room_.wait(mutex_);
  if (cancelled_) throw make_error(ErrorKind::cancelled, Phase::hold, "the mix was stopped");
  const std::int64_t room = std::min(max_frames_ - held_frames(), kPartFrames - length_at_end());
  const auto piece = interleaved.first(std::min(interleaved.size(), static_cast<std::size_t>(room) * channels_));
  keep(piece);
  return piece.size();
}

// Of the part that goes on where the sound has come to; 0: another one begins there.
std::int64_t StreamTrack::length_at_end() const {
  if (parts_.empty() || end_of(parts_.back()) != end_) return 0;
  return length_of(parts_.back().samples) % kPartFrames;
}

// Frames of a part that is only partly dropped make room, too.
std::int64_t StreamTrack::held_frames() const {
  const std::int64_t dropped = parts_.empty() ? 0 : std::max<std::int64_t>(0, first_ - parts_.front().first);
  return kept_ - dropped;
}

// What comes too late, for frames that were dropped already, is left out.
void StreamTrack::keep(std::span<const float> interleaved) {
  const auto late = std::clamp<std::int64_t>(first_ - end_, 0, length_of(interleaved));
  end_ += late;
  interleaved = interleaved.subspan(static_cast<std::size_t>(late) * channels_);
  if (interleaved.empty()) return;
  const std::int64_t frames = length_of(interleaved);
  if (length_at_end() == 0) {
    parts_.push_back({.first = end_, .samples = {}});
    parts_.back().samples.reserve(static_cast<std::size_t>(kPartFrames) * channels_);
  }
  for (const float sample : interleaved) parts_.back().samples.push_back(repair(sample, repaired_));
  end_ += frames;
  kept_ += frames;
  most_held_bytes_ = std::max(most_held_bytes_, static_cast<std::uint64_t>(kept_) * channels_ * sizeof(float));
}

void StreamTrack::append_silence(std::int64_t frames) {
  if (frames <= 0) return;
  {
    const MutexLocker lock(mutex_);
    end_ += frames;
  }
  on_change_();
}

void StreamTrack::cancel() {
  {
    const MutexLocker lock(mutex_);
    cancelled_ = true;
  }
  room_.notify_all();
}

void StreamTrack::set_ended(bool ended) {
  const MutexLocker lock(mutex_);
  ended_ = ended;
}

std::int64_t StreamTrack::frames() const {
  const MutexLocker lock(mutex_);
  return end_;
}

bool StreamTrack::has_ended() const {
  const MutexLocker lock(mutex_);
  return ended_;
}

void StreamTrack::read(std::int64_t first, std::span<float> interleaved) const {
  std::fill(interleaved.begin(), interleaved.end(), 0.0F);
  const MutexLocker lock(mutex_);
  for (const auto& part : parts_) copy(part, first, interleaved);
}

// What `part` has of the frames from `first` on.
void StreamTrack::copy(const Part& part, std::int64_t first, std::span<float> interleaved) const {
  const auto channels = static_cast<std::int64_t>(channels_);
  const auto wanted = static_cast<std::int64_t>(interleaved.size()) / channels;
  const std::int64_t begin = std::max(first, part.first);
  const std::int64_t end = std::min(first + wanted, end_of(part));
  if (begin >= end) return;
  std::copy_n(part.samples.begin() + (begin - part.first) * channels, (end - begin) * channels,
              interleaved.begin() + (begin - first) * channels);
}

void StreamTrack::drop_before(std::int64_t frame) {
  {
    const MutexLocker lock(mutex_);
    first_ = std::max(first_, frame);
    while (!parts_.empty() && end_of(parts_.front()) <= first_) {
      kept_ -= length_of(parts_.front().samples);
      parts_.pop_front();
    }
  }
  room_.notify_all();
}

std::int64_t StreamTrack::first_frame() const {
  const MutexLocker lock(mutex_);
  return first_;
}

std::uint64_t StreamTrack::repaired_samples() const {
  const MutexLocker lock(mutex_);
  return repaired_;
}

std::uint64_t StreamTrack::most_held_bytes() const {
  const MutexLocker lock(mutex_);
  return most_held_bytes_;
}

}  // namespace klingv2a::mix
