// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How good a join is, in figures. Each is compared with what the two sounds do by themselves: a join that differs from
// its surroundings no more than they do from each other is not heard. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "join/join.h"
#include "join/profile.h"

namespace klingv2a::join {

// A figure is usual up to this percentile of the sounds' own; steps from one sample to the next, up to the other.
inline constexpr double kUsual = 95, kUsualStep = 99.9;

struct Figures {
  PlaceFigures value, percentile;
  // The largest step from a sample to the next where the fade begins and ends, as far as the sound itself has none
  // there.
  double click = 0, click_percentile = 0;
  friend bool operator==(const Figures&, const Figures&) = default;
};

// What the two sounds do by themselves. Throws std::bad_alloc.
[[nodiscard]] Places own_places(const Neighbours& neighbours);

// The join as a place of its own: [a second] [the fade] [a second]. Both sounds are the fitted ones. Nothing: too
// little sound on one side. Throws std::bad_alloc.
[[nodiscard]] std::optional<Profile> profile_of(const Neighbours& neighbours, const Join& join);

// How many places of a hundred have smaller figures; 0 without any place.
[[nodiscard]] PlaceFigures percentiles_of(const PlaceFigures& figures, const Places& own);

// Both sounds are the fitted ones. Nothing: too little sound on one side. Throws std::bad_alloc.
[[nodiscard]] std::optional<Figures> judge(const Neighbours& neighbours, const Join& join, const Places& own);

// How much louder the fade is than the two sounds are there: dB.
[[nodiscard]] double fade_level(const Neighbours& neighbours, const Join& join);

// What is wrong with it, in words: empty when nobody will hear it. A join at a shot change is judged by its click
// alone.
[[nodiscard]] std::vector<std::string> faults(const Figures& figures, Kind kind);

}  // namespace klingv2a::join
