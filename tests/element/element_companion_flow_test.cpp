// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Companions in step with a video that comes in while it leaves: who waits for whom, who never does; and flushes.
#include <thread>

#include "companion_fixture.h"

namespace klingv2a::test {
namespace {

// Pushes on a thread of its own until it is stopped.
class Upstream {
 public:
  explicit Upstream(std::function<GstFlowReturn(int)> push)
      : thread_([this, push = std::move(push)] {
          for (int number = 0; !stop_ && flow_ == GST_FLOW_OK; ++number) {
            flow_ = push(number);
            count_ = number + 1;
          }
        }) {}
  ~Upstream() { stop(); }
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] GstFlowReturn flow() const { return flow_; }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<int> count_{0};
  std::atomic<GstFlowReturn> flow_{GST_FLOW_OK};
  std::thread thread_;
};

class CompanionFlow : public SoundIsThere {
 protected:
  // As far as `count` goes until it goes no further for some time; what it comes to at most is what is judged.
  static int settled_count(const std::function<int()>& count) {
    int last = -1;
    for (int now = count(); now != last; now = count()) {
      last = now;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return last;
  }
  static GstEvent* flush_stop() { return gst_event_new_flush_stop(TRUE); }
};

TEST_F(CompanionFlow, WhatIsAheadOfTheVideoWaitsForItWithoutStoppingUpstream) {
  CompanionRig companion(rig_);
  companion.begin();
  rig_.begin();
  rig_.push_frames(10);
  ASSERT_TRUE(rig_.video_log().wait_for_buffers(10));
  EXPECT_EQ(companion.push_buffers(300), GST_FLOW_OK);
  ASSERT_TRUE(companion.log().wait_for_buffers(10));
  rig_.push_frames(10, 10);
  ASSERT_TRUE(companion.log().wait_for_buffers(20));
  EXPECT_LE(companion.log().count(), 21U) << "no further than the video's end";
  rig_.end();
  companion.end();
  ASSERT_TRUE(companion.log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(companion.log().count(), 300U);
}

TEST_F(CompanionFlow, DownstreamThatDoesNotTakeItHoldsUpstreamBackWhenNobodyIsBehind) {
  CompanionRig companion(rig_);
  companion.begin();
  companion.close();
  rig_.push_clip();
  ASSERT_TRUE(rig_.wait_for_end());
  Upstream upstream([&](int number) { return companion.push_buffers(1, number); });
  ASSERT_TRUE(companion.wait_until_blocked());
  EXPECT_LE(settled_count([&] { return upstream.count(); }), 70);
  companion.push_event(gst_event_new_flush_start());
  upstream.stop();
  EXPECT_EQ(upstream.flow(), GST_FLOW_FLUSHING);
}

TEST_F(CompanionFlow, AFullOneTakesMoreWhileTheVideoIsBehindIt) {
  CompanionRig companion(rig_);
  companion.begin();
  rig_.begin();
  rig_.push_frame(0, 100 * GST_SECOND);
  ASSERT_TRUE(rig_.video_log().wait_for_buffers(1));
  companion.close();
  // All of it lies within the one frame: a muxer has that, and waits for the next one, which is behind.
  EXPECT_EQ(companion.push_buffers(500), GST_FLOW_OK);
  companion.open();
  ASSERT_TRUE(companion.log().wait_for_buffers(500));
}

TEST_F(CompanionFlow, TheVideoTakesMoreWhileACompanionIsBehindIt) {
  CompanionRig companion(rig_);
  companion.begin();
  companion.push_buffers(1);
  rig_.begin();
  rig_.push_frames(1);
  ASSERT_TRUE(companion.log().wait_for_buffers(1));
  ASSERT_TRUE(rig_.video_log().wait_for_buffers(1));
  const auto hold_back = gst_pad_add_probe(
      rig_.video()->sinkpad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
      +[](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
  EXPECT_EQ(rig_.push_frames(300, 1), GST_FLOW_OK);
  gst_pad_remove_probe(rig_.video()->sinkpad, hold_back);
  ASSERT_TRUE(rig_.video_log().wait_for_buffers(301));
}

TEST_F(CompanionFlow, TheVideoIsHeldBackWhenNoCompanionIsBehind) {
  CompanionRig companion(rig_);
  companion.begin();
  companion.end();
  rig_.begin();
  const auto hold_back = gst_pad_add_probe(
      rig_.video()->sinkpad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
      +[](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
  Upstream upstream([&](int number) { return rig_.push_frames(1, number); });
  EXPECT_LE(settled_count([&] { return upstream.count(); }), 70);
  gst_pad_remove_probe(rig_.video()->sinkpad, hold_back);
}

// The mix takes all of the original sound at once, and gives nothing before its end; a muxer waits for the mix.
TEST_F(CompanionFlow, AFullOneTakesMoreWhileAnotherHasNotEndedAfterTheVideo) {
  CompanionRig companion(rig_), mixed(rig_);
  companion.begin();
  mixed.begin();
  rig_.push_clip();
  ASSERT_TRUE(rig_.wait_for_end());
  mixed.push_buffers(600);
  ASSERT_TRUE(mixed.log().wait_for_buffers(600));
  companion.close();
  EXPECT_EQ(companion.push_buffers(500), GST_FLOW_OK);
  mixed.end();
  ASSERT_TRUE(mixed.log().wait_for_event(GST_EVENT_EOS));
  companion.open();
  companion.end();
  ASSERT_TRUE(companion.log().wait_for_buffers(500));
}

// ---- flushes

TEST_F(CompanionFlow, AFlushOfACompanionDropsWhatItHoldsAndNothingElse) {
  CompanionRig companion(rig_), other(rig_);
  for (auto* each : {&companion, &other}) {
    each->begin();
    each->push_event(title("a title"));
    each->push_buffers(30);
  }
  companion.push_event(gst_event_new_flush_start());
  EXPECT_EQ(companion.push_buffers(1), GST_FLOW_FLUSHING);
  companion.push_event(flush_stop());
  companion.segment();
  companion.push_buffers(5, 40);
  companion.end();
  other.end();
  rig_.push_clip();
  ASSERT_TRUE(rig_.wait_for_end());
  for (auto* each : {&companion, &other}) ASSERT_TRUE(each->log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(times_of(companion.log()), frames(5, 40));
  EXPECT_EQ(types_of(companion.log()), (Types{GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_FLUSH_START,
                                              GST_EVENT_FLUSH_STOP, GST_EVENT_TAG, GST_EVENT_SEGMENT, GST_EVENT_EOS}));
  EXPECT_EQ(other.log().count(), 30U);
  EXPECT_EQ(other.log().count(GST_EVENT_FLUSH_START), 0);
  EXPECT_EQ(rig_.video_log().count(), 90U);
  EXPECT_EQ(rig_.video_log().count(GST_EVENT_FLUSH_START), 0);
}

TEST_F(CompanionFlow, AFlushEndsAPushThatDownstreamDoesNotTake) {
  CompanionRig companion(rig_);
  companion.begin();
  companion.push_buffers(30);
  companion.close();
  rig_.push_clip();
  ASSERT_TRUE(companion.wait_until_blocked());
  companion.push_event(gst_event_new_flush_start());
  companion.push_event(flush_stop());
  companion.segment();
  companion.push_buffers(3, 60);
  companion.end();
  ASSERT_TRUE(companion.log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(companion.log().buffers_since_flush().size(), 3U);
}

TEST_F(CompanionFlow, AFlushOfTheVideoLeavesCompanionsWaitingForWhatComesNext) {
  CompanionRig companion(rig_);
  companion.begin();
  rig_.begin();
  rig_.push_frames(10);
  companion.push_buffers(30);
  ASSERT_TRUE(companion.log().wait_for_buffers(10));
  rig_.push_event(gst_event_new_flush_start());
  rig_.push_event(flush_stop());
  EXPECT_EQ(companion.log().count(GST_EVENT_FLUSH_START), 0);
  rig_.segment();
  rig_.push_frames(90);
  rig_.end();
  companion.end();
  ASSERT_TRUE(companion.log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(times_of(companion.log()), frames(30));
}

}  // namespace
}  // namespace klingv2a::test
