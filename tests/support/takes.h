// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Invented sounds for joins: like wind or a crowd, that is noise with a falling spectrum whose level wanders. Two takes
// of one scene share a part of their noise, as their correlation says. The same seed gives the same sound everywhere.
//
// One thread.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "dice.h"
#include "join/sound.h"

namespace klingv2a::test {

struct Take {
  double seconds = 8;
  double level_db = 0;            // louder than the others
  double tilt_db_per_octave = 0;  // brighter than the others, around 1 kHz
  double shared = 0;              // 0..1: the share of the power that is the scene's, not the take's
  std::uint32_t scene = 1, seed = 1;
  double scene_begin_s = 0;  // where in the scene the take begins
};

// Noise whose spectrum falls by about 3 dB an octave: white noise through three low-passes (Paul Kellet's values).
class PinkNoise {
 public:
  explicit PinkNoise(std::uint32_t seed) : dice_(seed) {}
  double next() {
    const double white = 2 * dice_.fraction() - 1;
    slow_ = 0.99765 * slow_ + white * 0.0990460;
    middle_ = 0.96300 * middle_ + white * 0.2965164;
    fast_ = 0.57000 * fast_ + white * 1.0526913;
    return (slow_ + middle_ + fast_ + white * 0.1848) / 2;
  }

 private:
  Dice dice_;
  double slow_ = 0, middle_ = 0, fast_ = 0;
};

// A spectrum that rises by so many decibels an octave, made of shelves an octave apart.
class Tilt {
 public:
  Tilt(double db_per_octave, int rate) {
    for (double frequency = 62.5; frequency < 16001; frequency *= 2) {
      const double gain = std::pow(10, db_per_octave / 20);
      const double k = std::tan(std::numbers::pi * frequency * std::numbers::sqrt2 / 2 / rate);
      shelves_.push_back({(gain + k) / (1 + k), (k - gain) / (1 + k), (k - 1) / (1 + k)});
      // Nothing at 1 kHz: four shelves lie below it.
      scale_ *= frequency < 999 ? 1 / gain : 1;
    }
  }
  double next(double x) {
    for (auto& shelf : shelves_) {
      const double y = shelf.b0 * x + shelf.b1 * shelf.x - shelf.a1 * shelf.y;
      shelf.x = x;
      shelf.y = y;
      x = y;
    }
    return x * scale_;
  }

 private:
  struct Shelf {
    double b0, b1, a1;
    double x = 0, y = 0;
  };
  std::vector<Shelf> shelves_;
  double scale_ = 1;
};

inline std::vector<float> make_take(const Take& take, const join::Format& format) {
  std::vector<float> samples;
  const auto frames = format.frames_in(take.seconds);
  const double level = 0.1 * std::pow(10, take.level_db / 20);
  for (int channel = 0; channel < format.channels; ++channel) {
    const auto own_channel = static_cast<std::uint32_t>(channel) * 7919U;
    PinkNoise scene(take.scene * 2654435761U + own_channel), own(take.seed * 40503U + own_channel + 17U);
    Tilt tilt(take.tilt_db_per_octave, format.rate);
    for (std::int64_t i = format.frames_in(take.scene_begin_s); i > 0; --i) (void)scene.next();
    samples.resize(format.samples_of(frames));
    Dice phases(take.seed + 99);
    const std::array<double, 3> phase{phases.fraction(), phases.fraction(), phases.fraction()};
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      const double time = static_cast<double>(frame) / format.rate;
      double wander_db = 0;
      for (std::size_t i = 0; i < phase.size(); ++i)
        wander_db += 0.7 * std::sin(2 * std::numbers::pi * (time * (0.31 + 0.43 * static_cast<double>(i)) + phase[i]));
      const double noise = std::sqrt(take.shared) * scene.next() + std::sqrt(1 - take.shared) * own.next();
      samples[format.samples_of(frame) + static_cast<std::size_t>(channel)] =
          static_cast<float>(level * std::pow(10, wander_db / 20) * tilt.next(noise));
    }
  }
  return samples;
}

}  // namespace klingv2a::test
