// SPDX-License-Identifier: LGPL-2.1-or-later
#include "row/row_media.h"

#include <algorithm>
#include <iterator>

namespace klingv2a {

namespace {

// How many frames may be decoded before one that is shown earlier: H.264 and H.265 allow no more.
constexpr std::size_t kMostReordered = 16;

}  // namespace

void RowMedia::add(const IntakeBuffer& part, Nanoseconds shown_from) {
  if (part.time) return add_frame(part, shown_from);
  if (!frames_.empty()) frames_.back().parts.push_back(part);
}

void RowMedia::add_frame(const IntakeBuffer& part, Nanoseconds shown_from) {
  const FrameTime& time = *part.time;
  note_key_frame(part);
  frames_.push_back({time, {part}});
  newest_.insert(time.start);
  if (newest_.size() > kMostReordered + 1) newest_.erase(newest_.begin());
  first_ = std::min(first_, time.start);
  if (time.past_stop || time.start < shown_from) return;
  shown_.insert(time.start);
  begin_ = std::min(begin_, time.start);
  const auto duration = GST_CLOCK_TIME_IS_VALID(time.duration) ? static_cast<Nanoseconds>(time.duration) : 0;
  end_time_ = std::max(end_time_, time.start + duration);
}

void RowMedia::note_key_frame(const IntakeBuffer& part) {
  const Nanoseconds time = part.time->start;
  const auto number = forgotten_ + static_cast<std::int64_t>(frames_.size());
  for (auto& key : candidates_) key.open = key.open || time < key.time;
  if (keys_.empty()) keys_.push_back({time, number});
  if (!GST_BUFFER_FLAG_IS_SET(part.buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT)) candidates_.push_back({time, number});
}

void RowMedia::end() {
  ended_ = true;
  // A last frame without a duration lasts as long as the one before it.
  if (shown_.size() < 2 || end_time_ > *shown_.rbegin()) return;
  end_time_ = *shown_.rbegin() + (*shown_.rbegin() - *std::prev(shown_.end(), 2));
}

Nanoseconds RowMedia::known_until() const {
  if (ended_) return kForever;
  return newest_.size() > kMostReordered ? *newest_.begin() : kNever;
}

std::optional<Nanoseconds> RowMedia::next_key_frame() {
  while (!candidates_.empty() && candidates_.front().time < known_until()) {
    const KeyFrame key = candidates_.front();
    candidates_.pop_front();
    if (key.open || key.time <= keys_.back().time) continue;
    keys_.push_back(key);
    return key.time;
  }
  return std::nullopt;
}

Nanoseconds RowMedia::frame_from(Nanoseconds time) const {
  const auto found = shown_.lower_bound(time);
  return found == shown_.end() ? end_time_ : *found;
}

std::optional<Nanoseconds> RowMedia::frame_at(Nanoseconds from, std::int64_t count) const {
  auto frame = shown_.lower_bound(from);
  for (; count < 0; ++count) {
    if (frame == shown_.begin()) return std::nullopt;
    --frame;
  }
  for (; count > 0 && frame != shown_.end(); --count) ++frame;
  if (frame == shown_.end()) return ended_ && count == 0 ? std::optional(end_time_) : std::nullopt;
  return *frame <= known_until() ? std::optional(*frame) : std::nullopt;
}

std::int64_t RowMedia::count(const plan::Range& range) const {
  return std::distance(shown_.lower_bound(range.begin), shown_.lower_bound(range.end));
}

// Index of the key frame before.
std::size_t RowMedia::first_needed(Nanoseconds shown) const {
  auto key = std::ranges::upper_bound(keys_, shown, {}, &KeyFrame::time);
  if (key != keys_.begin()) --key;
  return static_cast<std::size_t>(std::max<std::int64_t>(key->number - forgotten_, 0));
}

RangePackets RowMedia::packets_of(const plan::Range& range) const {
  const auto first = frames_.begin() + static_cast<std::ptrdiff_t>(first_needed(range.begin));
  const auto is_before_end = [&](const Frame& frame) { return frame.time.start < range.end; };
  const auto end = std::find_if(frames_.rbegin(), std::make_reverse_iterator(first), is_before_end).base();
  RangePackets packets;
  for (auto frame = first; frame < end; ++frame) {
    const Nanoseconds time = frame->time.start;
    packets.packets.insert(packets.packets.end(), frame->parts.begin(), frame->parts.end());
    packets.frames.push_back(frame->time);
    packets.frames.back().past_stop = frame->time.past_stop || time >= range.end;
    packets.shown.push_back(time >= range.begin && time < range.end && shown_.contains(time));
  }
  return packets;
}

RangePackets RowMedia::first_packets(std::size_t frames) const {
  RangePackets packets;
  Nanoseconds newest = kNever;
  for (std::size_t i = 0; i < std::min(frames, frames_.size()); ++i) {
    const Frame& frame = frames_[i];
    packets.packets.insert(packets.packets.end(), frame.parts.begin(), frame.parts.end());
    packets.frames.push_back(frame.time);
    newest = std::max(newest, frame.time.start);
    packets.reordering = std::max(packets.reordering, newest - frame.time.start);
  }
  return packets;
}

void RowMedia::forget_before(Nanoseconds time) {
  while (keys_.size() > 1 && keys_[1].time <= time) keys_.pop_front();
  while (!frames_.empty() && forgotten_ < keys_.front().number) {
    frames_.pop_front();
    ++forgotten_;
  }
  shown_.erase(shown_.begin(), shown_.lower_bound(std::min(time, keys_.front().time)));
}

}  // namespace klingv2a
