// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How a sound varies by itself, in blocks of a tenth of a second: what a join is compared with. Loudness is that of EBU
// R 128, by libebur128.
//
// Filled by its constructor; then any thread may read it.
#pragma once

#include <cstddef>
#include <vector>

#include "join/sound.h"
#include "join/spectrum.h"

namespace klingv2a::join {

// Blocks of a tenth of a second.
inline constexpr std::size_t kBlocksPerSecond = 10;
// A fade inside a shot, and what is compared on each side of it.
inline constexpr std::size_t kFadeBlocks = 3, kSideBlocks = kBlocksPerSecond;

// The figures of a place: [a second before] [a fade] [a second after].
struct PlaceFigures {
  double level_step = 0;  // LU: how much louder one side is than the other; never negative
  double distance = 0;    // dB, between the spectra of the sides
  double fade_level = 0;  // dB: the fade, against the sides; of a join, against the two sounds that it is made of
  friend bool operator==(const PlaceFigures&, const PlaceFigures&) = default;
};

// Of each place that a sound, or several of them, have room for.
using Places = std::vector<PlaceFigures>;

class Profile {
 public:
  // Throws std::bad_alloc.
  explicit Profile(const Sound& sound);

  // Whole ones.
  [[nodiscard]] std::size_t blocks() const noexcept { return powers_.size(); }
  [[nodiscard]] Places places() const;
  // `fade`: its first block; a second before it and a second after it are there.
  [[nodiscard]] PlaceFigures at(std::size_t fade) const;
  // LUFS of the second that ends before `block`, which is at least kSideBlocks. -70 for what is as quiet or quieter.
  [[nodiscard]] double loudness_before(std::size_t block) const { return loudness_[block - 1]; }
  // The power of `count` blocks from `block` on.
  [[nodiscard]] Bands bands(std::size_t block, std::size_t count) const;
  [[nodiscard]] double power(std::size_t block, std::size_t count) const;

 private:
  void measure_loudness(const Sound& sound, std::int64_t block_frames);
  void measure_blocks(const Sound& sound, std::int64_t block_frames);

  std::vector<double> loudness_;  // of the second that ends with each block
  std::vector<double> powers_;
  std::vector<Bands> bands_;
};

}  // namespace klingv2a::join
