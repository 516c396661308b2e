// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/figures.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace klingv2a::join {

namespace {

constexpr double kMostLevelStep = 1, kMostFadeLevel = 0.5;  // LU, dB
constexpr auto kNeededBlocks = kSideBlocks + kFadeBlocks + kSideBlocks;

template <typename Value>
double percentile_of(const Places& places, double figure, const Value& value) {
  if (places.empty()) return 0;
  const auto below = std::ranges::count_if(places, [&](const PlaceFigures& place) { return value(place) < figure; });
  return 100.0 * static_cast<double>(below) / static_cast<double>(places.size());
}

// From the sample before to this one.
float step_at(const Sound& sound, std::int64_t frame, std::size_t channel) {
  if (frame < 1 || frame >= sound.frames()) return 0;
  const auto i = sound.format.samples_of(frame) + channel;
  return sound.samples[i] - sound.samples[i - sound.format.samples_of(1)];
}

// In the channel where it is largest.
float step_to(const Sound& sound, std::int64_t frame) {
  float largest = 0;
  for (std::size_t channel = 0; channel < sound.format.samples_of(1); ++channel)
    largest = std::max(largest, std::abs(step_at(sound, frame, channel)));
  return largest;
}

std::int64_t smaller_steps(const Sound& sound, float step) {
  std::int64_t smaller = 0;
  for (std::int64_t frame = 1; frame < sound.frames(); ++frame) smaller += step_to(sound, frame) < step ? 1 : 0;
  return smaller;
}

double percentile_of_step(const Neighbours& sounds, float step) {
  const auto smaller = smaller_steps(sounds.earlier, step) + smaller_steps(sounds.later, step);
  const auto all = std::max<std::int64_t>(1, sounds.earlier.frames() + sounds.later.frames() - 2);
  return 100.0 * static_cast<double>(smaller) / static_cast<double>(all);
}

// A frame of what is heard, and where it is in one of the two sounds.
struct Edge {
  std::int64_t heard, own;
};

// A step that the sound itself has is none of the join's.
float click_at(const Sound& heard, const Sound& own, Edge edge) {
  float largest = 0;
  for (std::size_t channel = 0; channel < heard.format.samples_of(1); ++channel) {
    const float step = step_at(heard, edge.heard, channel), before = step_at(own, edge.own, channel);
    largest = std::max(largest, std::min(std::abs(step), std::abs(step - before)));
  }
  return largest;
}

float click_of(const Neighbours& sounds, const Join& join) {
  const auto around = sounds.around_overlap(1);
  const auto samples = joined(around, join);
  const Sound whole{samples, sounds.earlier.format};
  const auto fade = around.in_earlier(join.begin);
  return std::max(click_at(whole, around.earlier, {fade, fade}),
                  click_at(whole, around.later, {fade + join.length, around.in_later(join.begin) + join.length}));
}

}  // namespace

Places own_places(const Neighbours& neighbours) {
  auto places = Profile(neighbours.earlier).places();
  std::ranges::move(Profile(neighbours.later).places(), std::back_inserter(places));
  return places;
}

std::optional<Profile> profile_of(const Neighbours& neighbours, const Join& join) {
  const auto block = neighbours.earlier.format.rate / static_cast<std::int64_t>(kBlocksPerSecond);
  const auto needed = block * static_cast<std::int64_t>(kNeededBlocks);
  const auto around = neighbours.around_overlap(needed);
  const auto samples = joined(around, join);
  const Sound whole{samples, neighbours.earlier.format};
  const auto begin = around.in_earlier(join.begin) + join.length / 2 - needed / 2;
  if (begin < 0 || begin + needed > whole.frames()) return std::nullopt;
  return Profile(whole.part(begin, needed));
}

PlaceFigures percentiles_of(const PlaceFigures& figures, const Places& own) {
  const auto level_of = [](const PlaceFigures& place) { return std::abs(place.fade_level); };
  return {.level_step = percentile_of(own, figures.level_step, [](const auto& place) { return place.level_step; }),
          .distance = percentile_of(own, figures.distance, [](const auto& place) { return place.distance; }),
          .fade_level = percentile_of(own, level_of(figures), level_of)};
}

std::optional<Figures> judge(const Neighbours& neighbours, const Join& join, const Places& own) {
  const auto profile = profile_of(neighbours, join);
  if (!profile) return std::nullopt;
  auto value = profile->at(kSideBlocks);
  value.fade_level = fade_level(neighbours, join);
  const float click = click_of(neighbours, join);
  return Figures{.value = value,
                 .percentile = percentiles_of(value, own),
                 .click = static_cast<double>(click),
                 .click_percentile = percentile_of_step(neighbours, click)};
}

double fade_level(const Neighbours& neighbours, const Join& join) {
  const double alone = (mean_power(neighbours.earlier.part(neighbours.in_earlier(join.begin), join.length).samples) +
                        mean_power(neighbours.later.part(neighbours.in_later(join.begin), join.length).samples)) /
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
