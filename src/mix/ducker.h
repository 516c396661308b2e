// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Lowers a sound while another one speaks: a level follower, and a gain that moves evenly in dB, so that it never
// jumps. It is fed ahead of time by the caller (see lead()), so that the gain is down when the speech begins.
//
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "mix/channels.h"

namespace klingv2a::mix {

struct DuckSettings {
  double depth_db = 12;       // how far down, >= 0
  double threshold_db = -40;  // dBFS (RMS) of the loudest channel from which on the original speaks
  double attack_s = 0.1;      // time to go down by the depth
  double hold_s = 0.4;        // how long the gain stays down after the last speech
  double release_s = 0.6;     // time to come up again
};

class Ducker {
 public:
  static constexpr double kRate = 48000;
  // `layout` of the sound that speaks. Its low-frequency channel is not listened to.
  Ducker(const DuckSettings& settings, const Layout& layout);

  // How many frames ahead process() wants to hear the speech.
  [[nodiscard]] std::size_t lead() const noexcept { return lead_; }
  // `speech`: interleaved, frame n is what is heard lead() frames after frame n of the ducked sound, to which
  // `gains[n]` belongs.
  void process(std::span<const float> speech, std::span<float> gains);
  // Of `count` frames of speech nobody needs the gains, for the start: frames before the ducked sound's first.
  void prime(std::span<const float> speech);

 private:
  [[nodiscard]] double level_of(const float* frame) const noexcept;
  float next(double power) noexcept;

  std::size_t channels_, skipped_;  // skipped_: the low-frequency channel; channels_: none
  std::size_t lead_;
  double threshold_power_, down_, down_step_, up_step_;
  std::int64_t hold_frames_, held_ = 0;
  double power_ = 0;  // mean square, smoothed
  double gain_ = 1;
};

}  // namespace klingv2a::mix
