// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/ducker.h"

#include <algorithm>
#include <cmath>

namespace klingv2a::mix {

namespace {

// Of the level follower: long enough for a low voice's period, short enough to hear a word begin.
constexpr double kFollowSeconds = 0.01;
// Denormal numbers, which a long silence would end in, are slow.
constexpr double kInaudiblePower = 1e-20;
const double kFollow = 1 - std::exp(-1 / (kFollowSeconds * Ducker::kRate));

double frames_in(double seconds) {
  return std::max(1.0, std::round(seconds * Ducker::kRate));
}

double step_db(double db, double seconds) {
  return std::pow(10, db / frames_in(seconds) / 20);
}

}  // namespace

Ducker::Ducker(const DuckSettings& settings, const Layout& layout)
    : channels_(layout.size()),
      skipped_(static_cast<std::size_t>(std::find(layout.begin(), layout.end(), Channel::lfe) - layout.begin())),
      lead_(static_cast<std::size_t>(frames_in(settings.attack_s))),
      threshold_power_(std::pow(10, settings.threshold_db / 10)),
      down_(std::pow(10, -settings.depth_db / 20)),
      down_step_(step_db(-settings.depth_db, settings.attack_s)),
      up_step_(step_db(settings.depth_db, settings.release_s)),
      // The gain's way down begins lead_ frames early, and so would its way up.
      hold_frames_(static_cast<std::int64_t>(frames_in(settings.hold_s)) + static_cast<std::int64_t>(lead_)) {}

double Ducker::level_of(const float* frame) const noexcept {
  float loudest = 0;
  for (std::size_t channel = 0; channel < channels_; ++channel)
    if (channel != skipped_) loudest = std::max(loudest, frame[channel] * frame[channel]);
  return loudest;
}

float Ducker::next(double power) noexcept {
  power_ += (power - power_) * kFollow;
  if (power_ < kInaudiblePower) power_ = 0;
  if (power_ > threshold_power_)
    held_ = hold_frames_;
  else if (held_ > 0)
    --held_;
  gain_ = held_ > 0 ? std::max(down_, gain_ * down_step_) : std::min(1.0, gain_ * up_step_);
  return static_cast<float>(gain_);
}

void Ducker::process(std::span<const float> speech, std::span<float> gains) {
  for (std::size_t frame = 0; frame < gains.size(); ++frame)
    gains[frame] = next(level_of(speech.data() + frame * channels_));
}

void Ducker::prime(std::span<const float> speech) {
  for (std::size_t at = 0; at + channels_ <= speech.size(); at += channels_) (void)next(level_of(speech.data() + at));
}

}  // namespace klingv2a::mix
