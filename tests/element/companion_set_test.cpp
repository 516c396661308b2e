// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Companions as values: their numbers, what may leave, who is waited for.
#include "companion.h"

#include <gtest/gtest.h>

namespace klingv2a {
namespace {

constexpr Nanoseconds kSecond = static_cast<Nanoseconds>(GST_SECOND);

class CompanionSetTest : public testing::Test {
 protected:
  static PadPtr pad(const char* name, GstPadDirection direction) {
    return PadPtr::adopt(GST_PAD_CAST(gst_object_ref_sink(gst_pad_new(name, direction))));
  }

  // One whose source is linked and takes what comes.
  std::shared_ptr<Companion> add(guint number) {
    auto companion = std::make_shared<Companion>(number, pad("sink", GST_PAD_SINK));
    companion->source = pad("src", GST_PAD_SRC);
    companion->output.pad = companion->source.get();
    companion->output.active = true;
    companion->announced = true;
    peers_.push_back(pad("peer", GST_PAD_SINK));
    EXPECT_EQ(gst_pad_link(companion->source.get(), peers_.back().get()), GST_PAD_LINK_OK);
    companions_.add(companion);
    return companion;
  }

  static HeldItem item(Nanoseconds time) {
    return {
        .object = MiniPtr<GstMiniObject>::adopt(GST_MINI_OBJECT_CAST(gst_buffer_new())), .memory = 10, .time = time};
  }

  std::vector<PadPtr> peers_;
  CompanionSet companions_;
};

TEST_F(CompanionSetTest, NumbersAreTheFirstFreeOnes) {
  EXPECT_EQ(companions_.first_free_from(0), 0U);
  add(0);
  const auto second = add(1);
  EXPECT_EQ(companions_.first_free_from(0), 2U);
  EXPECT_EQ(companions_.first_free_from(7), 7U);
  EXPECT_EQ(companions_.find(second->sink.get()), second);
  EXPECT_EQ(companions_.find(second->source.get()), second);
  companions_.remove(second);
  EXPECT_EQ(companions_.find(second->sink.get()), nullptr);
  EXPECT_EQ(companions_.first_free_from(0), 1U);
}

TEST_F(CompanionSetTest, WhatIsHeldLeavesWithTheClipsOfItsTime) {
  const auto companion = add(0);
  companion->hold.push(item(2 * kSecond));
  EXPECT_FALSE(companion->may_leave(kNever));
  EXPECT_FALSE(companion->may_leave(kSecond));
  EXPECT_TRUE(companion->may_leave(2 * kSecond));
  EXPECT_TRUE(companion->may_leave(kForever));
  EXPECT_EQ(companions_.memory(), 10U);
}

TEST_F(CompanionSetTest, OneThatHasNothingToGiveMayBeWaitedFor) {
  const auto companion = add(0);
  companion->output.left = kSecond;
  EXPECT_TRUE(companions_.any_is_behind(2 * kSecond, 5 * kSecond, false));
  EXPECT_FALSE(companions_.any_is_behind(kSecond, 5 * kSecond, false)) << "it has left as far as that";
  EXPECT_TRUE(companions_.any_is_behind(kSecond, 5 * kSecond, true)) << "its very end may be waited for";
  companion->hold.push(item(3 * kSecond));
  EXPECT_FALSE(companions_.any_is_behind(2 * kSecond, 5 * kSecond, false)) << "it has something that may leave";
}

TEST_F(CompanionSetTest, NobodyWaitsForOneThatIsOverOrThatNobodyTakes) {
  const auto companion = add(0);
  ASSERT_TRUE(companions_.any_is_behind(kSecond, kNever, false));
  companion->has_ended = true;
  EXPECT_FALSE(companions_.any_is_behind(kSecond, kNever, false));
  companion->has_ended = false;
  companion->output.flow = GST_FLOW_NOT_LINKED;
  EXPECT_FALSE(companions_.any_is_behind(kSecond, kNever, false));
}

TEST_F(CompanionSetTest, NoMorePadsWaitsForThoseThatAreLinkedAndHaveNeitherBegunNorEnded) {
  const auto companion = add(0);
  companion->announced = false;
  EXPECT_FALSE(companions_.any_is_to_begin()) << "nothing is linked to its sink";
  const auto upstream = pad("upstream", GST_PAD_SRC);
  ASSERT_EQ(gst_pad_link(upstream.get(), companion->sink.get()), GST_PAD_LINK_OK);
  EXPECT_TRUE(companions_.any_is_to_begin());
  companion->has_ended = true;
  EXPECT_FALSE(companions_.any_is_to_begin());
}

TEST_F(CompanionSetTest, AResetKeepsThePads) {
  const auto companion = add(0);
  companion->hold.push(item(0));
  companions_.reset();
  EXPECT_TRUE(companion->hold.empty());
  EXPECT_FALSE(companion->announced);
  EXPECT_TRUE(companion->source);
}

}  // namespace
}  // namespace klingv2a
