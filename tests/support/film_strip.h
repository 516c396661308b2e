// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Invented films for the shot detector, as small luma frames: scenes of soft shapes that stand, pan or move, joined by
// cuts, dissolves and fades, with flashes and grain.
//
// One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "dice.h"

namespace klingv2a::test {

using Luma = std::vector<std::uint8_t>;

// A picture that is larger than a frame, of soft shapes over a slope of light.
class Scene {
 public:
  explicit Scene(std::uint32_t seed) : dice_(seed) {
    base_ = 50 + 130 * dice_.fraction();
    slope_ = (dice_.fraction() - 0.5) * 0.6;
    for (auto& shape : shapes_)
      shape = {dice_.fraction() * 320, dice_.fraction() * 180, 8 + 30 * dice_.fraction(),
               160 * (dice_.fraction() - 0.5)};
  }
  // The frame whose upper left corner lies at (x, y) of the picture; the first shape has moved by `moved` pixels.
  [[nodiscard]] std::vector<double> view(double x, double y, double moved) const {
    std::vector<double> light(static_cast<std::size_t>(kWidth) * kHeight);
    auto pixel = light.begin();
    for (int row = 0; row < kHeight; ++row) {
      for (int column = 0; column < kWidth; ++column) {
        double sum = base_ + slope_ * column;
        for (std::size_t i = 0; i < shapes_.size(); ++i) {
          const double dx = column + x - shapes_[i].x - (i == 0 ? moved : 0), dy = row + y - shapes_[i].y;
          const double away = (dx * dx + dy * dy) / (shapes_[i].radius * shapes_[i].radius);
          if (away < 9) sum += shapes_[i].light * std::exp(-away);
        }
        *pixel++ = sum;
      }
    }
    return light;
  }
  static constexpr int kWidth = 160, kHeight = 90;

 private:
  struct Shape {
    double x, y, radius, light;
  };
  Dice dice_;
  double base_ = 0, slope_ = 0;
  std::array<Shape, 24> shapes_{};
};

// How a scene moves, and how it begins.
struct Shot {
  enum class Entry { cut, dissolve, through_black };
  int frames = 60;
  double pan = 0;   // pixels a frame
  double move = 0;  // of one shape, pixels a frame
  Entry entry = Entry::cut;
  int entry_frames = 0;  // how long the dissolve or each half of the fade takes
  int flash_at = -1;     // frame of the shot
  int flash_frames = 0;
  std::uint32_t seed = 1;
};

struct FilmStrip {
  std::vector<Luma> frames;
  std::vector<int> cuts, graduals;  // first frames of shots; middles of dissolves and fades
};

class FilmMaker {
 public:
  FilmMaker(double grain, std::uint32_t seed) : grain_(grain), dice_(seed) {}

  void add(const Shot& shot) {
    const Scene scene(shot.seed);
    const bool stands = shot.pan == 0 && shot.move == 0;
    const auto first = scene.view(40, 30, 0);
    const auto at = [&](int frame) {
      return stands ? first : scene.view(40 + shot.pan * frame, 30, shot.move * frame);
    };
    const int entry = strip_.frames.empty() ? 0 : shot.entry_frames;
    const int begin = static_cast<int>(strip_.frames.size());
    if (begin > 0 && shot.entry == Shot::Entry::cut) strip_.cuts.push_back(begin);
    if (entry > 0 && shot.entry == Shot::Entry::dissolve) dissolve(entry, at);
    if (entry > 0 && shot.entry == Shot::Entry::through_black) fade(entry, at);
    for (int frame = entry; frame < shot.frames; ++frame) {
      auto light = at(frame);
      const bool is_flash = frame >= shot.flash_at && frame < shot.flash_at + shot.flash_frames;
      if (is_flash) std::ranges::for_each(light, [](double& value) { value += 90; });
      last_ = light;
      push(light);
    }
  }
  [[nodiscard]] const FilmStrip& strip() const { return strip_; }

 private:
  template <typename View>
  void dissolve(int frames, const View& at) {
    strip_.graduals.push_back(static_cast<int>(strip_.frames.size()) + frames / 2);
    const auto old = last_;
    for (int frame = 0; frame < frames; ++frame) push(mixed(old, at(frame), (frame + 1.0) / (frames + 1)));
  }
  template <typename View>
  void fade(int frames, const View& at) {
    const std::vector<double> black(last_.size(), 16);
    const auto old = last_;
    for (int frame = 0; frame < frames; ++frame) push(mixed(old, black, (frame + 1.0) / frames));
    strip_.graduals.push_back(static_cast<int>(strip_.frames.size()));
    for (int frame = 0; frame < frames; ++frame) push(mixed(black, at(frame), (frame + 0.0) / frames));
  }
  static std::vector<double> mixed(const std::vector<double>& a, const std::vector<double>& b, double share) {
    std::vector<double> mix(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) mix[i] = std::lerp(a[i], b[i], share);
    return mix;
  }
  void push(const std::vector<double>& light) {
    Luma luma(light.size());
    for (std::size_t i = 0; i < light.size(); ++i)
      luma[i] = static_cast<std::uint8_t>(std::clamp(light[i] + grain_ * dice_.normal(), 16.0, 235.0));
    strip_.frames.push_back(std::move(luma));
  }

  double grain_;
  Dice dice_;
  FilmStrip strip_;
  std::vector<double> last_;
};

}  // namespace klingv2a::test
