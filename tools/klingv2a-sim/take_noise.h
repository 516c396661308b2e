// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The sound of one take, where takes are to differ as those of a real service do: noise like wind or a crowd, whose
// level and spectrum belong to the take. Takes over the same pictures share a part of it.
//
// One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "chance.h"
#include "look.h"
#include "service.h"

namespace klingv2a::sim {

// Full scale is 1. The level of a take in the middle of the range, and what no sample passes.
constexpr double kTakeRms = 0.02, kTakeCeiling = 0.25;

// White noise becomes noise whose spectrum falls by about 3 dB an octave.
class Pink {
 public:
  double next(double white);

 private:
  std::array<double, 3> poles_{};
};

// Tilts a spectrum around 1 kHz.
class SpectrumTilt {
 public:
  SpectrumTilt(double db_per_octave, int rate);
  double next(double sample);

 private:
  struct Shelf {
    double now, before, fed_back;
    double input = 0, output = 0;
  };
  std::vector<Shelf> shelves_;
  double scale_ = 1;  // so that it is 0 dB at 1 kHz
};

class TakeNoise {
 public:
  // The same seed is the same take.
  TakeNoise(const TakesDiffer& differ, std::uint64_t seed, int rate);

  // What is seen from the next sample on.
  void see(const Look& look);
  // Before the first see() nothing is shared.
  double next();

 private:
  // So many samples of a picture have noise of their own, then it begins again: a picture of 6 a second.
  static constexpr std::size_t kPictureSamples = 8192;

  [[nodiscard]] double shared();
  [[nodiscard]] double level();

  const double correlation_;
  const int rate_;
  Chance own_;
  double level_db_;
  Pink pink_;
  SpectrumTilt tilt_;
  std::array<double, 3> phases_{};  // of the slow changes of level
  std::vector<float> parts_;        // of what is shared: kLookSize values for each of kPictureSamples
  Look look_;
  double share_ = 0;  // of the power, now
  std::size_t in_picture_ = 0;
  std::int64_t sample_ = 0;
};

}  // namespace klingv2a::sim
