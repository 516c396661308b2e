// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The last step of a mix: one gain for all of it, and the limiter that holds its true peak. Sound is pushed in, and
// comes out Limiter::latency() frames later, in as many frames as went in.
//
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mix/limiter.h"

namespace klingv2a::mix {

class OutputStage {
 public:
  // `limit_db`: of the limiter, in dBTP as it reads peaks itself.
  OutputStage(std::size_t channels, double gain_db, double limit_db);

  // Interleaved. `samples` gets the gain.
  void add(std::span<float> samples);
  // After the last frame: those that are kept back become known.
  void finish();
  // Frames that may be taken.
  [[nodiscard]] std::size_t ready() const noexcept { return gains_.size(); }
  // `interleaved`: of at most ready() frames.
  void take(std::span<float> interleaved);
  // Of the frames that were taken: those that the limiter lowered.
  [[nodiscard]] std::int64_t limited_frames() const noexcept { return limited_; }

 private:
  const std::size_t channels_;
  const float gain_;
  Limiter limiter_;
  std::vector<float> ahead_, gains_;  // ahead_: frames that were not taken; gains_: of the first ones of these
  std::int64_t limited_ = 0;
};

// The factor that is so many dB.
[[nodiscard]] double factor(double db);
// Multiplies all of them.
void apply(float gain, std::span<float> samples);

}  // namespace klingv2a::mix
