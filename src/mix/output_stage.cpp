// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/output_stage.h"

#include <cmath>

namespace klingv2a::mix {

double factor(double db) {
  return std::pow(10, db / 20);
}

void apply(float gain, std::span<float> samples) {
  if (gain == 1) return;
  for (float& sample : samples) sample *= gain;
}

OutputStage::OutputStage(std::size_t channels, double gain_db, double limit_db)
    : channels_(channels), gain_(static_cast<float>(factor(gain_db))), limiter_(channels, factor(limit_db)) {}

void OutputStage::add(std::span<float> samples) {
  apply(gain_, samples);
  ahead_.insert(ahead_.end(), samples.begin(), samples.end());
  limiter_.add(samples, gains_);
}

void OutputStage::finish() {
  limiter_.add(std::vector<float>(Limiter::latency() * channels_, 0.0F), gains_);
}

void OutputStage::take(std::span<float> interleaved) {
  const std::size_t frames = interleaved.size() / channels_;
  for (std::size_t frame = 0; frame < frames; ++frame) {
    const float gain = gains_[frame];
    if (gain < 1) ++limited_;
    for (std::size_t at = frame * channels_; at < (frame + 1) * channels_; ++at) interleaved[at] = ahead_[at] * gain;
  }
  gains_.erase(gains_.begin(), gains_.begin() + static_cast<std::ptrdiff_t>(frames));
  ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(interleaved.size()));
}

}  // namespace klingv2a::mix
