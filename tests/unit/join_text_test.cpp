// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Joins as text, good and broken; and what is reported of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "dice.h"
#include "join/join_text.h"
#include "join/law.h"
#include "join/match.h"
#include "join/report.h"

namespace klingv2a::join {
namespace {

using test::Dice;

double between(Dice& dice, double least, double most) {
  return least + (most - least) * dice.fraction();
}

Fit random_fit(Dice& dice, Side side) {
  if (dice.fraction() < 0.2) return {};
  Fit fit{.gain_db = between(dice, -kMostGainDb, kMostGainDb), .is_matched = dice.fraction() < 0.5};
  if (fit.is_matched)
    for (auto& db : fit.match_db) db = between(dice, -kMostMatchDb, kMostMatchDb);
  fit.full = dice.number(-24000, 24000);
  fit.gone = fit.full + (side == Side::later ? 1 : -1) * dice.number(1, 960000);
  return fit;
}

Join random_join(Dice& dice) {
  return {.kind = dice.fraction() < 0.3 ? Kind::at_change : Kind::inside,
          .rate = 48000,
          .begin = dice.number(-24000, 9600),
          .length = dice.number(0, 14400),
          .correlation = between(dice, kLeastCorrelation, 1),
          .earlier = random_fit(dice, Side::earlier),
          .later = random_fit(dice, Side::later)};
}

TEST(JoinText, ComesBackToTheLastBit) {
  Dice dice(1);
  for (int i = 0; i < 500; ++i) {
    const auto join = random_join(dice);
    const auto text = to_text(join);
    EXPECT_EQ(join_from_text(text), join) << text;
  }
}

TEST(JoinText, IsOneLineThatPeopleCanRead) {
  const Join join{.rate = 48000,
                  .begin = -4800,
                  .length = 14400,
                  .correlation = 0.25,
                  .later = {.gain_db = 3.5, .full = 9600, .gone = 384000}};
  EXPECT_EQ(to_text(join),
            "join 1 inside rate 48000 fade -4800 14400 correlation 0.25 earlier none later 3.5 9600 384000 unmatched");
}

TEST(JoinText, AtTheLimitsIsRead) {
  Fit fit{.gain_db = -kMostGainDb, .is_matched = true, .full = 192000, .gone = 192000 * 3600L};
  fit.match_db.fill(kMostMatchDb);
  for (const double correlation : {kLeastCorrelation, 1.0}) {
    const Join join{.rate = 192000, .begin = -192000, .length = 192000, .correlation = correlation, .later = fit};
    EXPECT_EQ(join_from_text(to_text(join)), join);
  }
}

TEST(JoinText, OutOfTheLimitsIsNotRead) {
  const Join good{.rate = 48000,
                  .begin = -4800,
                  .length = 14400,
                  .earlier = {.gain_db = 1, .is_matched = true, .full = -4800, .gone = -96000},
                  .later = {.gain_db = 3.5, .is_matched = true, .full = 9600, .gone = 384000}};
  ASSERT_TRUE(join_from_text(to_text(good)));
  const auto expect_refused = [&](const auto& spoil) {
    auto join = good;
    spoil(join);
    EXPECT_FALSE(join_from_text(to_text(join))) << to_text(join);
  };
  expect_refused([](Join& join) { join.rate = 7999; });
  expect_refused([](Join& join) { join.rate = 192001; });
  expect_refused([](Join& join) { join.begin = -48001; });
  expect_refused([](Join& join) { join.begin = std::numeric_limits<std::int64_t>::max(); });
  expect_refused([](Join& join) { join.length = -1; });
  expect_refused([](Join& join) { join.length = 48001; });
  expect_refused([](Join& join) { join.correlation = -0.31; });
  expect_refused([](Join& join) { join.correlation = 1.01; });
  expect_refused([](Join& join) { join.correlation = std::numeric_limits<double>::quiet_NaN(); });
  expect_refused([](Join& join) { join.later.gain_db = std::numeric_limits<double>::infinity(); });
  expect_refused([](Join& join) { join.later.gain_db = 6.01; });
  expect_refused([](Join& join) { join.earlier.gain_db = -6.01; });
  expect_refused([](Join& join) { join.later.full = 48001; });
  expect_refused([](Join& join) { join.later.gone = join.later.full; });
  expect_refused([](Join& join) { join.earlier.gone = join.earlier.full; });
  expect_refused([](Join& join) { join.later.gone = 48000 * 3600L + 1; });
  expect_refused([](Join& join) { join.earlier.gone = std::numeric_limits<std::int64_t>::min(); });
  expect_refused([](Join& join) { join.later.match_db.back() = 8.01; });
  expect_refused([](Join& join) { join.earlier.match_db.front() = std::numeric_limits<double>::quiet_NaN(); });
}

TEST(JoinText, OtherTextsAreNotRead) {
  const std::string good = to_text({.rate = 48000, .length = 1920});
  ASSERT_TRUE(join_from_text(good));
  for (const std::string& text :
       {std::string(), std::string(" "), good + " ", " " + good, good + "\n", good + " more",
        good + std::string(1, '\0'), "join 2" + good.substr(6), "join 1.0" + good.substr(6), "Join" + good.substr(4),
        std::string(1 << 20, ' '), std::string(1 << 20, '1'),
        std::string("join 1 inside rate +48000 fade 0 0 correlation 0 earlier none later none"),
        std::string("join 1 inside rate 48000 fade 0x0 0 correlation 0 earlier none later none"),
        std::string("join 1 inside  rate 48000 fade 0 0 correlation 0 earlier none later none"),
        std::string("join 1 inside rate 48000 fade 99999999999999999999 0 correlation 0 earlier none later none")})
    EXPECT_FALSE(join_from_text(text)) << text.substr(0, 100);
}

// Whatever is read is within the limits: written again, it is read again.
TEST(JoinText, BrokenTextsAreRefusedOrHarmless) {
  Dice dice(7);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    auto text = to_text(random_join(dice));
    for (auto changes = dice.number(1, 3); changes > 0 && !text.empty(); --changes) {
      const auto at = static_cast<std::size_t>(dice.number(0, static_cast<std::int64_t>(text.size()) - 1));
      const auto how = dice.number(0, 3);
      if (how == 0) text[at] = static_cast<char>(dice.number(0, 255));
      if (how == 1) text.erase(at, static_cast<std::size_t>(dice.number(1, 5)));
      if (how == 2) text.insert(at, 1, "0123456789-. enif"[dice.number(0, 16)]);
      if (how == 3) text.resize(at);
    }
    const auto join = join_from_text(text);
    refused += join ? 0 : 1;
    EXPECT_EQ(join_from_text(join ? to_text(*join) : text), join) << text;
  }
  EXPECT_GT(refused, 8000);
}

// ---- the report

MadeJoin made_join(double level_step, double distance_percentile, Kind kind = Kind::inside) {
  Figures figures{.value = {.level_step = level_step}, .percentile = {.distance = distance_percentile}};
  figures.click_percentile = 50;
  return {.border = 480000,
          .join = {.kind = kind,
                   .rate = 48000,
                   .begin = -4800,
                   .length = 14400,
                   .correlation = 0.5,
                   .later = {.gain_db = -2, .is_matched = true}},
          .figures = figures};
}

TEST(Report, SaysWhereAJoinIsAndWhatIsWrongWithIt) {
  const auto report = report_of(made_join(2, 96));
  EXPECT_DOUBLE_EQ(report.border_s, 10);
  EXPECT_DOUBLE_EQ(report.fade_s, 9.9);
  EXPECT_DOUBLE_EQ(report.fade_end_s, 10.2);
  EXPECT_EQ(report.correlation, 0.5);
  EXPECT_EQ(report.later_gain_db, -2);
  EXPECT_EQ(report.earlier_gain_db, 0);
  EXPECT_TRUE(report.is_matched);
  EXPECT_EQ(report.faults, (std::vector<std::string>{"a step in level", "another spectrum"}));
  EXPECT_TRUE(report_of(made_join(2, 96, Kind::at_change)).faults.empty());
}

TEST(Report, TheWorstComeFirst) {
  auto unknown = made_join(0, 0);
  unknown.figures.reset();
  auto later = made_join(0, 50);
  later.border += 48000;
  std::vector<ReportedJoin> joins;
  for (const auto& made :
       {later, made_join(0, 94), made_join(0, 50), unknown, made_join(2, 50), made_join(2, 99), made_join(0, 99)})
    joins.push_back(report_of(made));
  sort_worst_first(joins);
  std::vector<double> distances, borders;
  for (const auto& join : joins) {
    distances.push_back(join.figures ? join.figures->percentile.distance : -1);
    borders.push_back(join.border_s);
  }
  EXPECT_EQ(distances, (std::vector<double>{99, 99, 50, -1, 94, 50, 50}));
  EXPECT_EQ(joins[0].faults.size(), 2);
  EXPECT_EQ(borders[5], 10);
  EXPECT_EQ(borders[6], 11);
}

TEST(Report, NearnessIsMeasuredAgainstEachFiguresLimit) {
  auto made = made_join(0, 95);
  EXPECT_DOUBLE_EQ(nearness(report_of(made)), 1);
  made.join.kind = Kind::at_change;
  EXPECT_DOUBLE_EQ(nearness(report_of(made)), 50 / 99.9);
}

}  // namespace
}  // namespace klingv2a::join
