// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Shot changes from a list, as marks of the video's frames: what a ShotDetector says, without a picture. Of each time
// the frame is marked that is nearest to it.
//
// One thread.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "plan/shot_detector.h"

namespace klingv2a::plan {

class ListedShots {
 public:
  // Rising, on the frames' own timeline.
  explicit ListedShots(std::vector<Nanoseconds> changes) : changes_(std::move(changes)) {}

  // In the order of showing, rising; others are left out.
  void add(Nanoseconds frame);
  // No frame comes any more.
  void end() { ended_ = true; }
  // The next frame, in order; nothing: more frames must come, or all have been given.
  [[nodiscard]] std::optional<FrameMark> next();

 private:
  [[nodiscard]] bool is_listed();

  const std::vector<Nanoseconds> changes_;
  std::size_t passed_ = 0;             // so many of them belong to earlier frames
  std::optional<Nanoseconds> before_;  // the frame before the first that waits
  std::deque<Nanoseconds> frames_;     // those that wait
  bool ended_ = false;
};

}  // namespace klingv2a::plan
