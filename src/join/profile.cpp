// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/profile.h"

#include <ebur128.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <new>
#include <numeric>

namespace klingv2a::join {

namespace {

constexpr double kSilence = -70;         // LUFS: the gate of BS.1770
constexpr unsigned long kWindow = 1000;  // ms

struct Destroy {
  void operator()(ebur128_state* state) const { ebur128_destroy(&state); }
};
using State = std::unique_ptr<ebur128_state, Destroy>;

// With room for three seconds: ebur128_set_max_window() of libebur128 1.2.6 takes a thousand times what it is asked
// for.
State new_state(const Format& format) {
  State state(
      ebur128_init(static_cast<unsigned>(format.channels), static_cast<unsigned long>(format.rate), EBUR128_MODE_S));
  if (!state) throw std::bad_alloc();
  return state;
}

double loudness_of(ebur128_state* state) {
  double lufs = kSilence;
  (void)ebur128_loudness_window(state, kWindow, &lufs);
  return std::isfinite(lufs) ? std::max(lufs, kSilence) : kSilence;
}

}  // namespace

Profile::Profile(const Sound& sound) {
  const auto block_frames = sound.format.rate / static_cast<std::int64_t>(kBlocksPerSecond);
  measure_loudness(sound, block_frames);
  measure_blocks(sound, block_frames);
}

void Profile::measure_loudness(const Sound& sound, std::int64_t block_frames) {
  const auto state = new_state(sound.format);
  for (std::int64_t begin = 0; begin + block_frames <= sound.frames(); begin += block_frames) {
    const auto block = sound.part(begin, block_frames);
    if (ebur128_add_frames_float(state.get(), block.samples.data(), static_cast<std::size_t>(block_frames)) !=
        EBUR128_SUCCESS)
      throw std::bad_alloc();
    loudness_.push_back(loudness_of(state.get()));
  }
}

void Profile::measure_blocks(const Sound& sound, std::int64_t block_frames) {
  BandMeter meter(sound.format.rate);
  for (std::int64_t begin = 0; begin + block_frames <= sound.frames(); begin += block_frames) {
    powers_.push_back(mean_power(sound.part(begin, block_frames).samples));
    Bands bands{};
    meter.add(sound, begin + block_frames / 4, bands);
    meter.add(sound, begin + block_frames * 3 / 4, bands);
    bands_.push_back(bands);
  }
}

Places Profile::places() const {
  Places places;
  for (auto fade = kSideBlocks; fade + kFadeBlocks + kSideBlocks <= blocks(); ++fade) places.push_back(at(fade));
  return places;
}

PlaceFigures Profile::at(std::size_t fade) const {
  const auto before = fade - kSideBlocks, after = fade + kFadeBlocks;
  PlaceFigures figures;
  figures.level_step = std::abs(loudness_before(fade) - loudness_before(after + kSideBlocks));
  figures.distance = distance(bands(before, kSideBlocks), bands(after, kSideBlocks));
  const double sides = (to_db(power(before, kSideBlocks)) + to_db(power(after, kSideBlocks))) / 2;
  figures.fade_level = to_db(power(fade, kFadeBlocks)) - sides;
  return figures;
}

Bands Profile::bands(std::size_t block, std::size_t count) const {
  Bands sum{};
  for (auto i = block; i < block + count; ++i) std::ranges::transform(sum, bands_[i], sum.begin(), std::plus<>());
  return sum;
}

double Profile::power(std::size_t block, std::size_t count) const {
  const auto first = powers_.begin() + static_cast<std::ptrdiff_t>(block);
  return std::accumulate(first, first + static_cast<std::ptrdiff_t>(count), 0.0) / static_cast<double>(count);
}

}  // namespace klingv2a::join
