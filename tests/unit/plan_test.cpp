// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the planner makes of a video: handles, key frames, borders that somebody asked for, what is skipped or paid.
#include <gtest/gtest.h>

#include "error.h"
#include "plan/planner.h"

namespace klingv2a::plan {
namespace {

constexpr Nanoseconds kTenth = kSecond / 10;

// Seconds, so that the tests read as the videos do.
Border change(int at) {
  return {.at = at * kSecond, .place = Place::shot_change};
}
Border inside(double at, Cost weight = kClip) {
  return {.at = static_cast<Nanoseconds>(at * 1e9), .weight = weight};
}
Border wanted(double at) {
  return {.at = static_cast<Nanoseconds>(at * 1e9), .required = true};
}
Media video(int length_s, std::vector<Border> borders) {
  return {.range = {0, length_s * kSecond}, .key_frames = {}, .borders = std::move(borders), .paid = {}};
}
std::vector<double> begins(const std::vector<PlannedClip>& clips) {
  std::vector<double> times;
  for (const auto& clip : clips) times.push_back(static_cast<double>(clip.range.begin) / 1e9);
  return times;
}

using Times = std::vector<double>;

TEST(Plan, AShortVideoIsOneClipWithoutHandles) {
  const auto clips = plan_whole(video(20, {change(5), inside(10)}), {});
  ASSERT_EQ(clips.size(), 1U);
  EXPECT_EQ(clips[0].range, (Range{0, 20 * kSecond}));
  EXPECT_EQ(clips[0].shown, clips[0].range);
  EXPECT_EQ(clips[0].way, Way::remux);
}

TEST(Plan, AShotChangeIsPreferred) {
  const auto clips = plan_whole(video(30, {inside(14, kClip / 2), change(17), inside(18, kClip / 2)}), {});
  EXPECT_EQ(begins(clips), (Times{0, 17}));
  EXPECT_EQ(clips[0].shown, (Range{0, 17 * kSecond + 40 * kMillisecond}));
  EXPECT_EQ(clips[1].shown, (Range{17 * kSecond - 40 * kMillisecond, 30 * kSecond}));
}

TEST(Plan, InsideAShotBothClipsSeeBothHandles) {
  const auto clips = plan_whole(video(30, {inside(14)}), {});
  ASSERT_EQ(clips.size(), 2U);
  EXPECT_EQ(clips[0].shown.end, 14 * kSecond + 500 * kMillisecond);
  EXPECT_EQ(clips[1].shown.begin, 14 * kSecond - 500 * kMillisecond);
}

// 38 s in two clips would need a join inside a shot, and is worth one clip or not.
TEST(Plan, TheJoinPriceSaysWhatAJoinIsWorth) {
  const auto media = video(38, {change(11), inside(19), change(26)});
  EXPECT_EQ(begins(plan_whole(media, {.join_price = kClip / 2})), (Times{0, 19}));
  EXPECT_EQ(begins(plan_whole(media, {.join_price = 2 * kClip})), (Times{0, 11, 26}));
}

TEST(Plan, TheQuietestPlaceIsTaken) {
  const auto media = video(
      30, {inside(12, inside_weight(0.4, 0.4)), inside(14, inside_weight(0.1, 0)), inside(16, inside_weight(0, 0.3))});
  EXPECT_EQ(begins(plan_whole(media, {})), (Times{0, 14}));
}

TEST(Plan, ADissolveLiesBetweenAShotChangeAndTheInsideOfAShot) {
  const Border dissolve{.at = 15 * kSecond, .place = Place::gradual};
  EXPECT_EQ(begins(plan_whole(video(30, {inside(14), dissolve}), {})), (Times{0, 15}));
  EXPECT_EQ(begins(plan_whole(video(30, {change(14), dissolve}), {})), (Times{0, 14}));
  EXPECT_EQ(Settings{}.price_of(dissolve), kClip / 10);
}

TEST(Plan, WeightsAreThousandthsOfWhatIsAllowed) {
  EXPECT_EQ(inside_weight(0, 0), kClip / 2);
  EXPECT_EQ(inside_weight(0.25, 0.5), kClip * 5 / 4);
  EXPECT_EQ(inside_weight(7, -3), kClip * 3 / 2);
  EXPECT_EQ(inside_weight(std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()),
            kClip / 2);
}

// ---- remux or transcode

TEST(Plan, WhatLiesBetweenTheKeyFrameAndTheClipCounts) {
  auto media = video(38, {change(19)});
  media.key_frames = {0, 10 * kSecond, 18 * kSecond};
  auto clips = plan_whole(media, {});
  ASSERT_EQ(clips.size(), 2U);
  EXPECT_EQ(clips[1].way, Way::remux);
  EXPECT_EQ(clips[1].decoded_from, 18 * kSecond);

  media.key_frames = {0, 10 * kSecond};
  clips = plan_whole(media, {});
  EXPECT_EQ(clips[1].way, Way::transcode);
  EXPECT_EQ(clips[1].decoded_from, clips[1].shown.begin);
  EXPECT_EQ(summarize(clips).transcoded, 1U);
}

// The key frame of the next shot is no use to a clip whose handle begins before it.
TEST(Plan, TheHandleNeedsTheKeyFrameBefore) {
  auto media = video(36, {change(19)});
  media.key_frames = {0, 17 * kSecond, 19 * kSecond};
  EXPECT_EQ(plan_whole(media, {})[1].decoded_from, 17 * kSecond);
}

TEST(Plan, PacketsThatOtherFramesNeedCount) {
  const auto media = video(36, {change(19)});
  EXPECT_EQ(plan_whole(media, {.reorder = 80 * kMillisecond})[0].way, Way::remux);
  EXPECT_EQ(plan_whole(media, {.reorder = kSecond})[0].way, Way::transcode);
}

TEST(Plan, AtTheSamePriceNothingIsTranscoded) {
  auto media = video(36, {change(17), change(18), change(19)});
  media.key_frames = {0, 17 * kSecond + 9 * kTenth};
  EXPECT_EQ(begins(plan_whole(media, {.reorder = kSecond})), (Times{0, 18}));
}

TEST(Plan, WithoutTranscodingClipsKeepToTheKeyFrames) {
  auto media = video(40, {change(13), inside(15), change(19), change(27)});
  media.key_frames = {0, 14 * kSecond, 20 * kSecond};
  const auto clips = plan_whole(media, {.may_transcode = false});
  for (const auto& clip : clips) EXPECT_EQ(clip.way, Way::remux);
  media.key_frames = {0};
  EXPECT_THROW((void)plan_whole(media, {.may_transcode = false}), Error);
}

// ---- what somebody asked for

TEST(Plan, NoClipRunsAcrossABorderThatWasAskedFor) {
  EXPECT_EQ(begins(plan_whole(video(18, {wanted(7), change(9)}), {})), (Times{0, 7}));
}

TEST(Plan, AWantedRangeMayBeShorterThanATask) {
  const auto clips = plan_whole(video(18, {wanted(7), wanted(8)}), {});
  ASSERT_EQ(begins(clips), (Times{0, 7, 8}));
  EXPECT_EQ(clips[1].range, (Range{7 * kSecond, 8 * kSecond}));
  EXPECT_EQ(clips[1].shown, (Range{6 * kSecond, 9 * kSecond}));
}

TEST(Plan, AtTheEndsAShortRangeGrowsToOneSide) {
  const auto clips = plan_whole(video(18, {wanted(1), wanted(17)}), {});
  ASSERT_EQ(clips.size(), 3U);
  EXPECT_EQ(clips[0].shown, (Range{0, 3 * kSecond}));
  EXPECT_EQ(clips[2].shown, (Range{15 * kSecond, 18 * kSecond}));
}

TEST(Plan, WhatIsSkippedIsNotPaidForAndHasAnyLength) {
  auto skip = wanted(5);
  skip.skipped_after = true;
  const auto clips = plan_whole(video(100, {skip, change(20), change(40), wanted(90)}), {});
  ASSERT_EQ(begins(clips), (Times{0, 5, 90}));
  EXPECT_EQ(clips[1].way, Way::skip);
  const auto summary = summarize(clips);
  EXPECT_EQ(summary.clips, 2U);
  EXPECT_EQ(summary.skipped, 1U);
}

TEST(Plan, TheBeginningMayBeSkipped) {
  auto media = video(100, {wanted(90)});
  media.skipped_beginning = true;
  const auto clips = plan_whole(media, {});
  ASSERT_EQ(clips.size(), 2U);
  EXPECT_EQ(clips[0].way, Way::skip);
  EXPECT_EQ(summarize(clips).clips, 1U);
}

// A skipped range of half an hour does not wait in memory for its end, and does not stop what comes after it.
TEST(Plan, ASkippedRangeMayBeLongerThanWhatIsPlannedAhead) {
  Planner planner({}, 0, 60 * kSecond);
  auto skip = wanted(10);
  skip.skipped_after = true;
  planner.add(skip);
  std::vector<PlannedClip> clips;
  const auto take = [&] {
    while (auto clip = planner.next()) clips.push_back(*clip);
  };
  for (int time = 11; time <= 2000; ++time) {
    planner.know_until(time * kSecond);
    take();
  }
  EXPECT_EQ(begins(clips), Times{0});
  planner.add(wanted(2000));
  planner.end(2010 * kSecond);
  take();
  EXPECT_EQ(begins(clips), (Times{0, 10, 2000}));
}

TEST(Plan, ASkippedRangeMayBeKnownAtOnce) {
  Planner planner({}, 0, 60 * kSecond);
  auto skip = wanted(10);
  skip.skipped_after = true;
  planner.add(skip);
  planner.add(change(500));
  planner.know_until(1000 * kSecond);
  const auto clip = planner.next();
  ASSERT_TRUE(clip);
  EXPECT_EQ(clip->range, (Range{0, 10 * kSecond}));
  EXPECT_EQ(planner.next(), std::nullopt);
}

TEST(Plan, ABorderWaitsUntilItsHandleIsKnown) {
  Planner planner({}, 0, 60 * kSecond);
  planner.add(wanted(17.5));
  planner.know_until(17 * kSecond + 9 * kTenth);
  EXPECT_EQ(planner.next(), std::nullopt);
  planner.end(17 * kSecond + 9 * kTenth);
  const auto clip = planner.next();
  ASSERT_TRUE(clip);
  EXPECT_EQ(clip->shown.end, 17 * kSecond + 9 * kTenth);
}

TEST(Plan, ABorderBehindTheEndIsNone) {
  EXPECT_EQ(begins(plan_whole(video(18, {wanted(18), wanted(19)}), {})), Times{0});
}

TEST(Plan, OfTwoBordersAtATimeTheBetterOneCounts) {
  const auto both = [](const Border& first, const Border& second) {
    return plan_whole(video(30, {first, second}), {})[0].ends_at;
  };
  auto asked_for = wanted(15);
  EXPECT_EQ(both(asked_for, change(15)).place, Place::shot_change);
  EXPECT_TRUE(both(asked_for, change(15)).required);
  EXPECT_EQ(both(change(15), asked_for).place, Place::shot_change);
  EXPECT_TRUE(both(change(15), asked_for).required);
  EXPECT_EQ(both(inside(15), Border{.at = 15 * kSecond, .place = Place::gradual}).place, Place::gradual);
}

// ---- what is paid for already

TEST(Plan, ANewPlanPrefersClipsThatArePaidFor) {
  auto media = video(37, {change(13), inside(18), change(19)});
  const auto fresh = plan_whole(media, {});
  EXPECT_EQ(begins(fresh), (Times{0, 19}));
  media.paid = {Range{0, 18 * kSecond + 500 * kMillisecond}};
  const auto again = plan_whole(media, {});
  EXPECT_EQ(begins(again), (Times{0, 18}));
  EXPECT_TRUE(again[0].paid);
  EXPECT_FALSE(again[1].paid);
  EXPECT_EQ(summarize(again).clips, 2U);
  EXPECT_EQ(summarize(again).new_clips, 1U);
}

TEST(Plan, CountsTheJoinsByTheirPlaces) {
  const auto summary = summarize(
      plan_whole(video(70, {change(19), inside(36), Border{.at = 53 * kSecond, .place = Place::gradual}}), {}));
  EXPECT_EQ(summary.clips, 4U);
  EXPECT_EQ(summary.joins_at_changes, 1U);
  EXPECT_EQ(summary.joins_inside, 1U);
  EXPECT_EQ(summary.joins_gradual, 1U);
}

// ---- what cannot be

TEST(Plan, AVideoThatIsTooShortOrHasNoPlaceToCutIsRefused) {
  EXPECT_THROW((void)plan_whole(video(2, {}), {}), Error);
  EXPECT_THROW((void)plan_whole(video(0, {}), {}), Error);
  try {
    (void)plan_whole(video(60, {change(12)}), {});
    FAIL() << "48 s in one clip";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_EQ(error.details().paid, Paid::no);
    EXPECT_NE(error.details().message.find("12.0 s"), std::string::npos) << error.what();
  }
}

TEST(Plan, WhileItComesInTheSameIsRefusedAsSoonAsItIsSure) {
  Planner planner({}, 0, 60 * kSecond);
  planner.know_until(60 * kSecond);
  EXPECT_EQ(planner.next(), std::nullopt);
  planner.know_until(61 * kSecond);
  EXPECT_THROW((void)planner.next(), Error);
}

}  // namespace
}  // namespace klingv2a::plan
