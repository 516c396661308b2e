// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A look-ahead true-peak limiter for 48 kHz sound. It finds the peaks between the samples by interpolating four times,
// and works out one gain for all channels of a frame: smooth, never above what the peak allows, and exactly 1 where
// nothing is near the ceiling, so that the sound is untouched there. Whoever uses it applies the gains to frames it has
// kept back: gains come latency() frames late.
//
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace klingv2a::mix {

class Limiter {
 public:
  // `ceiling`: the largest absolute value allowed, linear, > 0.
  Limiter(std::size_t channels, double ceiling);

  // Frames that must follow a frame before its gain is known.
  [[nodiscard]] static std::size_t latency() noexcept;
  // Appends to `gains` one for each frame that is known now: frame n's comes with frame n + latency(). After the last
  // frame give latency() frames of silence.
  void add(std::span<const float> interleaved, std::vector<float>& gains);

 private:
  void add_block(std::span<const float> interleaved, std::vector<float>& gains);
  void find_peaks(std::span<const float> interleaved, std::size_t channel);
  float smoothed(double needed);

  struct Low {
    double gain;
    std::int64_t frame;
  };

  const std::size_t channels_;
  const double ceiling_;
  std::vector<std::vector<float>> history_;  // of each channel: what the interpolation still needs
  std::vector<float> line_, between_, peaks_;
  float last_between_ = 0;  // the peak between the frame before and this one
  std::deque<Low> lows_;    // gains of the window, rising: the first is its minimum
  double released_ = 1;
  // The two averages that make the gain smooth. Integers, so that a window full of ones is exactly one.
  std::vector<std::uint64_t> first_window_, second_window_;
  std::uint64_t first_sum_, second_sum_;
  std::int64_t frame_ = 0;
};

}  // namespace klingv2a::mix
