// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Times for pictures without: which are found, which are left alone, what waits and what does not.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "picture_times.h"

namespace klingv2a {
namespace {

constexpr GstClockTime kNone = GST_CLOCK_TIME_NONE;
constexpr GstClockTime kFrame = 40 * GST_MSECOND;
constexpr unsigned kI = 1, kP = 2, kB = 3;

BufferPtr buffer_of(const std::vector<std::uint8_t>& bytes, GstClockTime pts, GstClockTime dts) {
  auto buffer = BufferPtr::adopt(gst_buffer_new_memdup(bytes.data(), bytes.size()));
  GST_BUFFER_PTS(buffer.get()) = pts;
  GST_BUFFER_DTS(buffer.get()) = dts;
  return buffer;
}

// An MPEG-2 picture: its header, and the extension that says whether it is a field.
BufferPtr mpeg2(unsigned kind, GstClockTime pts, GstClockTime dts = kNone, unsigned structure = 3,
                unsigned number = 0) {
  const auto byte = [](unsigned value) { return static_cast<std::uint8_t>(value); };
  return buffer_of({0, 0, 1, 0, byte(number >> 2U), byte((number & 3U) << 6U | kind << 3U), 0xff, 0xf8, 0, 0, 1, 0xB5,
                    0x8f, 0xff, byte(0xf0U | structure), 0x80},
                   pts, dts);
}

BufferPtr mpeg4(unsigned kind, GstClockTime pts, GstClockTime dts) {
  return buffer_of({0, 0, 1, 0xB6, static_cast<std::uint8_t>(kind << 6U), 1, 2, 3, 4, 5}, pts, dts);
}

class Times : public ::testing::Test {
 protected:
  void caps(const char* text) { times_.set_caps(CapsPtr::adopt(gst_caps_from_string(text))); }
  void mpeg2_caps() { caps("video/mpeg, mpegversion=(int)2, framerate=(fraction)25/1"); }
  // In units of a frame; -1: no time. Everything that may go on.
  std::vector<int> taken() {
    std::vector<int> frames;
    while (auto item = times_.take()) {
      if (!GST_IS_BUFFER(item.get())) {
        frames.push_back(kEvent);
        continue;
      }
      const auto pts = GST_BUFFER_PTS(GST_BUFFER_CAST(item.get()));
      frames.push_back(GST_CLOCK_TIME_IS_VALID(pts) ? static_cast<int>((pts + kFrame / 2) / kFrame) : -1);
    }
    return frames;
  }
  std::vector<int> finished() {
    times_.finish();
    return taken();
  }
  static constexpr int kEvent = -2;
  PictureTimes times_;
};
using Frames = std::vector<int>;

TEST_F(Times, PicturesWithTimesPassAtOnce) {
  mpeg2_caps();
  times_.put(mpeg2(kI, 3 * kFrame, 2 * kFrame));
  EXPECT_EQ(taken(), (Frames{3}));
  times_.put(mpeg2(kB, 1 * kFrame, 1 * kFrame));
  EXPECT_EQ(taken(), (Frames{1}));
  EXPECT_FALSE(times_.waits());
}

TEST_F(Times, AnchorsOnBothSidesTellWhatLiesBetween) {
  mpeg2_caps();
  times_.put(mpeg2(kI, 1 * kFrame));
  for (const unsigned kind : {kP, kB, kB}) times_.put(mpeg2(kind, kNone));
  times_.put(mpeg2(kP, 7 * kFrame));
  for (const unsigned kind : {kB, kB}) times_.put(mpeg2(kind, kNone));
  EXPECT_EQ(finished(), (Frames{1, 4, 2, 3, 7, 5, 6}));
}

TEST_F(Times, ABetterClockThanTheFrameRateIsFollowed) {
  mpeg2_caps();
  times_.put(mpeg2(kI, 0));
  for (int i = 0; i < 3; ++i) times_.put(mpeg2(kP, kNone));
  times_.put(mpeg2(kP, 8 * kFrame));  // twice as slow as the caps say
  EXPECT_EQ(finished(), (Frames{0, 2, 4, 6, 8}));
}

TEST_F(Times, TwoFieldsOfAPictureStayTogether) {
  mpeg2_caps();
  const auto fields = [this](unsigned first, unsigned second, GstClockTime pts, unsigned number) {
    times_.put(mpeg2(first, pts, kNone, 1, number));
    times_.put(mpeg2(second, kNone, kNone, 2, number));
  };
  fields(kI, kP, 2 * kFrame, 0);
  fields(kP, kP, 6 * kFrame, 2);
  fields(kB, kB, 4 * kFrame, 1);
  EXPECT_EQ(finished(), (Frames{2, 3, 6, 7, 4, 5}));
}

TEST_F(Times, DecodingTimesTellTheStepsBehindTheOnlyAnchor) {
  mpeg2_caps();
  times_.put(mpeg2(kI, 1 * kFrame, 0));
  const std::array kinds{kP, kB, kB, kP, kB, kB};
  for (std::size_t i = 0; i < kinds.size(); ++i) times_.put(mpeg2(kinds[i], kNone, (i + 1) * kFrame));
  EXPECT_EQ(finished(), (Frames{1, 4, 2, 3, 7, 5, 6}));
}

TEST_F(Times, OfAviTheKeyFramesTimesAreDecodingTimes) {
  caps("video/mpeg, mpegversion=(int)4, framerate=(fraction)25/1");
  constexpr unsigned kVopI = 0, kVopP = 1, kVopB = 2;
  const std::array kinds{kVopI, kVopP, kVopB, kVopB, kVopI, kVopB, kVopB};
  for (std::size_t i = 0; i < kinds.size(); ++i)
    times_.put(mpeg4(kinds[i], kinds[i] == kVopI ? i * kFrame : kNone, i * kFrame));
  EXPECT_EQ(finished(), (Frames{1, 4, 2, 3, 7, 5, 6}));
}

TEST_F(Times, InOrderCodingsNeedNoDelay) {
  caps("image/jpeg, framerate=(fraction)25/1");
  times_.put(buffer_of({1}, 0, 0));
  EXPECT_EQ(taken(), (Frames{0}));
  for (GstClockTime i = 1; i < 4; ++i) times_.put(buffer_of({1}, kNone, i * kFrame));
  EXPECT_EQ(finished(), (Frames{1, 2, 3}));
}

TEST_F(Times, PackedPicturesStayWithoutATime) {
  caps("video/mpeg, mpegversion=(int)4, framerate=(fraction)25/1");
  times_.put(buffer_of({0, 0, 1, 0xB6, 0x40, 1, 2, 3, 0, 0, 1, 0xB6, 0x80, 1, 2, 3}, kNone, kFrame));
  EXPECT_EQ(taken(), (Frames{-1}));
}

TEST_F(Times, WithoutAnyTimeNothingIsGuessed) {
  mpeg2_caps();
  for (int i = 0; i < 3; ++i) times_.put(mpeg2(kP, kNone));
  EXPECT_EQ(finished(), (Frames{-1, -1, -1}));
}

TEST_F(Times, EventsKeepTheirPlace) {
  mpeg2_caps();
  times_.put(mpeg2(kI, 0));
  times_.put(mpeg2(kP, kNone));
  times_.put(EventPtr::adopt(gst_event_new_gap(0, kFrame)));
  times_.put(mpeg2(kP, 2 * kFrame));
  EXPECT_EQ(finished(), (Frames{0, 1, kEvent, 2}));
}

TEST_F(Times, WhatWaitsIsBounded) {
  mpeg2_caps();
  times_.put(mpeg2(kI, 0));
  std::size_t left = taken().size();
  for (int i = 1; i < 1000; ++i) {
    times_.put(mpeg2(kP, i % 10 == 0 ? static_cast<GstClockTime>(i) * kFrame : kNone));
    for (const int frame : taken()) EXPECT_EQ(frame, static_cast<int>(left++));
    EXPECT_LE(static_cast<std::size_t>(i) + 1 - left, 192U);
  }
  for (const int frame : finished()) EXPECT_EQ(frame, static_cast<int>(left++));
  EXPECT_EQ(left, 1000U);
}

TEST_F(Times, AFlushDropsWhatWaits) {
  mpeg2_caps();
  times_.put(mpeg2(kI, 0));
  times_.put(mpeg2(kP, kNone));
  EXPECT_EQ(taken(), (Frames{0}));
  times_.forget();
  EXPECT_EQ(finished(), Frames{});
}

// Bytes of no meaning, in any caps: nothing is read behind their end.
TEST_F(Times, BrokenPicturesAreLeftAlone) {
  for (const char* text : {"video/x-h264, stream-format=(string)byte-stream, alignment=(string)au",
                           "video/x-h265, stream-format=(string)hvc1, alignment=(string)au",
                           "video/mpeg, mpegversion=(int)2", "video/mpeg, mpegversion=(int)4"}) {
    caps(text);
    for (const auto& bytes : std::vector<std::vector<std::uint8_t>>{{0, 0, 1},
                                                                    {0, 0, 1, 0x67},
                                                                    {0, 0, 1, 0x67, 0xff, 0xff},
                                                                    {0, 0, 1, 0x65},
                                                                    {0, 0, 0, 2, 0x42, 1},
                                                                    {0, 0, 1, 0, 1}}) {
      times_.put(buffer_of(bytes, kNone, kNone));
      (void)finished();
    }
    times_.forget();
  }
}

}  // namespace
}  // namespace klingv2a
