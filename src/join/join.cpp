// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/join.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "join/figures.h"
#include "join/law.h"
#include "join/match.h"
#include "join/profile.h"

namespace klingv2a::join {

namespace {

constexpr double kShortFade = 0.04, kPlaceStep = 0.02, kSide = 1;  // seconds
// Quieter than this a side is silence, which has no level to be brought to. LUFS.
constexpr double kSilent = -69;
// So that two spectra which happen to be alike do not outweigh any loudness. dB.
constexpr double kLeastDistance = 1;
// How much worse a hole in the fade is than another spectrum.
constexpr double kHoleWeight = 4;

double power_of(const Bands& bands) {
  return std::accumulate(bands.begin(), bands.end(), 0.0);
}

// How much would be heard of a fade there.
double cost_of(const Neighbours& sounds, const Join& join, BandMeter& meter) {
  const auto earlier = meter.measure(sounds.earlier.part(sounds.overlap_begin() + join.begin, join.length));
  const auto later = meter.measure(sounds.later.part(join.begin, join.length));
  const double hole = std::abs(fade_level(sounds, join));
  return (power_of(earlier) + power_of(later)) * (kLeastDistance + distance(earlier, later) + kHoleWeight * hole);
}

void move_to(const Neighbours& sounds, std::int64_t begin, Join& join) {
  join.begin = begin;
  join.correlation = correlation(sounds.earlier.part(sounds.overlap_begin() + begin, join.length),
                                 sounds.later.part(begin, join.length));
}

// Where least energy meets the least difference. Of two that are equal, the one nearer to the middle.
void find_place(const Neighbours& sounds, Join& join) {
  const auto room = sounds.overlap - join.length;
  const auto step = sounds.earlier.format.frames_in(kPlaceStep);
  BandMeter meter(sounds.earlier.format.rate);
  double best = cost_of(sounds, join, meter);
  Join tried = join;
  for (std::int64_t away = step; away <= room / 2; away += step) {
    for (const auto begin : {room / 2 - away, room / 2 + away}) {
      move_to(sounds, begin, tried);
      const double cost = cost_of(sounds, tried, meter);
      if (cost >= best) continue;
      best = cost;
      join = tried;
    }
  }
}

struct Sides {
  Sound before, after;
};

Sides sides_of(const Neighbours& sounds, const Join& join) {
  const auto second = sounds.earlier.format.frames_in(kSide);
  const auto fade = sounds.overlap_begin() + join.begin;
  return {sounds.earlier.part(std::max<std::int64_t>(0, fade - second), std::min(fade, second)),
          sounds.later.part(join.begin + join.length, second)};
}

// Its last second's; silent where it is shorter.
double loudness_of(const Sound& sound) {
  const Profile profile(sound);
  return profile.blocks() >= kSideBlocks ? profile.loudness_before(profile.blocks()) : kSilent;
}

void find_match(const Neighbours& sounds, Join& join) {
  const auto figures = judge(sounds, join);
  if (!figures || figures->percentile.distance <= kUsual) return;
  BandMeter meter(sounds.earlier.format.rate);
  const auto sides = sides_of(sounds, join);
  join.is_matched = true;
  join.match_db = match_for(meter.measure(sides.before), meter.measure(sides.after));
}

void find_gain(const Neighbours& sounds, Join& join) {
  // Not the whole: the filter needs a little more than what is measured.
  auto around = sounds.around_overlap(sounds.earlier.format.frames_in(1.5 * kSide));
  const auto fitted = fitted_later(around, join);
  around.later.samples = fitted;
  const auto sides = sides_of(around, join);
  const double before = loudness_of(sides.before), after = loudness_of(sides.after);
  if (before > kSilent && after > kSilent) join.gain_db = std::clamp(before - after, -kMostGainDb, kMostGainDb);
}

// Released in decibels, evenly, until the sound ends.
void apply_gain(std::span<float> samples, const Format& format, const Join& join) {
  const auto frames = format.frames_of(samples.size());
  const auto full_until = join.begin + join.length;
  const auto release = static_cast<double>(std::max<std::int64_t>(1, frames - full_until));
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    const double left = std::min(1.0, static_cast<double>(frames - frame) / release);
    const auto gain = static_cast<float>(std::pow(10, join.gain_db * left / 20));
    for (auto& sample : samples.subspan(format.samples_of(frame), format.samples_of(1))) sample *= gain;
  }
}

}  // namespace

Join find_join(const Neighbours& neighbours, Kind kind) {
  const auto& format = neighbours.earlier.format;
  const double seconds = kind == Kind::at_change ? kShortFade : static_cast<double>(kFadeBlocks) / kBlocksPerSecond;
  Join join{.kind = kind, .length = std::min(format.frames_in(seconds), neighbours.overlap)};
  move_to(neighbours, (neighbours.overlap - join.length) / 2, join);
  if (kind == Kind::at_change || join.length == 0) return join;
  find_place(neighbours, join);
  find_match(neighbours, join);
  find_gain(neighbours, join);
  return join;
}

std::vector<float> fitted_later(const Neighbours& neighbours, const Join& join) {
  const auto& later = neighbours.later;
  std::vector<float> fitted(later.samples.begin(), later.samples.end());
  if (join.is_matched) apply_match(fitted, later.format, join.match_db, join.begin + join.length);
  if (join.gain_db != 0) apply_gain(fitted, later.format, join);
  return fitted;
}

std::vector<float> faded(const Neighbours& neighbours, const Join& join) {
  const auto earlier = neighbours.earlier.part(neighbours.overlap_begin() + join.begin, join.length);
  const auto later = neighbours.later.part(join.begin, join.length);
  std::vector<float> result(later.samples.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto frame = static_cast<double>(earlier.format.frames_of(i)) + 0.5;
    const auto gains = gains_at(frame / static_cast<double>(join.length), join.correlation);
    result[i] = static_cast<float>(gains.earlier * static_cast<double>(earlier.samples[i]) +
                                   gains.later * static_cast<double>(later.samples[i]));
  }
  return result;
}

std::vector<float> joined(const Neighbours& neighbours, const Join& join) {
  const auto& [earlier, later, overlap] = neighbours;
  const auto fade = neighbours.overlap_begin() + join.begin;
  const auto before = earlier.part(0, fade);
  const auto after = later.part(join.begin + join.length, later.frames());
  std::vector<float> result(before.samples.begin(), before.samples.end());
  const auto fade_samples = faded(neighbours, join);
  result.insert(result.end(), fade_samples.begin(), fade_samples.end());
  result.insert(result.end(), after.samples.begin(), after.samples.end());
  return result;
}

}  // namespace klingv2a::join
