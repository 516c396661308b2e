// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sounds whose level is known, and programmes made of them, for the tests of the mix. Pure functions.
#pragma once

#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

#include "mix/mastering.h"
#include "mix/track.h"

namespace klingv2a::mix::test {

inline constexpr std::size_t kRate = 48000;
inline const Layout kMono{Channel::mono};
inline const Layout kStereo{Channel::front_left, Channel::front_right};
inline const Layout k51{Channel::front_left, Channel::front_right, Channel::front_center,
                        Channel::lfe,        Channel::rear_left,   Channel::rear_right};

using Samples = std::vector<float>;

// The same in each channel; `amplitude` linear, `phase` in radians.
inline Samples sine(double hertz, double amplitude, std::size_t frames, std::size_t channels = 2, double phase = 0) {
  Samples samples;
  samples.reserve(frames * channels);
  for (std::size_t n = 0; n < frames; ++n) {
    const double angle = 2 * std::numbers::pi * hertz * static_cast<double>(n) / static_cast<double>(kRate) + phase;
    samples.insert(samples.end(), channels, static_cast<float>(amplitude * std::sin(angle)));
  }
  return samples;
}

// White, another one in each channel, the same in each run.
inline Samples noise(double amplitude, std::size_t frames, std::size_t channels = 2, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> values(-1, 1);
  Samples samples(frames * channels);
  for (float& sample : samples) sample = static_cast<float>(amplitude) * values(random);
  return samples;
}

inline Samples operator+(Samples left, const Samples& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Samples silence(std::size_t frames, std::size_t channels = 2) {
  Samples samples(frames * channels, 0.0F);
  return samples;
}

inline MixSound sound(const Samples& samples, const Layout& layout = kStereo, std::int64_t offset = 0,
                      std::uint64_t memory = 1ULL << 30) {
  auto track = std::make_shared<Track>(layout.size(), std::make_shared<MemoryBudget>(memory), "");
  track->append(samples);
  return {std::move(track), layout, offset};
}

inline std::shared_ptr<const Programme> programme(std::optional<MixSound> original,
                                                  std::optional<MixSound> generated = {},
                                                  const MixSettings& settings = {}) {
  auto result = std::make_shared<Programme>();
  result->layout = output_layout(original ? original->layout : Layout{}, generated ? generated->layout : Layout{});
  result->original = std::move(original);
  result->generated = std::move(generated);
  result->settings = settings;
  return result;
}

// All that `reader` gives, `frames_at_once` at a time.
template <typename Reader>
Samples read_all(Reader&& reader, std::size_t channels, std::size_t frames_at_once = 1024) {
  Samples all, block(frames_at_once * channels);
  while (const std::size_t frames = reader.read(block))
    all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(frames * channels));
  return all;
}

inline Mastering master_all(const std::shared_ptr<const Programme>& whole, const MasterSettings& settings = {}) {
  const std::atomic<bool> cancelled{false};
  return master(whole, settings, cancelled);
}

inline double to_db(double factor) {
  return 20 * std::log10(factor);
}

// The largest step from one sample to the next of the same channel.
inline float largest_step(const Samples& samples, std::size_t channels) {
  float largest = 0;
  for (std::size_t at = channels; at < samples.size(); ++at)
    largest = std::max(largest, std::abs(samples[at] - samples[at - channels]));
  return largest;
}

}  // namespace klingv2a::mix::test
