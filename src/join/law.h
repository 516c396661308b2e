// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The law of a fade between two sounds: the power stays the same, however alike they are. Two that have nothing in
// common are faded as loud as equal-power fades are; two that are the same, as equal-gain fades are. Pure functions;
// any thread.
#pragma once

#include "join/sound.h"

namespace klingv2a::join {

// Below this, fading would have to make up for what the two take from each other: sounds that differ only in sign.
inline constexpr double kLeastCorrelation = -0.3;

// How alike two sounds of one length are, in [kLeastCorrelation, 1]; 0 where one is silent.
[[nodiscard]] double correlation(const Sound& a, const Sound& b);

struct Gains {
  double earlier = 1, later = 0;
};

// `progress`: 0, the earlier sound alone, to 1, the later one alone.
[[nodiscard]] Gains gains_at(double progress, double correlation);

}  // namespace klingv2a::join
