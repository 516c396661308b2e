// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Invented films for the planner: shots of random lengths, with borders at their changes and at a grid inside them. The
// same seed gives the same film everywhere.
//
// One thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "dice.h"
#include "plan/planner.h"

namespace klingv2a::test {

struct Film {
  double shot_s = 4;    // mean length of a shot
  double spread = 0.7;  // of its logarithm: how much the lengths differ
  double length_s = 3600;
  std::uint32_t seed = 1;
  Nanoseconds grid = 200 * kMillisecond;
  Nanoseconds frame = 40 * kMillisecond;
};

// The shots' lengths are log-normal; a join inside a shot costs half to one and a half times its price.
inline plan::Media make_film(const Film& film) {
  Dice dice(film.seed);
  plan::Media media;
  media.range = {0, std::llround(film.length_s * 1e9) / film.frame * film.frame};
  const double mean_log = std::log(film.shot_s) - film.spread * film.spread / 2;
  Nanoseconds change = 0;
  while (change < media.range.end) {
    const double length = std::max(0.4, std::exp(mean_log + film.spread * dice.normal()));
    const Nanoseconds next = change + std::llround(length * 1e9) / film.frame * film.frame;
    for (Nanoseconds at = change + film.grid; at < std::min(next, media.range.end); at += film.grid)
      media.borders.push_back({.at = at, .weight = plan::inside_weight(dice.fraction(), dice.fraction())});
    if (next < media.range.end) media.borders.push_back({.at = next, .place = plan::Place::shot_change});
    change = next;
  }
  return media;
}

}  // namespace klingv2a::test
