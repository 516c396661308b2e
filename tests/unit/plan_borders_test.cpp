// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From marks to borders.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "dice.h"
#include "plan/border_maker.h"

namespace klingv2a::plan {
namespace {

constexpr Nanoseconds kFrame = 40 * kMillisecond;

std::vector<FrameMark> still(int frames, double motion = 0.2) {
  std::vector<FrameMark> marks;
  for (int i = 0; i < frames; ++i) marks.push_back({.at = i * kFrame, .motion = motion});
  return marks;
}

std::vector<Nanoseconds> times_of(const std::vector<Border>& borders, Place place) {
  std::vector<Nanoseconds> times;
  for (const auto& border : borders)
    if (border.place == place) times.push_back(border.at);
  return times;
}

TEST(Borders, EveryShotChangeIsOne) {
  auto marks = still(100);
  for (const std::size_t at : {30U, 32U, 77U}) marks[at].place = Place::shot_change;
  EXPECT_EQ(times_of(to_borders(marks), Place::shot_change),
            (std::vector<Nanoseconds>{30 * kFrame, 32 * kFrame, 77 * kFrame}));
}

TEST(Borders, ADissolveHasOne) {
  auto marks = still(200);
  for (const std::size_t at : {30U, 41U, 120U}) marks[at].place = Place::gradual;
  EXPECT_EQ(times_of(to_borders(marks), Place::gradual), (std::vector<Nanoseconds>{30 * kFrame, 120 * kFrame}));
}

TEST(Borders, InsideAShotThereIsOneEachHalfSecondWhereLeastMoves) {
  auto marks = still(50, 0.5);
  marks[7].motion = 0.1;
  marks[9].motion = 0.1;
  marks[20].motion = 0.25;
  const auto borders = to_borders(marks);
  ASSERT_EQ(borders.size(), 4U);  // 0.5 s are 12.5 frames
  EXPECT_EQ(borders[0], (Border{.at = 7 * kFrame, .weight = inside_weight(0.1, 0)}));
  EXPECT_EQ(borders[1], (Border{.at = 20 * kFrame, .weight = inside_weight(0.25, 0)}));
  EXPECT_EQ(borders[2].at, 25 * kFrame);
  EXPECT_EQ(borders[3].at, 38 * kFrame);
}

TEST(Borders, WhatIsLoudIsAvoided) {
  auto marks = still(13);
  marks[3].motion = 0.1;
  const auto borders = to_borders(marks, [](Nanoseconds at) { return at == 8 * kFrame ? 0.0 : 0.9; });
  ASSERT_FALSE(borders.empty());
  EXPECT_EQ(borders[0], (Border{.at = 8 * kFrame, .weight = inside_weight(0.2, 0)}));
}

TEST(Borders, NoneInsideAShotIsNearAChange) {
  constexpr int kChange = 38;  // the first frame of a cell
  auto marks = still(100, 0.5);
  marks[kChange].place = Place::shot_change;
  for (const auto at : {kChange - 3, kChange + 3}) marks[static_cast<std::size_t>(at)].motion = 0;
  for (const auto at : {kChange - 4, kChange + 4}) marks[static_cast<std::size_t>(at)].motion = 0.1;
  const auto inside = times_of(to_borders(marks), Place::inside);
  for (const auto at : {kChange - 3, kChange + 3}) EXPECT_EQ(std::ranges::count(inside, at * kFrame), 0) << at;
  for (const auto at : {kChange - 4, kChange + 4}) EXPECT_EQ(std::ranges::count(inside, at * kFrame), 1) << at;
}

TEST(Borders, ADissolveNearAChangeIsNone) {
  auto marks = still(100);
  marks[30].place = Place::shot_change;
  marks[33].place = Place::gradual;
  EXPECT_TRUE(times_of(to_borders(marks), Place::gradual).empty());
}

TEST(Borders, MarksThatComeAgainAreLeftOut) {
  const auto marks = still(60);
  auto twice = marks;
  twice.insert(twice.begin() + 40, marks.begin() + 20, marks.begin() + 40);
  EXPECT_EQ(to_borders(twice), to_borders(marks));
}

// ---- while marks come in

std::vector<FrameMark> random_marks(std::uint32_t seed) {
  test::Dice dice(seed);
  std::vector<FrameMark> marks;
  Nanoseconds at = -3 * kSecond;
  for (int i = 0; i < 600; ++i) {
    at += dice.number(1, 20) == 1 ? dice.number(1, 2000) * kMillisecond : kFrame;
    const auto kind = dice.number(0, 30);
    marks.push_back({.at = at,
                     .place = kind == 0   ? Place::shot_change
                              : kind == 1 ? Place::gradual
                                          : Place::inside,
                     .motion = dice.fraction()});
  }
  return marks;
}

// Each border comes before it is said that all before it are known, and the same ones however the marks come.
TEST(Borders, AreTheSameHoweverMarksCome) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    test::Dice dice(seed + 100);
    const auto marks = random_marks(seed);
    BorderMaker maker;
    std::vector<Border> borders;
    Nanoseconds complete = INT64_MIN;
    const auto take = [&] {
      while (const auto border = maker.next()) {
        EXPECT_GE(border->at, complete);
        EXPECT_TRUE(borders.empty() || border->at > borders.back().at);
        borders.push_back(*border);
      }
      EXPECT_GE(maker.complete_until(), complete);
      complete = maker.complete_until();
    };
    for (const auto& mark : marks) {
      maker.add(mark);
      if (dice.number(0, 3) == 0) take();
    }
    // The raster and what is next to a frame, no more.
    EXPECT_GE(complete, marks[marks.size() - 30].at - BorderMaker::kRaster);
    maker.end();
    take();
    EXPECT_EQ(borders, to_borders(marks)) << seed;
    EXPECT_EQ(complete, INT64_MAX);
  }
}

TEST(Borders, EachIsAtAFrame) {
  const auto marks = random_marks(3);
  std::map<Nanoseconds, Place> frames;
  for (const auto& mark : marks) frames[mark.at] = mark.place;
  for (const auto& border : to_borders(marks))
    EXPECT_TRUE(frames.contains(border.at) && frames[border.at] == border.place);
}

TEST(Borders, OfNothingThereAreNone) {
  EXPECT_TRUE(to_borders({}).empty());
}

}  // namespace
}  // namespace klingv2a::plan
