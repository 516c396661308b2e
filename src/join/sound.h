// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a join is made of: the sounds of two clips that follow each other and overlap. Plain values; any thread.
//
//   earlier  ---------------[ overlap ]
//   later                   [ overlap ]---------------
//                                ^ border: where the one clip ends and the other begins
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace klingv2a::join {

// 32-bit float, interleaved.
struct Format {
  int rate = 48000;  // 8000 to 192000
  int channels = 2;  // at least 1
  [[nodiscard]] std::int64_t frames_in(double seconds) const noexcept { return std::llround(seconds * rate); }
  [[nodiscard]] std::int64_t frames_of(std::size_t samples) const noexcept {
    return static_cast<std::int64_t>(samples) / channels;
  }
  [[nodiscard]] std::size_t samples_of(std::int64_t frames) const noexcept {
    return static_cast<std::size_t>(frames) * static_cast<std::size_t>(channels);
  }
};

// A sound, with its format.
struct Sound {
  std::span<const float> samples;
  Format format;
  [[nodiscard]] std::int64_t frames() const noexcept { return format.frames_of(samples.size()); }
  // Frames [begin, begin + count), as far as there are any.
  [[nodiscard]] Sound part(std::int64_t begin, std::int64_t count) const noexcept;
};

// Of all channels; 0 without samples.
[[nodiscard]] double mean_power(std::span<const float> samples);

// Two neighbours, of one format. The last `overlap` frames of the one are of the same time as the first of the other.
struct Neighbours {
  Sound earlier, later;
  std::int64_t overlap = 0;  // 0 to the shorter one's length
  std::int64_t border = 0;   // so many frames of the overlap lie before it: 0 to `overlap`
  // So many frames at the beginning of the earlier one are final: no fit may change them. Not in the overlap.
  std::int64_t final_frames = 0;
  // Where the overlap begins in the earlier one.
  [[nodiscard]] std::int64_t overlap_begin() const noexcept { return earlier.frames() - overlap; }
  // Frame `place`, counted from the border, in each of the two.
  [[nodiscard]] std::int64_t in_earlier(std::int64_t place) const noexcept { return overlap_begin() + border + place; }
  [[nodiscard]] std::int64_t in_later(std::int64_t place) const noexcept { return border + place; }
  // The overlap with `frames` on each side of it, as far as there are any.
  [[nodiscard]] Neighbours around_overlap(std::int64_t frames) const noexcept;
};

}  // namespace klingv2a::join
