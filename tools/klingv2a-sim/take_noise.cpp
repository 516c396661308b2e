// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What takes share is white noise of each picture's own, mixed by the picture's direction from a few fixed noises. What
// a picture repeats of the one before is left out of it: a still picture would hum at the frame rate otherwise.
#include "take_noise.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace klingv2a::sim {
namespace {

constexpr double kPinkRms = 1.72;  // of Pink, fed with white noise within one
constexpr double kWanderDb = 0.7;
constexpr std::uint64_t kSharedSeed = 4711;

double factor_of(double db) {
  return std::pow(10, db / 20);
}

double tilt_of(std::uint64_t seed, const TakesDiffer& differ) {
  return Chance(~seed).within_one() * differ.tilt_db / 2;
}

}  // namespace

// Three low-passes of one pole each, an octave and a half apart or more, and what passes them all.
double Pink::next(double white) {
  constexpr std::array<double, 3> kKept{0.9977, 0.963, 0.57}, kFed{0.099, 0.2965, 1.0527};
  constexpr double kPassed = 0.1848;
  double sum = white * kPassed;
  for (std::size_t i = 0; i < poles_.size(); ++i) {
    double& pole = poles_.at(i);
    pole = kKept.at(i) * pole + kFed.at(i) * white;
    sum += pole;
  }
  return sum / kPinkRms;
}

// Shelves of one pole, an octave apart: each lifts what is above it.
SpectrumTilt::SpectrumTilt(double db_per_octave, int rate) {
  constexpr double kLowest = 62.5, kMiddle = 1000;
  const double lift = factor_of(db_per_octave);
  const int octaves = static_cast<int>(std::log2(rate / 3.0 / kLowest)) + 1;
  for (int octave = 0; octave < octaves; ++octave) {
    const double corner = std::ldexp(kLowest, octave);
    const double k = std::tan(std::numbers::pi * corner * std::numbers::sqrt2 / 2 / rate);
    shelves_.push_back({(lift + k) / (1 + k), (k - lift) / (1 + k), (k - 1) / (1 + k)});
    if (corner < kMiddle) scale_ /= lift;
  }
}

double SpectrumTilt::next(double sample) {
  for (Shelf& shelf : shelves_) {
    shelf.output = shelf.now * sample + shelf.before * shelf.input - shelf.fed_back * shelf.output;
    shelf.input = sample;
    sample = shelf.output;
  }
  return sample * scale_;
}

TakeNoise::TakeNoise(const TakesDiffer& differ, std::uint64_t seed, int rate)
    : correlation_(differ.correlation),
      rate_(rate),
      own_(seed),
      level_db_(own_.within_one() * differ.level_db / 2),
      tilt_(tilt_of(seed, differ), rate),
      parts_(kPictureSamples * kLookSize) {
  for (double& phase : phases_) phase = own_.fraction();
  Chance chance(kSharedSeed);
  for (float& part : parts_) part = static_cast<float>(chance.within_one());
}

void TakeNoise::see(const Look& look) {
  look_ = look;
  share_ = correlation_ * (1 - look.repeats);
  in_picture_ = 0;
}

double TakeNoise::shared() {
  const auto parts = parts_.begin() + static_cast<std::ptrdiff_t>(in_picture_ % kPictureSamples * kLookSize);
  ++in_picture_;
  return std::inner_product(look_.direction.begin(), look_.direction.end(), parts, 0.0);
}

double TakeNoise::level() {
  const double seconds = static_cast<double>(sample_++) / rate_;
  double db = level_db_, cycles_a_second = 0.31;
  for (const double phase : phases_) {
    db += kWanderDb * std::sin(2 * std::numbers::pi * (seconds * cycles_a_second + phase));
    cycles_a_second += 0.43;
  }
  return kTakeRms * factor_of(db);
}

double TakeNoise::next() {
  const double white = std::sqrt(share_) * shared() + std::sqrt(1 - share_) * own_.within_one();
  return std::clamp(level() * tilt_.next(pink_.next(white)), -kTakeCeiling, kTakeCeiling);
}

}  // namespace klingv2a::sim
