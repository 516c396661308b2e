// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/pieces.h"

#include <algorithm>
#include <utility>

namespace klingv2a::plan {

Pieces::Pieces(const Settings& settings, Nanoseconds begin)
    : settings_(settings), begin_(begin), key_frames_({begin}) {}

void Pieces::set_first_packet(Nanoseconds at) {
  key_frames_.front() = std::min(at, key_frames_.front());
}

void Pieces::add_key_frame(Nanoseconds at) {
  if (at > key_frames_.back()) key_frames_.push_back(at);
}

void Pieces::set_paid(std::vector<Range> shown) {
  paid_ = std::move(shown);
}

void Pieces::forget_before(Nanoseconds from) {
  while (key_frames_.size() > 1 && key_frames_[1] <= from) key_frames_.pop_front();
}

Nanoseconds Pieces::needed_for(const Border& border) const noexcept {
  return border.at + (border.required ? settings_.shortest : settings_.handle(border.place));
}

std::optional<PlannedClip> Pieces::between(const Border& begin, const Border& end) const {
  PlannedClip clip{.range = {begin.at, end.at}, .begins_at = begin, .ends_at = end};
  if (begin.skipped_after) {
    clip.shown = clip.range;
    clip.way = Way::skip;
    clip.decoded_from = clip.shown.begin;
    return end.required ? std::optional(clip) : std::nullopt;
  }
  clip.shown = shown(begin, end);
  if (clip.shown.length() < settings_.shortest || clip.shown.length() > settings_.longest) return std::nullopt;
  clip.decoded_from = key_frame_before(clip.shown.begin);
  const bool is_last = end_ && clip.shown.end >= *end_;
  const auto remuxed = clip.shown.end + (is_last ? 0 : settings_.reorder) - clip.decoded_from;
  if (!settings_.may_remux || remuxed > settings_.longest) {
    if (!settings_.may_transcode) return std::nullopt;
    clip.way = Way::transcode;
    clip.decoded_from = clip.shown.begin;
  }
  clip.paid = std::ranges::find(paid_, clip.shown) != paid_.end();
  return clip;
}

Cost Pieces::price_of(const PlannedClip& clip) const noexcept {
  const Cost join = settings_.price_of(clip.ends_at);
  if (clip.way == Way::skip || clip.paid) return join;
  return join + kClip + (clip.way == Way::transcode ? settings_.transcode_price : 0);
}

Range Pieces::shown(const Border& begin, const Border& end) const noexcept {
  Range range{std::max(begin_, begin.at - settings_.handle(begin.place)), end.at + settings_.handle(end.place)};
  if (end_) range.end = std::min(range.end, *end_);
  const bool is_wanted = begin.required && end.required;
  return is_wanted && range.length() < settings_.shortest ? stretched(range) : range;
}

// A range that somebody asked for may be shorter than a task: then the service is shown more than is heard.
Range Pieces::stretched(Range range) const noexcept {
  range.begin = std::max(begin_, range.begin - (settings_.shortest - range.length()) / 2);
  range.end = range.begin + settings_.shortest;
  if (!end_ || range.end <= *end_) return range;
  return {std::max(begin_, *end_ - settings_.shortest), *end_};
}

Nanoseconds Pieces::key_frame_before(Nanoseconds at) const noexcept {
  const auto after = std::ranges::upper_bound(key_frames_, at);
  return after == key_frames_.begin() ? key_frames_.front() : *std::prev(after);
}

}  // namespace klingv2a::plan
