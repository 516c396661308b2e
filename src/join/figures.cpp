// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/figures.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace klingv2a::join {

namespace {

constexpr double kMostLevelStep = 1, kMostFadeLevel = 0.5;  // LU, dB
constexpr auto kNeededBlocks = kSideBlocks + kFadeBlocks + kSideBlocks;

// How many places of a hundred have a smaller figure; 0 without any.
template <typename Value>
double percentile_of(const std::vector<PlaceFigures>& places, double figure, const Value& value) {
  if (places.empty()) return 0;
  const auto below = std::ranges::count_if(places, [&](const PlaceFigures& place) { return value(place) < figure; });
  return 100.0 * static_cast<double>(below) / static_cast<double>(places.size());
}

PlaceFigures percentiles(const Neighbours& sounds, const PlaceFigures& figures) {
  auto places = Profile(sounds.earlier).places();
  std::ranges::move(Profile(sounds.later).places(), std::back_inserter(places));
  const auto level_of = [](const PlaceFigures& place) { return std::abs(place.fade_level); };
  return {.level_step = percentile_of(places, figures.level_step, [](const auto& place) { return place.level_step; }),
          .distance = percentile_of(places, figures.distance, [](const auto& place) { return place.distance; }),
          .fade_level = percentile_of(places, level_of(figures), level_of)};
}

// From the frame before to this one, in the channel where it is largest.
double step_to(const Sound& sound, std::int64_t frame) {
  const auto two = sound.part(frame - 1, 2);
  const auto channels = two.format.samples_of(1);
  double largest = 0;
  for (std::size_t i = channels; i < two.samples.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(two.samples[i] - two.samples[i - channels])));
  return largest;
}

std::int64_t smaller_steps(const Sound& sound, double step) {
  std::int64_t smaller = 0;
  for (std::int64_t frame = 1; frame < sound.frames(); ++frame) smaller += step_to(sound, frame) < step ? 1 : 0;
  return smaller;
}

double percentile_of_step(const Neighbours& sounds, double step) {
  const auto smaller = smaller_steps(sounds.earlier, step) + smaller_steps(sounds.later, step);
  const auto all = std::max<std::int64_t>(1, sounds.earlier.frames() + sounds.later.frames() - 2);
  return 100.0 * static_cast<double>(smaller) / static_cast<double>(all);
}

}  // namespace

std::optional<Figures> judge(const Neighbours& neighbours, const Join& join) {
  const auto block = neighbours.earlier.format.rate / static_cast<std::int64_t>(kBlocksPerSecond);
  const auto needed = block * static_cast<std::int64_t>(kNeededBlocks);
  const auto around = neighbours.around_overlap(needed);
  const auto samples = joined(around, join);
  const Sound whole{samples, neighbours.earlier.format};
  const auto begin = around.overlap_begin() + join.begin + join.length / 2 - needed / 2;
  if (begin < 0 || begin + needed > whole.frames()) return std::nullopt;
  Figures figures;
  figures.value = Profile(whole.part(begin, needed)).at(kSideBlocks);
  figures.value.fade_level = fade_level(neighbours, join);
  figures.percentile = percentiles(neighbours, figures.value);
  const auto fade = around.overlap_begin() + join.begin;
  figures.click = std::max(step_to(whole, fade), step_to(whole, fade + join.length));
  figures.click_percentile = percentile_of_step(neighbours, figures.click);
  return figures;
}

double fade_level(const Neighbours& neighbours, const Join& join) {
  const auto fade = neighbours.overlap_begin() + join.begin;
  const double alone = (mean_power(neighbours.earlier.part(fade, join.length).samples) +
                        mean_power(neighbours.later.part(join.begin, join.length).samples)) /
                       2;
  return to_db(mean_power(faded(neighbours, join))) - to_db(alone);
}

std::vector<std::string> faults(const Figures& figures, Kind kind) {
  std::vector<std::string> found;
  const auto& [value, percentile, click, click_percentile] = figures;
  if (click_percentile > kUsualStep) found.emplace_back("a click");
  if (kind == Kind::at_change) return found;
  if (value.level_step > kMostLevelStep || percentile.level_step > kUsual) found.emplace_back("a step in level");
  if (percentile.distance > kUsual) found.emplace_back("another spectrum");
  if (std::abs(value.fade_level) > kMostFadeLevel || percentile.fade_level > kUsual)
    found.emplace_back("a hole or a bump in the fade");
  return found;
}

}  // namespace klingv2a::join
