// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Joins of sounds that differ as takes of the service do, judged by the figures that tell whether one is heard.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "join/figures.h"
#include "takes.h"

namespace klingv2a::join {
namespace {

using test::make_take;
using test::Take;

constexpr Format kMono{.channels = 1};
constexpr double kOverlap = 1;  // s: half a second of handle on each side

struct Case {
  const char* what;
  double level_db, tilt, shared;
};

void PrintTo(const Case& row, std::ostream* out) {
  *out << row.what;
}

struct Pair {
  std::vector<float> earlier, later;
  [[nodiscard]] Neighbours neighbours() const {
    return {{earlier, kMono}, {later, kMono}, kMono.frames_in(kOverlap), kMono.frames_in(kOverlap) / 2};
  }
};

Pair takes(const Case& row, std::uint32_t seed) {
  const Take earlier{.shared = row.shared, .scene = seed, .seed = 2 * seed};
  const Take later{.level_db = row.level_db,
                   .tilt_db_per_octave = row.tilt,
                   .shared = row.shared,
                   .scene = seed,
                   .seed = 2 * seed + 1,
                   .scene_begin_s = earlier.seconds - kOverlap};
  return {make_take(earlier, kMono), make_take(later, kMono)};
}

std::string text_of(const Figures& figures) {
  const auto& [value, percentile, click, click_percentile] = figures;
  std::ostringstream text;
  text << "step " << value.level_step << " P" << percentile.level_step << ", distance " << value.distance << " P"
       << percentile.distance << ", fade " << value.fade_level << " P" << percentile.fade_level << ", click " << click
       << " P" << click_percentile;
  return text.str();
}

class Joins : public ::testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(, Joins,
                         ::testing::Values(Case{"equal takes", 0, 0, 0}, Case{"takes that share half", 0, 0, 0.5},
                                           Case{"the same sound", 0, 0, 1}, Case{"4 dB louder", 4, 0, 0},
                                           Case{"4 dB quieter", -4, 0, 0.3}, Case{"2 dB an octave brighter", 0, 2, 0},
                                           Case{"2 dB an octave darker", 0, -2, 0},
                                           Case{"louder and brighter", 2, 1, 0.2}));

TEST_P(Joins, AreNotHeard) {
  for (std::uint32_t seed = 1; seed <= 2; ++seed) {
    const auto pair = takes(GetParam(), seed);
    auto neighbours = pair.neighbours();
    const auto own = own_places(neighbours);
    const auto join = find_join(neighbours, Kind::inside, own);
    const auto fitted = fitted_later(neighbours, join);
    neighbours.later.samples = fitted;
    const auto figures = judge(neighbours, join, own);
    ASSERT_TRUE(figures);
    EXPECT_TRUE(faults(*figures, Kind::inside).empty()) << text_of(*figures);
    EXPECT_EQ(joined(neighbours, join).size(),
              pair.earlier.size() + pair.later.size() - kMono.samples_of(neighbours.overlap));
  }
}

// Takes that differ, so that there is something to hear.
class DifferingTakes : public ::testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(, DifferingTakes,
                         ::testing::Values(Case{"4 dB louder", 4, 0, 0}, Case{"4 dB quieter", -4, 0, 0.3},
                                           Case{"2 dB an octave brighter", 0, 2, 0},
                                           Case{"2 dB an octave darker", 0, -2, 0}));

TEST_P(DifferingTakes, AreHeardAtAButtJoint) {
  const auto pair = takes(GetParam(), 1);
  const auto neighbours = pair.neighbours();
  const auto figures = judge(neighbours, Join{}, own_places(neighbours));
  ASSERT_TRUE(figures);
  EXPECT_FALSE(faults(*figures, Kind::inside).empty()) << text_of(*figures);
}

}  // namespace
}  // namespace klingv2a::join
