// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where earlier runs have cut the same media: which record is taken, which is not, and when more must be known.
#include "row/recorded_cuts.h"

#include <gtest/gtest.h>

#include <string>

#include "temporary_folder.h"

namespace klingv2a {
namespace {

constexpr Nanoseconds kFrame = kSecond / 10;

class RecordedCutsTest : public ::testing::Test {
 protected:
  // `count` frames from `begin` on, each of which looks like its number, or, from `other_from` on, otherwise.
  static RowMedia media(int count, bool is_ended = true, int other_from = 1'000'000) {
    RowMedia media;
    const auto caps = CapsPtr::adopt(gst_caps_new_empty_simple("image/jpeg"));
    for (int place = 0; place < count; ++place) {
      const std::string text = std::to_string(place) + (place >= other_from ? " other" : "");
      auto buffer = BufferPtr::adopt(gst_buffer_new_memdup(text.data(), text.size()));
      media.add({.caps = caps,
                 .buffer = buffer,
                 .held = buffer,
                 .time = FrameTime{place * kFrame, static_cast<GstClockTime>(kFrame), false}},
                0);
    }
    if (is_ended) media.end();
    while (media.next_key_frame()) {
    }
    return media;
  }
  [[nodiscard]] RecordedCuts records() const {
    return RecordedCuts({.journal = folder_.file("journal.sqlite"), .base_url = "http://127.0.0.1", .planner = "test"},
                        std::string(32, 'a'), cancel_);
  }
  // The first clip of the media, up to this frame, with a handle of five behind it.
  static RowPlace place(int end, plan::Place ends = plan::Place::inside) {
    const int handle = ends == plan::Place::edge ? 0 : 5;
    return {
        .range = {0, end * kFrame}, .shown = {0, (end + handle) * kFrame}, .begins = plan::Place::edge, .ends = ends};
  }
  static bool write(RecordedCuts& records, const RowMedia& media, const RowPlace& cut) {
    return records.write(media, cut, media_key_of(media.packets_of(cut.shown)), "no music");
  }
  // Frames of the first clip that is found; 0: none. `must_wait_` says why.
  int found(RecordedCuts records, const RowMedia& media, bool is_ended = true) {
    must_wait_ = false;
    const auto cut = records.find(media, {.at = 0, .place = plan::Place::edge}, is_ended, must_wait_);
    return cut ? static_cast<int>(cut->clip.range.end / kFrame) : 0;
  }

  const test::TemporaryFolder folder_;
  const GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  bool must_wait_ = false;
};

TEST_F(RecordedCutsTest, TheSameMediaAreCutAtTheSamePlace) {
  const auto video = media(400);
  auto first = records();
  EXPECT_EQ(found(records(), video), 0);
  ASSERT_TRUE(write(first, video, place(150)));
  EXPECT_EQ(found(records(), video), 150);
}

TEST_F(RecordedCutsTest, WhatDiffersInOneFrameIsAnotherClip) {
  auto first = records();
  ASSERT_TRUE(write(first, media(400), place(150)));
  EXPECT_EQ(found(records(), media(400, true, 154)), 0);
  EXPECT_FALSE(must_wait_);
  EXPECT_EQ(found(records(), media(400, true, 155)), 150) << "it does not see that frame";
}

TEST_F(RecordedCutsTest, MoreMustBeKnownUntilTheClipAndALeastOneAfterItAre) {
  auto first = records();
  ASSERT_TRUE(write(first, media(400), place(150)));
  for (const int frames : {100, 160, 190}) {
    EXPECT_EQ(found(records(), media(frames, false), false), 0) << frames;
    EXPECT_TRUE(must_wait_) << frames;
  }
  EXPECT_EQ(found(records(), media(200, false), false), 150);
}

// A shorter copy was dubbed. The longer one must not wait for an end that does not come.
TEST_F(RecordedCutsTest, TheEndOfAShorterCopyIsNoneOfALongerOne) {
  auto first = records();
  ASSERT_TRUE(write(first, media(150), place(150, plan::Place::edge)));
  EXPECT_EQ(found(records(), media(150)), 150);
  EXPECT_EQ(found(records(), media(200, false), false), 0);
  EXPECT_FALSE(must_wait_);
  EXPECT_EQ(found(records(), media(200)), 0);
}

TEST_F(RecordedCutsTest, ARestThatIsNoClipIsNotLeft) {
  auto first = records();
  ASSERT_TRUE(write(first, media(400), place(150)));
  EXPECT_EQ(found(records(), media(170)), 0);
  EXPECT_EQ(found(records(), media(180)), 150);
}

TEST_F(RecordedCutsTest, TheNewestThatFitsWins) {
  auto first = records();
  const auto video = media(400);
  ASSERT_TRUE(write(first, video, place(150)));
  first = records();
  ASSERT_TRUE(write(first, video, place(120)));
  EXPECT_EQ(found(records(), video), 120);
}

TEST_F(RecordedCutsTest, WhoIsOvertakenLooksAgain) {
  auto slow = records(), fast = records();
  const auto video = media(400);
  ASSERT_TRUE(write(fast, video, place(150)));
  EXPECT_FALSE(write(slow, video, place(120)));
  EXPECT_EQ(found(std::move(slow), video), 150);
}

}  // namespace
}  // namespace klingv2a
