// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The frames of a video that is cut by a plan: what is known of them, where decoding can begin, and which packets show
// a range.
#include "row/row_media.h"

#include <gtest/gtest.h>

#include <string>

namespace klingv2a {
namespace {

constexpr Nanoseconds kFrame = 40 * kMillisecond;

class RowMediaTest : public ::testing::Test {
 protected:
  // A frame that is shown as number `place`.
  void add(int place, bool key = false, Nanoseconds shown_from = 0) {
    auto buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, 8, nullptr));
    if (!key) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
    GST_BUFFER_OFFSET(buffer.get()) = static_cast<guint64>(place);
    media_.add({.caps = {},
                .buffer = buffer,
                .held = buffer,
                .time = FrameTime{place * kFrame, static_cast<GstClockTime>(kFrame), false}},
               shown_from);
  }
  // Groups of `length`, each of them as I P b b P b b …; an open one has two frames that are shown before it.
  void add_groups(int groups, int length, bool open = false) {
    for (int group = 0; group < groups; ++group) {
      const int begin = group * length;
      add(begin, true);
      if (open && group > 0) {
        add(begin - 2);
        add(begin - 1);
      }
      for (int place = begin + 3; place < begin + length; place += 3) {
        add(place);
        add(place - 2);
        add(place - 1);
      }
      const bool next_is_open = open && group + 1 < groups;
      for (int place = begin + 1 + (length - 1) / 3 * 3; place < begin + length; ++place)
        if (!next_is_open || place < begin + length - 2) add(place);
    }
  }
  std::vector<Nanoseconds> keys() {
    std::vector<Nanoseconds> found;
    while (const auto key = media_.next_key_frame()) found.push_back(*key / kFrame);
    return found;
  }
  // The frames of a range, in decode order, as the numbers of their places; those that are not shown in brackets.
  [[nodiscard]] std::string frames(int begin, int end) const {
    const auto packets = media_.packets_of({begin * kFrame, end * kFrame});
    std::string text;
    for (std::size_t i = 0; i < packets.packets.size(); ++i) {
      const auto place = std::to_string(GST_BUFFER_OFFSET(packets.packets[i].buffer.get()));
      text += (text.empty() ? "" : " ") + (packets.shown[i] ? place : "(" + place + ")");
    }
    return text;
  }
  RowMedia media_;
};

TEST_F(RowMediaTest, WhatIsKnownDependsOnSixteenLaterFrames) {
  for (int place = 0; place < 16; ++place) add(place, place == 0);
  EXPECT_EQ(media_.known_until(), kNever);
  add(16);
  EXPECT_EQ(media_.known_until(), 0);
  add(17);
  EXPECT_EQ(media_.known_until(), kFrame);
  media_.end();
  EXPECT_EQ(media_.known_until(), kForever);
  EXPECT_EQ(media_.end_time(), 18 * kFrame);
}

TEST_F(RowMediaTest, KeyFramesOfClosedGroupsAreFound) {
  add_groups(4, 10);
  media_.end();
  EXPECT_EQ(keys(), (std::vector<Nanoseconds>{10, 20, 30}));
  EXPECT_EQ(media_.first_packets(64).reordering, 2 * kFrame);
}

// Their leading frames need the group before.
TEST_F(RowMediaTest, KeyFramesOfOpenGroupsAreNone) {
  add_groups(4, 12, true);
  media_.end();
  EXPECT_TRUE(keys().empty());
  EXPECT_EQ(frames(13, 14).substr(0, 2), "(0");
}

TEST_F(RowMediaTest, ARangeBeginsAtTheKeyFrameBeforeIt) {
  add_groups(4, 10);
  media_.end();
  (void)keys();
  EXPECT_EQ(frames(10, 12), "10 (13) 11");
  EXPECT_EQ(frames(11, 13), "(10) (13) 11 12");
  EXPECT_EQ(frames(12, 14), "(10) 13 (11) 12");
  EXPECT_EQ(media_.frame_from(11 * kFrame + 1), 12 * kFrame);
  EXPECT_EQ(media_.frame_from(40 * kFrame), 40 * kFrame);
}

TEST_F(RowMediaTest, WhatAComingClipNeedsIsNotForgotten) {
  add_groups(4, 10);
  media_.end();
  (void)keys();
  const auto before = frames(25, 35);
  media_.forget_before(24 * kFrame);
  EXPECT_EQ(frames(25, 35), before);
  EXPECT_EQ(frames(30, 31), "30");
  EXPECT_EQ(media_.frames(), 40U);
}

TEST_F(RowMediaTest, WhatLiesBeforeTheSegmentIsNeededAndNotShown) {
  for (int place = 0; place < 20; ++place) add(place, place == 0, 5 * kFrame);
  media_.end();
  EXPECT_EQ(media_.first(), 0);
  EXPECT_EQ(media_.begin(), 5 * kFrame);
  EXPECT_EQ(frames(5, 8), "(0) (1) (2) (3) (4) 5 6 7");
}

TEST_F(RowMediaTest, ALastFrameWithoutADurationLastsAsLongAsTheOneBefore) {
  for (const int place : {0, 2}) {
    auto buffer = BufferPtr::adopt(gst_buffer_new());
    media_.add(
        {.caps = {}, .buffer = buffer, .held = buffer, .time = FrameTime{place * kFrame, GST_CLOCK_TIME_NONE, false}},
        0);
  }
  media_.end();
  EXPECT_EQ(media_.end_time(), 4 * kFrame);
}

}  // namespace
}  // namespace klingv2a
