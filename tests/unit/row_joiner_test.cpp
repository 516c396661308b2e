// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Rows of clips that become one sound: nobody hears where, no sample is lost, and nothing is changed that need not be.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "join/figures.h"
#include "join/row_joiner.h"
#include "rows.h"

namespace klingv2a::join {
namespace {

using test::join_row;
using test::JoinedRow;
using test::make_row;
using test::Row;

constexpr Format kMono{.channels = 1};

void expect_not_heard(const JoinedRow& row) {
  for (const auto& made : row.joins) {
    ASSERT_TRUE(made.figures);
    EXPECT_TRUE(faults(*made.figures, made.join.kind).empty())
        << "border at " << made.border << ": " << test::text_of(*made.figures);
  }
}

// Every frame once, in order.
void expect_exact(const JoinedRow& row, const std::vector<RowClip>& clips, const Format& format) {
  ASSERT_EQ(row.pieces.size(), clips.size());
  for (std::size_t i = 0; i < clips.size(); ++i) {
    EXPECT_EQ(row.pieces[i].begin, clips[i].begin);
    EXPECT_EQ(row.pieces[i].end, clips[i].end);
    EXPECT_EQ(row.pieces[i].samples.size(), format.samples_of(clips[i].end - clips[i].begin));
  }
}

float largest_step(std::span<const float> samples, const Format& format) {
  const auto channels = format.samples_of(1);
  float largest = 0;
  for (auto i = channels; i < samples.size(); ++i)
    largest = std::max(largest, std::abs(samples[i] - samples[i - channels]));
  return largest;
}

// At the fades no sample is much further from the one before than in the clips, brought 6 dB up.
void expect_no_step(const JoinedRow& row, const std::vector<RowClip>& clips, const Format& format) {
  const auto samples = row.samples();
  float usual = 0;
  for (const auto& clip : clips) usual = std::max(usual, largest_step(clip.samples, format));
  for (const auto& made : row.joins) {
    const auto begin = format.samples_of(made.border + made.join.begin - 2);
    const auto fade = std::span(samples).subspan(begin, format.samples_of(made.join.length + 4));
    EXPECT_LE(largest_step(fade, format), 2 * usual) << made.border;
  }
}

// ---- nobody hears it

struct Case {
  const char* what;
  Row row;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.what;
}

class Rows : public ::testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(
    , Rows,
    ::testing::Values(Case{"equal takes", {}}, Case{"a quarter shared", {.shared = 0.25}},
                      Case{"half shared", {.shared = 0.5}}, Case{"nearly the same", {.shared = 0.9}},
                      Case{"the same sound", {.shared = 1}}, Case{"4 dB louder", {.level_db = 4}},
                      Case{"4 dB quieter, some shared", {.level_db = -4, .shared = 0.3}},
                      Case{"2 dB an octave brighter", {.tilt = 2}}, Case{"2 dB an octave darker", {.tilt = -2}},
                      Case{"louder and brighter", {.level_db = 2, .tilt = 1, .shared = 0.2}},
                      Case{"clips of two seconds", {.seconds = 2}},
                      Case{"clips of two seconds, 4 dB apart", {.seconds = 2, .level_db = 4}},
                      Case{"shot changes", {.handle_s = 0.04, .level_db = 6, .tilt = 2, .kind = Kind::at_change}}));

TEST_P(Rows, AreNotHeardToBeJoined) {
  const auto& row = GetParam().row;
  const auto clips = make_row(row);
  const auto result = join_row(clips, row.format);
  ASSERT_EQ(result.joins.size(), clips.size() - 1);
  expect_not_heard(result);
  expect_exact(result, clips, row.format);
  expect_no_step(result, clips, row.format);
}

class DifferingRows : public ::testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(, DifferingRows,
                         ::testing::Values(Case{"4 dB louder", {.level_db = 4}}, Case{"2 dB brighter", {.tilt = 2}},
                                           Case{"clips of two seconds", {.seconds = 2, .level_db = 4}}));

// Joins that do nothing, given as found ones.
TEST_P(DifferingRows, AreHeardAtButtJoints) {
  const auto& row = GetParam().row;
  auto clips = make_row(row);
  for (auto& clip : clips) clip.found = Join{.rate = row.format.rate};
  for (const auto& made : join_row(clips, row.format).joins) {
    ASSERT_TRUE(made.figures);
    EXPECT_FALSE(faults(*made.figures, Kind::inside).empty()) << test::text_of(*made.figures);
  }
}

class Formats : public ::testing::TestWithParam<Format> {};

INSTANTIATE_TEST_SUITE_P(, Formats,
                         ::testing::Values(Format{44100, 1}, Format{44100, 2}, Format{48000, 2}, Format{48000, 6},
                                           Format{96000, 1}, Format{96000, 2}));

TEST_P(Formats, AreAllJoined) {
  const Row row{.clips = 3, .seconds = 4, .level_db = 3, .format = GetParam()};
  const auto clips = make_row(row);
  const auto result = join_row(clips, row.format);
  expect_not_heard(result);
  expect_exact(result, clips, row.format);
}

// ---- what is heard is the join, and nothing more is changed

// With the fade before the border, across it and after it.
TEST(RowJoiner, ThePiecesAreWhatTheJoinGives) {
  auto clips = make_row({.clips = 2, .level_db = 3, .tilt = 1});
  auto join = join_row(clips, kMono).joins.at(0).join;
  for (const std::int64_t begin : {-20000, -9000, 2000}) {
    join.begin = begin;
    clips[1].found = join;
    Neighbours sounds{{clips[0].samples, kMono}, {clips[1].samples, kMono}, kMono.rate, kMono.rate / 2};
    const auto fitted = fitted_later(sounds, join);
    sounds.later.samples = fitted;
    EXPECT_EQ(join_row(clips, kMono).samples(), joined(sounds, join));
  }
}

bool is_same(const Sound& a, const Sound& b, std::int64_t begin, std::int64_t end) {
  return std::ranges::equal(a.part(begin, end - begin).samples, b.part(begin, end - begin).samples);
}

TEST(RowJoiner, AtShotChangesOnlyTheFadeIsNew) {
  const Row row{.clips = 4, .handle_s = 0.04, .level_db = 6, .tilt = 2, .kind = Kind::at_change};
  const auto clips = make_row(row);
  const auto result = join_row(clips, kMono);
  const auto half = kMono.frames_in(0.02);
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const auto own =
        Sound{clips[i].samples, kMono}.part(clips[i].begin - clips[i].shown_begin, row.format.frames_in(5));
    const Sound piece{result.pieces[i].samples, kMono};
    EXPECT_TRUE(is_same(piece, own, i == 0 ? 0 : half, piece.frames() - (i == 3 ? 0 : half))) << i;
    EXPECT_EQ(is_same(piece, own, 0, half), i == 0) << i;
  }
}

TEST(RowJoiner, InsideAShotOnlyTheFadeIsNewWhereNothingIsFitted) {
  const Row row{.clips = 3};
  auto clips = make_row(row);
  for (auto& clip : clips) clip.found = Join{.rate = kMono.rate, .begin = -9600, .length = kMono.frames_in(0.3)};
  const auto result = join_row(clips, kMono);
  const auto own = Sound{clips[1].samples, kMono}.part(clips[1].begin - clips[1].shown_begin, kMono.frames_in(5));
  const Sound piece{result.pieces[1].samples, kMono};
  EXPECT_TRUE(is_same(piece, own, 4800, piece.frames() - 9600));
  EXPECT_FALSE(is_same(piece, own, 4799, 4800));
  EXPECT_FALSE(is_same(piece, own, piece.frames() - 9600, piece.frames() - 9599));
}

TEST(RowJoiner, AFilterIsGoneAfterTwoSeconds) {
  const Row row{.clips = 2, .tilt = 2};
  auto clips = make_row(row);
  const auto found = join_row(clips, kMono).joins.at(0).join;
  ASSERT_TRUE(found.later.is_matched);
  clips[1].found = found;
  clips[1].found->later.gain_db = 0;
  const auto result = join_row(clips, kMono);
  const auto own = Sound{clips[1].samples, kMono}.part(clips[1].begin - clips[1].shown_begin, kMono.frames_in(5));
  const Sound piece{result.pieces[1].samples, kMono};
  const auto gone = found.later.full + kMono.frames_in(2);
  EXPECT_TRUE(is_same(piece, own, gone, piece.frames()));
  EXPECT_FALSE(is_same(piece, own, gone - 9600, gone));
}

// ---- clips without a sound

TEST(RowJoiner, AClipWithoutASoundIsSilentBetweenFades) {
  const Row row{.clips = 5};
  auto clips = make_row(row);
  clips[2].samples.clear();
  const auto result = join_row(clips, kMono);
  expect_exact(result, clips, kMono);
  expect_not_heard(result);
  const auto half = kMono.frames_in(0.02);
  const Sound piece{result.pieces[2].samples, kMono};
  EXPECT_EQ(mean_power(piece.part(half, piece.frames() - 2 * half).samples), 0);
  EXPECT_GT(mean_power(piece.part(0, half).samples), 0);
  EXPECT_GT(mean_power(piece.part(piece.frames() - half, half).samples), 0);
  for (const std::size_t i : {1U, 2U}) {
    EXPECT_EQ(result.joins[i].join.kind, Kind::at_change);
    EXPECT_EQ(result.joins[i].join.length, 2 * half);
  }
}

TEST(RowJoiner, WithoutHandlesItsNeighboursFadeWithinTheirOwnRanges) {
  const Row row{.clips = 3, .handle_s = 0};
  auto clips = make_row(row);
  clips[1].samples.clear();
  const auto result = join_row(clips, kMono);
  expect_exact(result, clips, kMono);
  EXPECT_EQ(mean_power(result.pieces[1].samples), 0);
  const auto fade = kMono.frames_in(0.04);
  EXPECT_EQ(result.joins[0].join.begin, -fade);
  EXPECT_EQ(result.joins[1].join.begin, 0);
  EXPECT_NEAR(result.pieces[0].samples.back(), 0, 1e-3);
  EXPECT_NEAR(result.pieces[2].samples.front(), 0, 1e-3);
  expect_not_heard(result);
}

TEST(RowJoiner, ASilentSoundIsNoNeighbourToBeFittedTo) {
  auto clips = make_row({.clips = 3, .level_db = 4, .tilt = 2});
  std::ranges::fill(clips[1].samples, 0.0F);
  for (const auto& made : join_row(clips, kMono).joins) {
    EXPECT_EQ(made.join.kind, Kind::at_change);
    EXPECT_EQ(made.join.later, Fit{});
  }
}

TEST(RowJoiner, NothingButSilenceIsSilent) {
  auto clips = make_row({.clips = 4});
  for (auto& clip : clips) clip.samples.clear();
  const auto result = join_row(clips, kMono);
  expect_exact(result, clips, kMono);
  EXPECT_EQ(mean_power(result.samples()), 0);
}

TEST(RowJoiner, ASoundThatDoesNotCoverItsClipIsSilentThere) {
  auto clips = make_row({.clips = 3});
  clips[1].samples.resize(static_cast<std::size_t>(kMono.frames_in(3)));
  clips[2].samples.erase(clips[2].samples.begin(), clips[2].samples.begin() + kMono.frames_in(1));
  clips[2].shown_begin += kMono.frames_in(1);
  const auto result = join_row(clips, kMono);
  expect_exact(result, clips, kMono);
  const Sound piece{result.pieces[1].samples, kMono};
  EXPECT_GT(mean_power(piece.part(0, kMono.frames_in(2)).samples), 0);
  EXPECT_EQ(mean_power(piece.part(kMono.frames_in(2.5), piece.frames()).samples), 0);
}

TEST(RowJoiner, AnEmptyRowHasNoPieceAndOneClipIsItself) {
  RowJoiner joiner(kMono);
  EXPECT_FALSE(joiner.finish());
  auto clips = make_row({.clips = 1});
  const auto original = clips[0].samples;
  EXPECT_FALSE(joiner.add(std::move(clips[0])));
  EXPECT_FALSE(joiner.made());
  EXPECT_EQ(joiner.finish()->samples, original);
  EXPECT_FALSE(joiner.finish());
}

// ---- short clips

// With more video around them than they are played over.
TEST(RowJoiner, JoinsOfShortClipsDoNotMeet) {
  for (const double seconds : {2.0, 1.0, 0.4, 0.1}) {
    const Row row{.clips = 9, .seconds = seconds, .handle_s = 1.2, .level_db = 3, .tilt = 1};
    const auto clips = make_row(row);
    const auto result = join_row(clips, kMono);
    expect_exact(result, clips, kMono);
    std::int64_t before = 0;
    for (const auto& [border, join, figures] : result.joins) {
      EXPECT_GE(border + join.begin, before);
      before = border + join.begin + join.length;
      EXPECT_LE(std::abs(join.begin), kMono.frames_in(0.5));
      EXPECT_GT(join.length, 0);
    }
    expect_no_step(result, clips, kMono);
  }
}

// Where a clip is too short to judge its end by, what was heard before it counts too.
TEST(RowJoiner, AShortClipBetweenLongOnesIsNotHeard) {
  for (const double seconds : {1.5, 0.8}) {
    const Row row{.clips = 3, .seconds = 6, .level_db = 3};
    auto clips = make_row(row);
    const auto cut = kMono.frames_in(row.seconds - seconds);
    clips[1].samples.resize(clips[1].samples.size() - static_cast<std::size_t>(cut));
    clips[1].end -= cut;
    clips[2].shown_begin -= cut;
    clips[2].begin -= cut;
    clips[2].end -= cut;
    const auto result = join_row(clips, kMono);
    expect_exact(result, clips, kMono);
    const auto& figures = result.joins[1].figures;
    ASSERT_TRUE(figures);
    EXPECT_TRUE(faults(*figures, Kind::inside).empty()) << test::text_of(*figures);
  }
}

TEST(RowJoiner, AJoinAfterAShortClipIsJudged) {
  auto clips = make_row({.clips = 4, .seconds = 0.8, .handle_s = 2});
  for (auto& clip : clips) clip.found = Join{.rate = kMono.rate, .begin = -19000, .length = 14400};
  clips[1].found->begin = 0;
  EXPECT_TRUE(join_row(clips, kMono).joins.at(1).figures);
}

TEST(RowJoiner, AClipOfNoLengthHasAPiece) {
  auto clips = make_row({.clips = 2});
  RowClip nothing{.shown_begin = clips[1].begin, .begin = clips[1].begin, .end = clips[1].begin};
  clips.insert(clips.begin() + 1, nothing);
  expect_exact(join_row(clips, kMono), clips, kMono);
}

// ---- the same bits

TEST(RowJoiner, WhatComesLaterChangesNothingBeforeTheLastClip) {
  const Row row{.clips = 6, .seconds = 3, .level_db = 2};
  const auto clips = make_row(row);
  const auto whole = join_row(clips, kMono);
  for (std::size_t count = 2; count < clips.size(); ++count) {
    const auto part = join_row({clips.begin(), clips.begin() + static_cast<std::ptrdiff_t>(count)}, kMono);
    for (std::size_t i = 0; i + 1 < count; ++i) EXPECT_EQ(part.pieces[i].samples, whole.pieces[i].samples);
  }
}

TEST(RowJoiner, TwoRowsAtATimeDoNotKnowOfEachOther) {
  const auto one = make_row({.clips = 4, .seconds = 3}), other = make_row({.clips = 4, .seconds = 3, .seed = 2});
  RowJoiner first(kMono), second(kMono);
  const auto expected = join_row(one, kMono);
  for (std::size_t i = 0; i < one.size(); ++i) {
    const auto piece = first.add(one[i]);
    (void)second.add(other[i]);
    if (i == 0) continue;
    EXPECT_EQ(piece.value().samples, expected.pieces[i - 1].samples);
  }
  EXPECT_EQ(first.finish()->samples, expected.pieces.back().samples);
}

TEST(RowJoiner, FoundJoinsAreDoneAgain) {
  const Row row{.clips = 6, .seconds = 3, .level_db = 3, .tilt = 2, .format = {}};
  auto clips = make_row(row);
  const auto first = join_row(clips, row.format);
  for (std::size_t i = 1; i < clips.size(); ++i) clips[i].found = first.joins[i - 1].join;
  const auto second = join_row(clips, row.format);
  EXPECT_EQ(second.samples(), first.samples());
  for (std::size_t i = 0; i < first.joins.size(); ++i) {
    EXPECT_EQ(second.joins[i].join, first.joins[i].join);
    EXPECT_EQ(second.joins[i].figures, first.joins[i].figures);
  }
}

// Of another rate, or of clips with other handles.
TEST(RowJoiner, AJoinThatCannotBeDoneIsFoundAnew) {
  auto clips = make_row({.clips = 2});
  const auto expected = join_row(clips, kMono);
  for (const auto& found : {Join{.rate = 44100}, Join{.rate = 48000, .begin = -30000, .length = 14400},
                            Join{.rate = 48000, .begin = 10000, .length = 14400}}) {
    clips[1].found = found;
    EXPECT_EQ(join_row(clips, kMono).samples(), expected.samples());
  }
}

}  // namespace
}  // namespace klingv2a::join
