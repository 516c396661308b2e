// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/shot_detector.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace klingv2a::plan {

namespace {

constexpr int kCell = 4;          // pixels, in both directions
constexpr int kWhite = 255 * 16;  // of a cell

// Thresholds in thousandths of the step from black to white, as a mean over the frame.
constexpr int kLeastChange = 25;    // of a shot change
constexpr int kLeastGradual = 50;   // between the ends of a dissolve
constexpr int kBlack = 75;          // the light of a black frame, at the most
constexpr double kMostMotion = 60;  // motion 1
// A shot change is so many times the changes around it.
constexpr int kTimesAround = 3;
// Frames: what is around a shot change; how long a flash may be; half of the longest dissolve, and what is around it.
constexpr int kAround = 2, kFlash = 5, kMostHalf = 32;
constexpr std::array kHalves{4, 6, 8, 12, 16, 24, kMostHalf};
// Around a middle it is less of one; so much what does not fit counts.
constexpr int kPeak = 6, kRestWeight = 3;
constexpr int kAhead = ShotDetector::kNeighbours;
static_assert(kAhead == kMostHalf + kPeak);

}  // namespace

ShotDetector::ShotDetector(int width, int height) : width_(width), height_(height) {}

void ShotDetector::add(Nanoseconds at, std::span<const std::uint8_t> luma) {
  Frame added{.at = at, .cells = {}, .change = 0, .light = 0};
  for (int y = 0; y + kCell <= height_; y += kCell) {
    for (int x = 0; x + kCell <= width_; x += kCell) {
      int sum = 0;
      for (int row = y; row < y + kCell; ++row) {
        const auto pixels = luma.subspan(
            static_cast<std::size_t>(row) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x), kCell);
        for (const auto pixel : pixels) sum += pixel;
      }
      added.cells.push_back(sum);
      added.light += sum;
    }
  }
  frames_.push_back(std::move(added));
  if (frames_.size() == 1) return;
  const auto& before = frames_[frames_.size() - 2].cells;
  Frame& last = frames_.back();
  for (std::size_t i = 0; i < before.size(); ++i) last.change += std::abs(last.cells[i] - before[i]);
}

std::optional<FrameMark> ShotDetector::next() {
  if (judged_ >= frames_.size() || (!ended_ && judged_ + kAhead >= frames_.size())) return std::nullopt;
  FrameMark mark{.at = frame(0).at};
  if (judged_ > 0 || frames_.size() > 1) {
    mark.motion = std::min(1.0, frame(0).change / (kMostMotion * scaled(1)));
    if (is_shot_change())
      mark.place = Place::shot_change;
    else if (is_middle_of_black() || is_gradual())
      mark.place = Place::gradual;
  }
  if (judged_ < kAhead)
    ++judged_;
  else
    frames_.pop_front();
  return mark;
}

std::size_t ShotDetector::index_of(int away) const {
  const auto index = static_cast<std::int64_t>(judged_) + away;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(index, 0, std::ssize(frames_) - 1));
}

int ShotDetector::scaled(int per_mille_of_white) const {
  return static_cast<int>(std::int64_t{kWhite} * std::ssize(frames_.front().cells) * per_mille_of_white / 1000);
}

int ShotDetector::difference(int one, int other) const {
  const auto& a = frame(one).cells;
  const auto& b = frame(other).cells;
  int sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum;
}

// ---- shot changes

bool ShotDetector::is_shot_change() const {
  const int change = frame(0).change;
  if (change < scaled(kLeastChange)) return false;
  std::int64_t around = 0;
  for (int away = 1; away <= kAround; ++away) around += frame(-away).change + frame(away).change;
  return 2 * kAround * std::int64_t{change} >= kTimesAround * around && !is_flash();
}

// Soon after, the video is again what it was before; or it is now what it was a little earlier.
bool ShotDetector::is_flash() const {
  const int change = frame(0).change;
  for (int away = 1; away <= kFlash; ++away)
    if (2 * difference(-1, away) < change || 2 * difference(0, -1 - away) < change) return true;
  return false;
}

// ---- dissolves and fades

// A frame in the middle of a dissolve is the mean of what lies on both sides of it, and nothing that moves is. Returns
// how much the two sides differ, less what does not fit; 0: it is no dissolve.
int ShotDetector::measure_gradual(int centre) const {
  std::int64_t best = scaled(kLeastGradual);
  for (const int half : kHalves) {
    const auto& before = frame(centre - half).cells;
    const auto& here = frame(centre).cells;
    const auto& after = frame(centre + half).cells;
    std::int64_t sides = 0, rest = 0;
    for (std::size_t i = 0; i < here.size(); ++i) {
      sides += std::abs(after[i] - before[i]);
      rest += std::abs(2 * here[i] - before[i] - after[i]);
    }
    best = std::max(best, sides - kRestWeight * rest);
  }
  return best > scaled(kLeastGradual) ? static_cast<int>(best) : 0;
}

// Each frame's is worked out once.
int ShotDetector::how_gradual(int centre) {
  auto& known = frames_[index_of(centre)].gradual;
  if (!known) known = measure_gradual(centre);
  return *known;
}

// The middle is where that is largest. A fade to black has its place in the black.
bool ShotDetector::is_gradual() {
  const int here = how_gradual(0);
  if (here == 0 || is_near_black()) return false;
  for (int away = 1; away <= kPeak; ++away)
    if (how_gradual(-away) > here || how_gradual(away) >= here) return false;
  return true;
}

bool ShotDetector::is_black(int away) const {
  return frame(away).light < scaled(kBlack);
}

bool ShotDetector::is_near_black() const {
  for (int away = 1; away <= kMostHalf; ++away)
    if (is_black(-away) || is_black(away)) return true;
  return false;
}

// Of a fade to black and back, or of a black pause.
bool ShotDetector::is_middle_of_black() const {
  if (!is_black(0)) return false;
  int before = 0, after = 0;
  while (before < kMostHalf && is_black(-before - 1)) ++before;
  while (after < kMostHalf && is_black(after + 1)) ++after;
  return before == after || (before == after + 1 && before < kMostHalf);
}

}  // namespace klingv2a::plan
