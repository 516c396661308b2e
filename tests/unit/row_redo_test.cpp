// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One clip of a row gets another take: it is fitted to both neighbours, and nothing else of the row changes.
#include <gtest/gtest.h>

#include <algorithm>

#include "join/figures.h"
#include "join/row_joiner.h"
#include "rows.h"

namespace klingv2a::join {
namespace {

using test::join_row;
using test::JoinedRow;
using test::make_clip;
using test::make_row;
using test::Row;
using test::Take;

constexpr Format kMono{.channels = 1};

// The row as it was, with its joins.
std::vector<RowClip> with_joins(std::vector<RowClip> clips, const JoinedRow& row) {
  for (std::size_t i = 1; i < clips.size(); ++i) {
    clips[i].found = row.joins[i - 1].join;
    clips[i].is_new_take = false;
  }
  clips[0].is_new_take = false;
  return clips;
}

void replace(std::vector<RowClip>& clips, std::size_t index, RowClip with) {
  with.found = clips[index].found;
  with.is_new_take = true;
  clips[index] = std::move(with);
}

// Everything but the clip's own range and half a second on each side of it.
void expect_same_elsewhere(const JoinedRow& before, const JoinedRow& after, const RowClip& clip) {
  const auto was = before.samples(), is = after.samples();
  ASSERT_EQ(is.size(), was.size());
  const auto half = kMono.frames_in(0.5);
  const auto begin = std::max<std::int64_t>(0, clip.begin - half);
  const auto end = std::min(static_cast<std::int64_t>(was.size()), clip.end + half);
  EXPECT_TRUE(std::equal(was.begin(), was.begin() + begin, is.begin()));
  EXPECT_TRUE(std::equal(was.begin() + end, was.end(), is.begin() + end));
  EXPECT_FALSE(std::equal(was.begin() + begin, was.begin() + end, is.begin() + begin));
}

void expect_not_heard(const MadeJoin& made) {
  ASSERT_TRUE(made.figures);
  EXPECT_TRUE(faults(*made.figures, made.join.kind).empty()) << test::text_of(*made.figures);
}

struct Case {
  const char* what;
  double level_db, tilt;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.what;
}

class NewTakes : public ::testing::TestWithParam<Case> {
 protected:
  const Row row_{.clips = 5};
  const std::vector<RowClip> clips_ = make_row(row_);
  const JoinedRow before_ = join_row(clips_, kMono);
  [[nodiscard]] static Take take(std::uint32_t seed) {
    return {.level_db = GetParam().level_db, .tilt_db_per_octave = GetParam().tilt, .seed = seed};
  }
};

INSTANTIATE_TEST_SUITE_P(, NewTakes,
                         ::testing::Values(Case{"equal in kind", 0, 0}, Case{"4 dB louder", 4, 0},
                                           Case{"4 dB quieter", -4, 0}, Case{"2 dB an octave brighter", 0, 2},
                                           Case{"2 dB an octave darker", 0, -2}, Case{"louder and darker", 3, -1}));

TEST_P(NewTakes, AreFittedToBothNeighbours) {
  for (std::uint32_t seed = 500; seed < 502; ++seed) {
    auto clips = with_joins(clips_, before_);
    replace(clips, 2, make_clip(row_, 2, take(seed)));
    const auto after = join_row(clips, kMono);
    expect_same_elsewhere(before_, after, clips[2]);
    for (const std::size_t i : {1U, 2U}) expect_not_heard(after.joins[i]);
    EXPECT_EQ(after.joins[0].join, before_.joins[0].join);
    EXPECT_EQ(after.joins[2].join.later, before_.joins[2].join.later);
    EXPECT_EQ(after.joins[3].join, before_.joins[3].join);
    EXPECT_NE(after.joins[2].join.earlier, Fit{});
    // What is done to its end begins where the fade at its beginning ends.
    const auto& [border, first, figures] = after.joins[1];
    EXPECT_EQ(after.joins[2].border + after.joins[2].join.earlier.gone,
              border + std::max<std::int64_t>(0, first.begin + first.length));
    // Kept, the new joins give the same bits.
    EXPECT_EQ(join_row(with_joins(clips, after), kMono).samples(), after.samples());
  }
}

// What the earlier clip's end was fitted to is gone, but the earlier clip stays as it is.
TEST_P(NewTakes, OneAfterTheOtherLeaveTheFirstAsItIs) {
  auto clips = with_joins(clips_, before_);
  replace(clips, 2, make_clip(row_, 2, take(500)));
  const auto once = join_row(clips, kMono);
  clips = with_joins(clips, once);
  replace(clips, 3, make_clip(row_, 3, {.level_db = 2, .tilt_db_per_octave = 1, .seed = 600}));
  const auto twice = join_row(clips, kMono);
  expect_same_elsewhere(once, twice, clips[3]);
  EXPECT_EQ(twice.joins[2].join.earlier, once.joins[2].join.earlier);
  for (const std::size_t i : {2U, 3U}) expect_not_heard(twice.joins[i]);
}

TEST(NewTake, OfTheFirstAndTheLastClipIsFittedToo) {
  const Row row{.clips = 3};
  const auto original = make_row(row);
  const auto before = join_row(original, kMono);
  for (const std::size_t index : {0U, 2U}) {
    auto clips = with_joins(original, before);
    replace(clips, index, make_clip(row, index, {.level_db = 3, .tilt_db_per_octave = 1, .seed = 500}));
    const auto after = join_row(clips, kMono);
    expect_same_elsewhere(before, after, clips[index]);
    expect_not_heard(after.joins[index == 0 ? 0 : 1]);
  }
}

// Where its two neighbours differ in level, its gain leads from the one to the other.
TEST(NewTake, LeadsFromOneNeighbourToTheOther) {
  const Row row{.clips = 3, .seconds = 6};
  auto clips = make_row(row);
  clips[2] = make_clip(row, 2, {.level_db = 4, .seed = 300});
  clips[2].found = Join{.rate = kMono.rate, .begin = -7200, .length = 14400};
  replace(clips, 1, make_clip(row, 1, {.level_db = -1.5, .seed = 400}));
  const auto after = join_row(clips, kMono);
  for (const auto& made : after.joins) expect_not_heard(made);
  EXPECT_GT(after.joins[0].join.later.gain_db, 1);
  EXPECT_GT(after.joins[1].join.earlier.gain_db, 4);
  EXPECT_EQ(after.joins[1].join.later, Fit{});
}

TEST(NewTake, TwoNeighboursOfItAreJoinedAsForTheFirstTime) {
  const Row row{.clips = 4};
  auto clips = make_row(row);
  const auto before = join_row(clips, kMono);
  clips = with_joins(clips, before);
  replace(clips, 1, make_clip(row, 1, {.level_db = 3, .seed = 501}));
  replace(clips, 2, make_clip(row, 2, {.level_db = -1, .seed = 502}));
  const auto after = join_row(clips, kMono);
  for (const auto& made : after.joins) expect_not_heard(made);
  EXPECT_EQ(after.joins[1].join.earlier, Fit{});
  EXPECT_NE(after.joins[1].join.later, Fit{});
  EXPECT_EQ(after.pieces[3].samples.back(), before.pieces[3].samples.back());
}

TEST(NewTake, MayBeASilentOneOrComeAfterASilentOne) {
  const Row row{.clips = 5, .level_db = 3, .tilt = 1};
  const auto sounding = make_row(row);
  auto silent = sounding;
  silent[2].samples.clear();
  for (const auto& [first, second] : {std::pair(sounding, silent), std::pair(silent, sounding)}) {
    const auto before = join_row(first, kMono);
    auto clips = with_joins(first, before);
    replace(clips, 2, second[2]);
    const auto after = join_row(clips, kMono);
    expect_same_elsewhere(before, after, clips[2]);
    for (const auto& made : after.joins) expect_not_heard(made);
    EXPECT_EQ(join_row(with_joins(clips, after), kMono).samples(), after.samples());
  }
}

TEST(NewTake, OfAShortClipLeavesTheRestAsItIs) {
  for (const double seconds : {2.0, 1.0, 0.4}) {
    const Row row{.clips = 5, .seconds = seconds, .handle_s = 0.5, .level_db = 2};
    auto clips = make_row(row);
    const auto before = join_row(clips, kMono);
    clips = with_joins(clips, before);
    replace(clips, 2, make_clip(row, 2, {.level_db = 3, .tilt_db_per_octave = 1, .seed = 500}));
    const auto after = join_row(clips, kMono);
    expect_same_elsewhere(before, after, clips[2]);
    EXPECT_EQ(join_row(with_joins(clips, after), kMono).samples(), after.samples());
  }
}

TEST(NewTake, AtShotChangesIsNotFitted) {
  const Row row{.clips = 3, .handle_s = 0.04, .kind = Kind::at_change};
  auto clips = make_row(row);
  const auto before = join_row(clips, kMono);
  clips = with_joins(clips, before);
  replace(clips, 1, make_clip(row, 1, {.level_db = 5, .seed = 500}));
  const auto after = join_row(clips, kMono);
  expect_same_elsewhere(before, after, clips[1]);
  for (const auto& made : after.joins) {
    EXPECT_EQ(made.join.earlier, Fit{});
    EXPECT_EQ(made.join.later, Fit{});
  }
}

}  // namespace
}  // namespace klingv2a::join
