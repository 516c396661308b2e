// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The shot detector on invented films whose cuts are known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "film_strip.h"
#include "plan/shot_detector.h"

namespace klingv2a::plan {
namespace {

using test::Dice;
using test::FilmMaker;
using test::FilmStrip;
using test::Scene;
using test::Shot;

constexpr Nanoseconds kFrame = 40 * kMillisecond;

struct Found {
  std::vector<int> cuts, graduals;
  std::vector<FrameMark> marks;
};

Found detect(const FilmStrip& strip, bool at_once = false) {
  ShotDetector detector(Scene::kWidth, Scene::kHeight);
  Found found;
  const auto take = [&] {
    while (const auto mark = detector.next()) {
      const auto frame = static_cast<int>(mark->at / kFrame);
      if (mark->place == Place::shot_change) found.cuts.push_back(frame);
      if (mark->place == Place::gradual) found.graduals.push_back(frame);
      found.marks.push_back(*mark);
    }
  };
  for (std::size_t i = 0; i < strip.frames.size(); ++i) {
    detector.add(static_cast<Nanoseconds>(i) * kFrame, strip.frames[i]);
    if (!at_once) take();
  }
  detector.end();
  take();
  return found;
}

int matched(const std::vector<int>& wanted, const std::vector<int>& found, int tolerance) {
  return static_cast<int>(std::ranges::count_if(wanted, [&](int frame) {
    return std::ranges::any_of(found, [&](int other) { return std::abs(frame - other) <= tolerance; });
  }));
}

FilmStrip film_of(const std::vector<Shot>& shots, double grain = 1.5) {
  FilmMaker maker(grain, 5);
  for (const auto& shot : shots) maker.add(shot);
  return maker.strip();
}

TEST(Shots, ACutIsFoundToTheFrame) {
  const auto strip = film_of({{.frames = 60, .seed = 1}, {.frames = 50, .seed = 2}, {.frames = 70, .seed = 3}});
  const auto found = detect(strip);
  EXPECT_EQ(found.cuts, strip.cuts);
  EXPECT_EQ(found.graduals, std::vector<int>{});
  ASSERT_EQ(found.marks.size(), strip.frames.size());
  EXPECT_EQ(found.marks.back().at, static_cast<Nanoseconds>(strip.frames.size() - 1) * kFrame);
}

TEST(Shots, AFlashIsNone) {
  for (const int frames : {1, 2, 3, 4}) {
    const auto strip = film_of({{.frames = 120, .flash_at = 50, .flash_frames = frames, .seed = 4}});
    EXPECT_EQ(detect(strip).cuts, std::vector<int>{}) << frames;
  }
}

TEST(Shots, APanIsNoneAndMoves) {
  const auto found = detect(film_of({{.frames = 60, .seed = 5}, {.frames = 60, .pan = 3, .seed = 6}}));
  EXPECT_EQ(found.cuts, std::vector<int>{60});
  EXPECT_EQ(found.graduals, std::vector<int>{});
  EXPECT_LT(found.marks[30].motion, 0.1);
  EXPECT_GT(found.marks[90].motion, 3 * found.marks[30].motion);
}

TEST(Shots, GrainIsNeitherACutNorMotion) {
  const auto found = detect(film_of({{.frames = 100, .seed = 7}}, 12));
  EXPECT_EQ(found.cuts, std::vector<int>{});
  EXPECT_EQ(found.graduals, std::vector<int>{});
  EXPECT_LT(found.marks[50].motion, 0.3);
}

TEST(Shots, ALittleMoreLightIsNone) {
  auto strip = film_of({{.frames = 100, .seed = 7}}, 0);
  for (std::size_t frame = 50; frame < strip.frames.size(); ++frame)
    for (auto& pixel : strip.frames[frame]) pixel = static_cast<std::uint8_t>(pixel + 3);
  EXPECT_EQ(detect(strip).cuts, std::vector<int>{});
}

TEST(Shots, ADissolveIsFoundInItsMiddle) {
  for (const int frames : {12, 25, 40, 50}) {
    const auto strip = film_of({{.frames = 90, .seed = 8},
                                {.frames = 150, .entry = Shot::Entry::dissolve, .entry_frames = frames, .seed = 9}});
    const auto found = detect(strip);
    EXPECT_EQ(found.cuts, std::vector<int>{}) << frames;
    ASSERT_EQ(found.graduals.size(), 1U) << frames;
    EXPECT_LE(std::abs(found.graduals[0] - strip.graduals[0]), frames / 4) << frames;
  }
}

TEST(Shots, AFadeThroughBlackIsFoundWhereItIsBlack) {
  for (const int frames : {10, 20, 30}) {
    const auto strip =
        film_of({{.frames = 90, .seed = 8},
                 {.frames = 150, .entry = Shot::Entry::through_black, .entry_frames = frames, .seed = 9}});
    const auto found = detect(strip);
    EXPECT_EQ(found.cuts, std::vector<int>{}) << frames;
    ASSERT_EQ(found.graduals.size(), 1U) << frames;
    EXPECT_NEAR(found.graduals[0], strip.graduals[0], 4) << frames;
  }
}

// The answers do not depend on when they are asked for, and the first and last frames have one.
TEST(Shots, EveryFrameIsJudgedOnce) {
  const auto strip =
      film_of({{.frames = 3, .seed = 1}, {.frames = 30, .pan = 2, .seed = 2}, {.frames = 90, .seed = 3}});
  EXPECT_EQ(detect(strip).marks, detect(strip, true).marks);
  for (const int length : {0, 1, 2}) {
    FilmStrip start;
    for (int i = 0; i < length; ++i) start.frames.push_back(strip.frames[static_cast<std::size_t>(i)]);
    EXPECT_EQ(detect(start).marks.size(), static_cast<std::size_t>(length));
  }
}

// ---- a corpus of all of them

Shot random_shot(Dice& dice, std::uint32_t seed) {
  Shot shot{.frames = static_cast<int>(dice.number(20, 90)), .seed = seed};
  switch (dice.number(0, 3)) {
    case 0:
      shot.pan = 0.5 + 3 * dice.fraction();
      break;
    case 1:
      shot.move = 1 + 3 * dice.fraction();
      break;
    case 2:
      shot.flash_at = static_cast<int>(dice.number(8, shot.frames - 8));
      shot.flash_frames = static_cast<int>(dice.number(1, 3));
      break;
    default:
      break;
  }
  if (dice.number(0, 5) == 0) {
    shot.entry = dice.number(0, 1) == 0 ? Shot::Entry::dissolve : Shot::Entry::through_black;
    shot.entry_frames = static_cast<int>(dice.number(12, 40));
    shot.frames += 80;
    shot.flash_frames = 0;
  }
  return shot;
}

TEST(Shots, ACorpusIsReadWell) {
  int wanted = 0, found_cuts = 0, right = 0, gradual = 0, right_graduals = 0;
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    Dice dice(seed);
    std::vector<Shot> shots;
    for (std::uint32_t i = 0; i < 16; ++i) shots.push_back(random_shot(dice, 1000 * seed + i));
    const auto strip = film_of(shots, 1 + 2 * seed);
    const auto found = detect(strip);
    wanted += static_cast<int>(strip.cuts.size());
    found_cuts += static_cast<int>(found.cuts.size());
    right += matched(strip.cuts, found.cuts, 1);
    gradual += static_cast<int>(strip.graduals.size());
    right_graduals += matched(strip.graduals, found.graduals, 10);
  }
  const double precision = static_cast<double>(right) / found_cuts, recall = static_cast<double>(right) / wanted;
  EXPECT_GE(2 * precision * recall / (precision + recall), 0.95);
  EXPECT_GE(right_graduals * 2, gradual);
}

}  // namespace
}  // namespace klingv2a::plan
