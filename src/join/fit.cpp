// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/fit.h"

#include <algorithm>
#include <cmath>

#include "join/match.h"

namespace klingv2a::join {

namespace {

struct Slope {
  std::int64_t begin, end;          // frames, which may lie outside the sound
  double begin_db, db_a_frame = 0;  // of the first frame, and more with each
};

void apply_slope(std::span<float> samples, const Format& format, const Slope& slope) {
  const auto begin = std::max<std::int64_t>(0, slope.begin),
             end = std::min(slope.end, format.frames_of(samples.size()));
  double gain = std::pow(10, (slope.begin_db + slope.db_a_frame * static_cast<double>(begin - slope.begin)) / 20);
  const double step = std::pow(10, slope.db_a_frame / 20);
  for (auto frame = begin; frame < end; ++frame, gain *= step)
    for (auto& sample : samples.subspan(format.samples_of(frame), format.samples_of(1)))
      sample *= static_cast<float>(gain);
}

void apply_gain(std::span<float> samples, const Format& format, const Fit& fit, std::int64_t border) {
  const auto frames = format.frames_of(samples.size());
  const auto full = border + fit.full, gone = border + fit.gone;
  const double db_a_frame = fit.gain_db / static_cast<double>(std::max<std::int64_t>(1, std::abs(gone - full)));
  if (gone > full) {
    apply_slope(samples, format, {0, full, fit.gain_db});
    apply_slope(samples, format, {full, gone, fit.gain_db, -db_a_frame});
  } else {
    apply_slope(samples, format, {gone, full, 0, db_a_frame});
    apply_slope(samples, format, {full, frames, fit.gain_db});
  }
}

}  // namespace

void apply_fit(std::span<float> samples, const Format& format, const Fit& fit, std::int64_t border) {
  if (fit.is_matched) apply_match(samples, format, fit.match_db, {border + fit.full, border + fit.gone});
  if (fit.gain_db != 0) apply_gain(samples, format, fit, border);
}

}  // namespace klingv2a::join
