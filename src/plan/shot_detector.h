// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Finds in small luma frames where the video changes shot, where one dissolves into another or fades, and how much
// moves elsewhere. Each frame is compared with its neighbours on both sides, so that a flash is no cut and a pan is
// none. Decided by integers only: the same frames give the same answer everywhere.
//
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "plan/plan.h"

namespace klingv2a::plan {

// What is known of a frame. `shot_change`: it is the first one of its shot.
struct FrameMark {
  Nanoseconds at = 0;
  Place place = Place::inside;  // never `edge`
  double motion = 0;            // 0..1
  friend bool operator==(const FrameMark&, const FrameMark&) = default;
};

class ShotDetector {
 public:
  // What a frame is depends on so many frames before it, and as many after it.
  static constexpr int kNeighbours = 38;

  // Pixels of each frame: 8 by 8 to 1920 by 1080; 160 by 90 is what the thresholds were chosen for.
  ShotDetector(int width, int height);

  // In the order of showing. `luma`: width * height bytes.
  void add(Nanoseconds at, std::span<const std::uint8_t> luma);
  // No frame comes any more.
  void end() { ended_ = true; }
  // The next frame, in order; nothing: more frames must come, or all have been given.
  [[nodiscard]] std::optional<FrameMark> next();

 private:
  // Sums of four by four pixels: what grain and small movements leave alone.
  struct Frame {
    Nanoseconds at = 0;
    std::vector<int> cells;
    int change = 0;                             // against the frame before: the sum over all cells
    int light = 0;                              // the sum over all cells
    std::optional<int> gradual = std::nullopt;  // see how_gradual()
  };

  // By their distance from the frame that is judged; clamped to what is there.
  [[nodiscard]] std::size_t index_of(int away) const;
  [[nodiscard]] const Frame& frame(int away) const { return frames_[index_of(away)]; }
  [[nodiscard]] int difference(int one, int other) const;
  [[nodiscard]] bool is_shot_change() const;
  [[nodiscard]] bool is_flash() const;
  [[nodiscard]] int measure_gradual(int centre) const;
  [[nodiscard]] int how_gradual(int centre);
  [[nodiscard]] bool is_gradual();
  [[nodiscard]] bool is_black(int away) const;
  [[nodiscard]] bool is_near_black() const;
  [[nodiscard]] bool is_middle_of_black() const;
  [[nodiscard]] int scaled(int per_mille_of_white) const;

  const int width_, height_;
  std::deque<Frame> frames_;
  std::size_t judged_ = 0;  // index of the frame that next() will give
  bool ended_ = false;
};

}  // namespace klingv2a::plan
