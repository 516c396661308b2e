// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From what is known of each frame to the borders where clips may meet: every shot change, one border in each dissolve
// and fade, and one frame of each half second inside a shot, the one at which a join is heard least.
//
// It works while the video comes in. The borders depend on the marks only, never on when next() is called.
//
// One thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "plan/plan.h"
#include "plan/shot_detector.h"

namespace klingv2a::plan {

class BorderMaker {
 public:
  // 0..1: how loud the original is at a time. Asked once for each frame inside a shot, in order. None: 0.
  using Loudness = std::function<double(Nanoseconds)>;

  // One border inside a shot for each of these, counted from 0, if it has a frame that may be one.
  static constexpr Nanoseconds kRaster = kSecond / 2;
  // Frames: a border inside a shot, or in a dissolve, is at least so far from a shot change.
  static constexpr int kClearance = 4;
  // Two places of one dissolve are at most so far from each other; the first one is taken.
  static constexpr Nanoseconds kDissolve = kSecond;

  explicit BorderMaker(Loudness loudness = {}) : loudness_(std::move(loudness)) {}

  // Rising. One that is not later than the last one is left out, so windows may overlap. A frame of which nothing is
  // known is FrameMark{.at = …}.
  void add(const FrameMark& mark);
  // No mark comes any more.
  void end();

  // The next border, rising, each at a frame's time; nothing: more marks must come, or all have been given.
  [[nodiscard]] std::optional<Border> next();
  // For Planner::know_until(), when next() gives nothing: no further border is before this.
  [[nodiscard]] Nanoseconds complete_until() const noexcept { return complete_until_; }

 private:
  void judge();
  [[nodiscard]] bool is_near_change() const;
  void consider_gradual(const FrameMark& mark);
  void consider_inside(const FrameMark& mark);
  void open_cell(Nanoseconds at);
  void close_cell();

  const Loudness loudness_;
  std::deque<FrameMark> marks_;  // the one that is judged, with its neighbours
  std::size_t judged_ = 0;       // index of the next one to judge
  std::optional<Nanoseconds> last_, last_gradual_;
  // Of the cell of the raster that is open:
  Nanoseconds cell_ = INT64_MIN;  // its number
  std::vector<Border> in_cell_;   // shot changes and dissolves
  std::optional<Border> best_;    // inside a shot
  std::deque<Border> ready_;
  Nanoseconds complete_until_ = INT64_MIN;
};

// Of all marks at once.
[[nodiscard]] std::vector<Border> to_borders(const std::vector<FrameMark>& marks,
                                             const BorderMaker::Loudness& loudness = {});

}  // namespace klingv2a::plan
