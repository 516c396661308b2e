// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where a clip starts and ends, where its segments meet, and the timeline of its proxy.
#include "clip_segments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace klingv2a {
namespace {

constexpr Nanoseconds kMs = 1'000'000;
constexpr Nanoseconds kHour = 3600 * 1000 * kMs;

std::vector<FrameTime> frames_at(std::initializer_list<Nanoseconds> milliseconds, Nanoseconds duration_ms = 40) {
  std::vector<FrameTime> frames;
  for (const auto ms : milliseconds) frames.push_back({ms * kMs, static_cast<GstClockTime>(duration_ms * kMs)});
  return frames;
}

// I P B B P B B: decode order.
std::vector<FrameTime> frames_with_b() {
  return frames_at({0, 120, 40, 80, 240, 160, 200});
}

TEST(ClipTimeline, LastsFromTheFirstPtsToTheEndOfTheLastFrame) {
  const auto timeline = measure(frames_at({1000, 1040, 1080}), 0);
  EXPECT_EQ(timeline.start, 1000 * kMs);
  EXPECT_EQ(timeline.end, 1120 * kMs);
  EXPECT_EQ(timeline.length(), 120 * kMs);
  EXPECT_EQ(timeline.pre_roll(), 0);
  EXPECT_EQ(timeline.frame, 40 * kMs);
}

TEST(ClipTimeline, CountsBFramesByTheirPts) {
  const auto timeline = measure(frames_with_b(), 0);
  EXPECT_EQ(timeline.first, 0);
  EXPECT_EQ(timeline.end, 280 * kMs);
  EXPECT_EQ(timeline.proxy_length(), 280 * kMs);
}

TEST(ClipTimeline, TheLastFrameInDecodeOrderNeedNotBeTheLastOneShown) {
  auto frames = frames_with_b();
  frames[4].duration = static_cast<GstClockTime>(55 * kMs);  // PTS 240
  EXPECT_EQ(measure(frames, 0).end, 295 * kMs);
}

TEST(ClipTimeline, FramesBeforeTheSegmentArePreRoll) {
  const auto timeline = measure(frames_at({0, 40, 80, 120, 160}), 100 * kMs);
  EXPECT_EQ(timeline.start, 100 * kMs);
  EXPECT_EQ(timeline.pre_roll(), 100 * kMs);
  EXPECT_EQ(timeline.length(), 100 * kMs);
  EXPECT_EQ(timeline.proxy_length(), 200 * kMs);
}

TEST(ClipTimeline, PreRollMayLieBeforeRunningTimeZero) {
  const auto timeline = measure(frames_at({-80, -40, 0, 40}), 0);
  EXPECT_EQ(timeline.first, -80 * kMs);
  EXPECT_EQ(timeline.start, 0);
  EXPECT_EQ(timeline.pre_roll(), 80 * kMs);
  EXPECT_EQ(timeline.length(), 80 * kMs);
}

TEST(ClipTimeline, AFramePastItsSegmentsStopIsNotShown) {
  auto frames = frames_at({0, 40, 80, 120});
  frames[3].past_stop = true;
  const auto timeline = measure(frames, 0);
  EXPECT_EQ(timeline.end, 120 * kMs);
  EXPECT_EQ(timeline.proxy_end, 160 * kMs);
}

TEST(ClipTimeline, AFrameOfAFurtherSegmentIsShown) {
  auto frames = frames_at({0, 40, 80, 80, 120});
  frames[2].past_stop = true;
  EXPECT_EQ(measure(frames, 0).end, 160 * kMs);
}

TEST(ClipTimeline, NothingShownIsAnEmptyClipAndNotANegativeOne) {
  auto frames = frames_at({0, 40});
  for (auto& frame : frames) frame.past_stop = true;
  EXPECT_GE(measure(frames, 1000 * kMs).length(), 0);
}

TEST(ClipTimeline, WithoutDurationsTheMedianDistanceStandsForTheLastFrames) {
  std::vector<FrameTime> frames;
  for (const Nanoseconds ms : {0, 40, 80, 90, 500, 540, 580}) frames.push_back({ms * kMs, GST_CLOCK_TIME_NONE});
  const auto timeline = measure(frames, 0);
  EXPECT_EQ(timeline.frame, 40 * kMs);
  EXPECT_EQ(timeline.end, 620 * kMs);
}

TEST(ClipTimeline, ADurationOfZeroIsNone) {
  EXPECT_EQ(measure(frames_at({0, 40, 80}, 0), 0).end, 120 * kMs);
}

TEST(ClipTimeline, ASingleFrameLastsItsDuration) {
  EXPECT_EQ(measure(frames_at({7}), 0).length(), 40 * kMs);
  EXPECT_EQ(measure(std::vector<FrameTime>{{7 * kMs, GST_CLOCK_TIME_NONE}}, 0).length(), 0);
}

TEST(ClipTimeline, AThousandHoursAreExact) {
  const Nanoseconds offset = 1000 * kHour;
  auto frames = frames_with_b();
  for (auto& frame : frames) frame.start += offset;
  const auto timeline = measure(frames, offset);
  EXPECT_EQ(timeline.length(), 280 * kMs);
  EXPECT_EQ(proxy_times(frames, timeline)[2].pts, 40 * kMs);
}

// ---- where segments meet

GstSegment segment_of(Nanoseconds start_ms, Nanoseconds stop_ms, Nanoseconds base_ms) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = static_cast<guint64>(start_ms * kMs);
  segment.stop = static_cast<guint64>(stop_ms * kMs);
  segment.base = static_cast<guint64>(base_ms * kMs);
  return segment;
}

void add(SegmentSeams& seams, const GstSegment& segment, std::initializer_list<GstClockTime> milliseconds) {
  for (const auto ms : milliseconds) seams.add(frame_time(segment, ms * GST_MSECOND, 40 * GST_MSECOND), segment);
}

TEST(FrameTimes, AFrameThatStartsAtTheStopOfItsSegmentIsPastIt) {
  const auto segment = segment_of(0, 120, 1000);
  EXPECT_FALSE(frame_time(segment, 120 * GST_MSECOND - 1, 0).past_stop);
  EXPECT_TRUE(frame_time(segment, 120 * GST_MSECOND, 0).past_stop);
  EXPECT_EQ(frame_time(segment, 120 * GST_MSECOND, 0).start, 1120 * kMs);
}

TEST(SegmentSeams, OneAfterTheOtherDoesNotOverlap) {
  SegmentSeams seams;
  add(seams, segment_of(0, 120, 0), {0, 80, 40});
  add(seams, segment_of(0, 120, 120), {0, 80, 40});
  EXPECT_FALSE(seams.overlap());
}

TEST(SegmentSeams, ThePreRollOfTheFirstSegmentAndTheTailOfTheLastOverlapNothing) {
  SegmentSeams seams;
  add(seams, segment_of(80, 160, 0), {0, 40, 80, 120});
  add(seams, segment_of(0, 80, 80), {0, 120, 40, 80});
  EXPECT_FALSE(seams.overlap());
}

TEST(SegmentSeams, APreRollOfAFurtherSegmentDoes) {
  SegmentSeams seams;
  add(seams, segment_of(0, 120, 0), {0, 40, 80});
  add(seams, segment_of(240, 360, 120), {200, 240});
  EXPECT_TRUE(seams.overlap());
}

TEST(SegmentSeams, SoDoesATailThatAnotherSegmentFollows) {
  SegmentSeams seams;
  add(seams, segment_of(0, 80, 0), {0, 80, 40});
  EXPECT_FALSE(seams.overlap());
  add(seams, segment_of(240, 360, 80), {240});
  EXPECT_TRUE(seams.overlap());
}

TEST(SegmentSeams, ASegmentThatOnlyMovesItsStopHasNone) {
  SegmentSeams seams;
  add(seams, segment_of(0, 80, 0), {0, 120});
  add(seams, segment_of(0, 160, 0), {40, 80});
  EXPECT_FALSE(seams.overlap());
}

TEST(ProxyTimes, StartAtZeroWhateverTheClipStartsAt) {
  const auto frames = frames_at({5000, 5040});
  const auto times = proxy_times(frames, measure(frames, 0));
  EXPECT_EQ(times[0].pts, 0);
  EXPECT_EQ(times[1].pts, 40 * kMs);
}

TEST(ProxyTimes, WithoutBFramesDtsIsPts) {
  const auto frames = frames_at({0, 40, 80});
  for (const auto& time : proxy_times(frames, measure(frames, 0))) EXPECT_EQ(time.dts, time.pts);
}

TEST(ProxyTimes, DtsRisesAndIsNeverBehindPts) {
  const auto frames = frames_with_b();
  const auto times = proxy_times(frames, measure(frames, 0));
  EXPECT_TRUE(std::ranges::is_sorted(times, std::less_equal<>(), &ProxyTime::dts));
  for (const auto& time : times) EXPECT_LE(time.dts, time.pts);
  // As little delay as the reordering needs: one frame is decoded at the moment it is shown.
  EXPECT_TRUE(std::ranges::any_of(times, [](const auto& time) { return time.dts == time.pts; }));
  EXPECT_EQ(times.front().dts, -40 * kMs);
}

TEST(ProxyTimes, DurationsAddUpToTheProxy) {
  auto frames = frames_at({0, 40, 100, 110, 500});
  const auto timeline = measure(frames, 0);
  const auto times = proxy_times(frames, timeline);
  const auto sum = std::accumulate(times.begin(), times.end(), Nanoseconds{0},
                                   [](Nanoseconds total, const auto& time) { return total + time.duration; });
  EXPECT_EQ(sum, timeline.proxy_length());
  EXPECT_EQ(times[1].duration, 60 * kMs);
}

TEST(ToSamples, RoundsToTheNearest) {
  EXPECT_EQ(to_samples(1'000'000'000, 48000), 48000);
  EXPECT_EQ(to_samples(10'416, 48000), 0);  // 0.49997 samples
  EXPECT_EQ(to_samples(10'417, 48000), 1);  // 0.500016
  EXPECT_EQ(to_samples(33'366'667, 48000), 1602);
  EXPECT_EQ(to_samples(33'366'667, 44100), 1471);
}

TEST(ToSamples, IsSymmetricAroundZero) {
  for (const Nanoseconds time : {1'000'000, 33'366'667, 10'417})
    EXPECT_EQ(to_samples(-time, 44100), -to_samples(time, 44100));
}

TEST(ToSamples, DoesNotOverflowAtAThousandHours) {
  EXPECT_EQ(to_samples(1000 * kHour, 192000), 192000LL * 3600 * 1000);
}

}  // namespace
}  // namespace klingv2a
