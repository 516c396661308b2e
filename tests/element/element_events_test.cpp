// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Seeks, flushes and events out of line: nothing waits, nothing is paid twice, nothing is forgotten that upstream will
// not say again.
#include <algorithm>
#include <atomic>
#include <future>

#include "element_fixture.h"
#include "gst_ptr.h"

namespace klingv2a::test {
namespace {

class EventsTest : public ElementTest {
 protected:
  void SetUp() override { refuse_tasks(); }

  static PadPtr pad_of(const ElementRig& rig, const char* name) {
    return PadPtr::adopt(gst_element_get_static_pad(rig.element(), name));
  }
  static EventPtr seek(double rate = 1.0) {
    return EventPtr::adopt(
        gst_event_new_seek(rate, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0));
  }
  static bool send(const ElementRig& rig, const char* pad, const EventPtr& event) {
    return gst_pad_send_event(pad_of(rig, pad).get(), EventPtr(event).to_c());
  }
  // How many events of `type` have reached upstream since the last call.
  static int upstream(const ElementRig& rig, GstEventType type) {
    int count = 0;
    while (const auto event = EventPtr::adopt(gst_harness_try_pull_upstream_event(rig.video())))
      if (GST_EVENT_TYPE(event.get()) == type) ++count;
    return count;
  }
  static void flush(const ElementRig& rig) {
    rig.push_event(gst_event_new_flush_start());
    rig.push_event(gst_event_new_flush_stop(TRUE));
  }
  static auto count(const ElementRig& rig, const char* message) {
    return std::ranges::count(rig.message_order(), message);
  }
};

// ---- seeks

TEST_F(EventsTest, ASeekThatComesOnBothPadsGoesUpstreamOnce) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  upstream(rig, GST_EVENT_SEEK);
  const auto first = seek();
  EXPECT_TRUE(send(rig, "audio", first));
  EXPECT_TRUE(send(rig, "video", first));
  EXPECT_EQ(upstream(rig, GST_EVENT_SEEK), 1);
  EXPECT_TRUE(send(rig, "video", seek()));
  EXPECT_EQ(upstream(rig, GST_EVENT_SEEK), 1) << "another seek is another one";
}

TEST_F(EventsTest, ARefusedSeekIsRefusedOnBothPads) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  gst_pad_set_active(rig.video()->srcpad, FALSE);
  const auto event = seek();
  EXPECT_FALSE(send(rig, "video", event));
  EXPECT_FALSE(send(rig, "audio", event));
}

TEST_F(EventsTest, OtherRatesAreRefused) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  for (const double rate : {2.0, 0.5, -1.0})
    for (const char* pad : {"video", "audio"}) EXPECT_FALSE(send(rig, pad, seek(rate))) << rate << " on " << pad;
  EXPECT_EQ(upstream(rig, GST_EVENT_SEEK), 0);
}

TEST_F(EventsTest, QosOfTheSoundEndsHere) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  const auto qos = EventPtr::adopt(gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.0, 0, 0));
  send(rig, "audio", qos);
  EXPECT_EQ(upstream(rig, GST_EVENT_QOS), 0);
  send(rig, "video", qos);
  EXPECT_EQ(upstream(rig, GST_EVENT_QOS), 1);
}

TEST_F(EventsTest, SeekingBackIntoAClipThatWasSubmittedSubmitsNothing) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  ASSERT_EQ(posts(), 1);
  flush(rig);
  rig.video_log().clear();
  rig.sound_log().clear();
  rig.segment(GST_SECOND);
  rig.push_frames(60, 30);
  rig.end();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(posts(), 1);
  EXPECT_EQ(rig.video_log().count(), 60U);
  const auto sound = rig.sound_log().buffers();
  ASSERT_FALSE(sound.empty());
  EXPECT_EQ(sound.front().pts, GST_SECOND);
  EXPECT_NEAR(static_cast<double>(sound.back().pts + sound.back().duration), 3.0 * GST_SECOND, 1e9 / 48000);
  EXPECT_EQ(count(rig, "PROGRESS start"), 1);
}

// The same with a real sound: the part that is played after the seek is the part that belongs there.
TEST_F(EventsTest, AfterASeekTheSoundGoesOnAtTheMatchingSample) {
  service_.clear_faults();
  ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  std::string whole, part;
  for (const auto& buffer : rig.sound_log().buffers()) whole += buffer.bytes;
  flush(rig);
  rig.sound_log().clear();
  rig.segment(GST_SECOND);
  rig.push_frames(60, 30);
  rig.end();
  ASSERT_TRUE(rig.wait_until([&] { return rig.sound_log().ended(); }));
  for (const auto& buffer : rig.sound_log().buffers()) part += buffer.bytes;
  EXPECT_EQ(posts(), 1);
  EXPECT_EQ(whole.size(), std::size_t{3} * 48000 * 4);
  EXPECT_TRUE(part == whole.substr(std::size_t{48000} * 4));
}

// ---- another stream, while the sound of the one before is not there yet

class StreamsTest : public EventsTest {
 protected:
  void SetUp() override { service_.set_task_time(std::chrono::minutes(1)); }
  void push_frames_of(const std::string& stream) const {
    rig_.stream_start(stream);
    push_frames_again();
  }
  void push_frames_again() const {
    rig_.caps();
    rig_.segment();
    rig_.push_frames(90);
    rig_.end();
  }
  [[nodiscard]] int clips() const { return static_cast<int>(count(rig_, "PROGRESS start")); }

  const ElementRig rig_{base_url(), {.properties = "video-id=sim-3s"}};
};

TEST_F(StreamsTest, AnotherOneIsAClipOfItsOwn) {
  push_frames_of("a");
  push_frames_of("b");
  EXPECT_EQ(clips(), 2);
  push_frames_of("a");
  EXPECT_EQ(clips(), 2) << "its sound is under way";
}

TEST_F(StreamsTest, AnotherOneAfterAFlushIsAClipOfItsOwn) {
  push_frames_of("a");
  flush(rig_);
  push_frames_of("b");
  EXPECT_EQ(clips(), 2);
}

TEST_F(StreamsTest, TheSameAfterAFlushIsNot) {
  push_frames_of("a");
  flush(rig_);
  push_frames_of("a");
  flush(rig_);
  push_frames_again();
  EXPECT_EQ(clips(), 1);
}

// As of concat, which does not say again where it begins anew.
TEST_F(StreamsTest, AClipOfTwoIsKnownByEitherOfThem) {
  rig_.stream_start("a");
  rig_.caps();
  rig_.segment();
  rig_.push_frames(60);
  rig_.stream_start("b");
  rig_.push_frames(30, 60);
  rig_.end();
  flush(rig_);
  push_frames_again();
  flush(rig_);
  push_frames_of("a");
  EXPECT_EQ(clips(), 1);
}

// ---- flushes

TEST_F(EventsTest, AFlushDuringTheHoldDropsTheClip) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_frames(60);
  flush(rig);
  EXPECT_EQ(count(rig, "PROGRESS canceled"), 1);
  rig.segment();
  rig.push_frames(90);
  rig.end();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(posts(), 1);
  EXPECT_EQ(rig.video_log().count(), 90U) << "nothing of the first 60";
  EXPECT_EQ(count(rig, "PROGRESS start"), 2);
  EXPECT_EQ(count(rig, "PROGRESS complete"), 1);
  EXPECT_EQ(count(rig, "PROGRESS canceled"), 1);
}

TEST_F(EventsTest, AFlushGoesOutOnBothPads) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_frames(10);
  flush(rig);
  for (auto* log : {&rig.video_log(), &rig.sound_log()}) {
    EXPECT_EQ(log->count(GST_EVENT_FLUSH_START), 1);
    EXPECT_EQ(log->count(GST_EVENT_FLUSH_STOP), 1);
  }
}

TEST_F(EventsTest, AFlushForgetsNeitherCapsNorTags) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "still there", nullptr)));
  rig.push_frames(10);
  flush(rig);
  rig.segment();
  rig.push_frames(90);
  rig.end();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_NE(rig.video_log().caps().find("1280"), std::string::npos);
  EXPECT_EQ(rig.video_log().count(GST_EVENT_TAG), 1);
  EXPECT_NE(rig.sound_log().caps().find("48000"), std::string::npos);
  EXPECT_EQ(rig.signals().size(), 2U) << "no second audio pad";
}

TEST_F(EventsTest, FramesAreTakenAgainAfterEosAndFlush) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(rig.push_frame(4 * GST_SECOND), GST_FLOW_EOS);
  flush(rig);
  rig.segment();
  EXPECT_EQ(rig.push_frame(0), GST_FLOW_OK);
}

TEST_F(EventsTest, FlushStartNeedsNoStreamLock) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_frames(10);
  const auto sink = pad_of(rig, "sink");
  GST_PAD_STREAM_LOCK(sink.get());
  auto flushed = std::async(std::launch::async, [&] { return rig.push_event(gst_event_new_flush_start()); });
  EXPECT_EQ(flushed.wait_for(ElementRig::kDeadline), std::future_status::ready);
  GST_PAD_STREAM_UNLOCK(sink.get());
  EXPECT_TRUE(flushed.get());
  rig.push_event(gst_event_new_flush_stop(TRUE));
}

// With silence at once (a wrong size) frames leave as they come; a sink that blocks then blocks upstream.
class BlockedEventsTest : public EventsTest {
 protected:
  BlockedEventsTest() {
    const auto block = +[](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; };
    rig_.stream_start();
    rig_.caps("video/x-h264, stream-format=avc, alignment=au, width=640, height=480");
    rig_.segment();
    probe_ = gst_pad_add_probe(rig_.video()->sinkpad,
                               static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
                               block, nullptr, nullptr);
    pushing_ = std::async(std::launch::async, [this] {
      GstFlowReturn flow = GST_FLOW_OK;
      for (int frame = 0; frame < 500 && flow == GST_FLOW_OK; ++frame, ++pushed_) flow = rig_.push_frames(1, frame);
      return flow;
    });
  }
  ~BlockedEventsTest() override { EXPECT_LT(pushed_, 200) << "the hold is bounded once the sound is there"; }
  // Until upstream has handed in about as much as there is room for.
  [[nodiscard]] bool wait_for_full_hold() const {
    const auto until = std::chrono::steady_clock::now() + ElementRig::kDeadline;
    while (pushed_ < 60 && std::chrono::steady_clock::now() < until) pushing_.wait_for(std::chrono::milliseconds(1));
    return pushed_ >= 60;
  }
  ElementRig rig_{base_url(), {.properties = "on-failure=silence"}};
  gulong probe_ = 0;
  std::atomic<int> pushed_ = 0;
  std::future<GstFlowReturn> pushing_;
};

TEST_F(BlockedEventsTest, AFlushFreesAnUpstreamThatWaitsForRoom) {
  EXPECT_TRUE(wait_for_full_hold());
  rig_.push_event(gst_event_new_flush_start());
  ASSERT_EQ(pushing_.wait_for(ElementRig::kDeadline), std::future_status::ready);
  EXPECT_EQ(pushing_.get(), GST_FLOW_FLUSHING);
  gst_pad_remove_probe(rig_.video()->sinkpad, probe_);
  rig_.push_event(gst_event_new_flush_stop(TRUE));
}

TEST_F(BlockedEventsTest, SoDoesTheWayDown) {
  EXPECT_TRUE(wait_for_full_hold());
  // What a sink does on its way down.
  gst_pad_set_active(rig_.video()->sinkpad, FALSE);
  gst_element_set_state(rig_.element(), GST_STATE_READY);
  ASSERT_EQ(pushing_.wait_for(ElementRig::kDeadline), std::future_status::ready);
  EXPECT_LT(pushing_.get(), GST_FLOW_OK);
}

// ---- events among the frames

TEST_F(EventsTest, AnEventOutOfBandPassesAtOnce) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_frames(10);
  rig.push_event(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_OOB, gst_structure_new_empty("now")));
  EXPECT_EQ(rig.video_log().count(GST_EVENT_CUSTOM_DOWNSTREAM_OOB), 1);
  EXPECT_EQ(rig.video_log().count(), 0U);
}

TEST_F(EventsTest, AnotherRateInstantlyIsRefusedLikeASegmentOfIt) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_frames(30);
  rig.push_event(gst_event_new_instant_rate_change(2.0, GST_SEGMENT_FLAG_NONE));
  expect_error(rig, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "input");
  EXPECT_TRUE(error_says(rig, "rate 1.0"));
}

// `video` has no segment yet, so it could not be sent on; and there is nothing that it would change.
TEST_F(EventsTest, TheSameRateInstantlyIsNoNews) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_frames(30);
  EXPECT_TRUE(rig.push_event(gst_event_new_instant_rate_change(1.0, GST_SEGMENT_FLAG_NONE)));
  rig.push_frames(60, 30);
  rig.end();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_TRUE(rig.errors().empty());
  for (auto* log : {&rig.video_log(), &rig.sound_log()}) EXPECT_EQ(log->count(GST_EVENT_INSTANT_RATE_CHANGE), 0);
}

TEST_F(EventsTest, StreamStartAndCapsPassAtOnceSoThatMuxersKnow) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  EXPECT_EQ(rig.video_log().count(GST_EVENT_STREAM_START), 1);
  EXPECT_EQ(rig.video_log().count(GST_EVENT_CAPS), 1);
}

TEST_F(EventsTest, SegmentDoneEndsTheClip) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_frames(90);
  rig.push_event(gst_event_new_segment_done(GST_FORMAT_TIME, 3 * GST_SECOND));
  EXPECT_TRUE(rig.wait_until([&] {
    return rig.video_log().count(GST_EVENT_SEGMENT_DONE) == 1 && rig.sound_log().count(GST_EVENT_SEGMENT_DONE) == 1;
  }));
  EXPECT_EQ(rig.sound_log().count(), 75U);
}

}  // namespace
}  // namespace klingv2a::test
