// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/sound.h"

#include <algorithm>
#include <numeric>

namespace klingv2a::join {

Sound Sound::part(std::int64_t begin, std::int64_t count) const noexcept {
  const auto first = std::clamp<std::int64_t>(begin, 0, frames());
  const auto last = std::clamp<std::int64_t>(begin + count, first, frames());
  return {samples.subspan(format.samples_of(first), format.samples_of(last - first)), format};
}

Neighbours Neighbours::around_overlap(std::int64_t frames) const noexcept {
  const auto begin = std::max<std::int64_t>(0, overlap_begin() - frames);
  return {.earlier = earlier.part(begin, earlier.frames() - begin),
          .later = later.part(0, overlap + frames),
          .overlap = overlap,
          .border = border,
          .final_frames = std::max<std::int64_t>(0, final_frames - begin)};
}

double mean_power(std::span<const float> samples) {
  if (samples.empty()) return 0;
  const double sum = std::accumulate(samples.begin(), samples.end(), 0.0, [](double total, float value) {
    return total + static_cast<double>(value) * static_cast<double>(value);
  });
  return sum / static_cast<double>(samples.size());
}

}  // namespace klingv2a::join
