// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One possible clip, between two borders: what the service is shown of it, how, and whether its limits allow that. What
// is known of the media stands here; what is best, the Planner finds.
//
// One thread.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "plan/plan.h"

namespace klingv2a::plan {

class Pieces {
 public:
  // The video begins at `begin`; its first packet counts as a key frame.
  Pieces(const Settings& settings, Nanoseconds begin);

  // Of the video's first packet, where that is shown before its beginning or not at all: the first clip holds it.
  void set_first_packet(Nanoseconds at);
  // Rising. Only frames from which decoding can begin with nothing missing.
  void add_key_frame(Nanoseconds at);
  // What earlier plans paid for; see PlannedClip::shown.
  void set_paid(std::vector<Range> shown);
  void set_end(Nanoseconds end) { end_ = end; }
  // Nothing before `from` will be asked for.
  void forget_before(Nanoseconds from);

  // Up to here the media must be known to tell how long a clip is that ends at `border`.
  [[nodiscard]] Nanoseconds needed_for(const Border& border) const noexcept;
  // Nothing: the service would not take it.
  [[nodiscard]] std::optional<PlannedClip> between(const Border& begin, const Border& end) const;
  [[nodiscard]] Cost price_of(const PlannedClip& clip) const noexcept;
  // No clip costs less.
  [[nodiscard]] Cost least_price() const noexcept { return paid_.empty() ? kClip : 0; }
  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }

 private:
  [[nodiscard]] Range shown(const Border& begin, const Border& end) const noexcept;
  [[nodiscard]] Range stretched(Range range) const noexcept;
  [[nodiscard]] Nanoseconds key_frame_before(Nanoseconds at) const noexcept;

  const Settings settings_;
  const Nanoseconds begin_;
  std::optional<Nanoseconds> end_;
  std::deque<Nanoseconds> key_frames_;
  std::vector<Range> paid_;
};

}  // namespace klingv2a::plan
