// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is outside the limits is refused as early as it can be known, before anything is asked for or paid.
#include "element_fixture.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

constexpr const char* kSmallCaps =
    "video/x-h264, stream-format=avc, alignment=au, width=854, height=480, framerate=30/1";

class LimitsTest : public ElementTest {
 protected:
  void TearDown() override { EXPECT_EQ(posts(), 0); }

  // A refusal of the clip that names what is wrong.
  static void expect_refused(const ElementRig& rig, std::initializer_list<const char*> words) {
    expect_error(rig, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "input");
    for (const char* word : words) EXPECT_TRUE(error_says(rig, word)) << rig.errors().front().text;
  }
  // How many frames are taken before one is refused.
  static int frames_taken(const ElementRig& rig, int most) {
    for (int frame = 0; frame < most; ++frame)
      if (rig.push_frames(1, frame) != GST_FLOW_OK) return frame;
    return most;
  }
  static void announce(const ElementRig& rig, GstClockTime duration) {
    rig.answer_upstream([duration](GstQuery* query) -> std::optional<bool> {
      if (GST_QUERY_TYPE(query) != GST_QUERY_DURATION) return std::nullopt;
      gst_query_set_duration(query, GST_FORMAT_TIME, static_cast<gint64>(duration));
      return true;
    });
  }
  // A frame of `megabytes` that takes one in memory.
  static GstBuffer* large_frame(GstMemory* megabyte, int megabytes, GstClockTime pts) {
    const guint32 length = GUINT32_TO_BE(static_cast<guint32>(megabytes) * 1'000'000);
    GstBuffer* frame = new_frame(pts, kFrame, sizeof length);
    gst_buffer_fill(frame, 0, &length, sizeof length);
    for (int i = 0; i < megabytes; ++i) gst_buffer_append_memory(frame, gst_memory_ref(megabyte));
    return frame;
  }
};

// ---- caps

TEST_F(LimitsTest, AWrongSizeIsRefusedWithTheCapsWhereItMayNotBeConformed) {
  const ElementRig rig(base_url(), {.properties = "conform=never"});
  rig.stream_start();
  rig.caps(kSmallCaps);
  expect_refused(rig, {"854x480", "720", "1080"});
  rig.segment();
  EXPECT_LT(rig.push_frame(0), GST_FLOW_EOS);
  EXPECT_EQ(rig.errors().size(), 1U);
}

TEST_F(LimitsTest, PortraitAndFullHdAreTaken) {
  for (const char* size : {"width=720,height=1280", "width=1920,height=1080", "width=1080,height=1920"}) {
    const ElementRig rig(base_url());
    rig.stream_start();
    EXPECT_TRUE(rig.caps(std::string("video/x-h264,stream-format=avc,alignment=au,") + size)) << size;
  }
}

TEST_F(LimitsTest, ByReferenceTheSizeOfThisVideoDoesNotMatter) {
  const ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  rig.stream_start();
  EXPECT_TRUE(rig.caps(kSmallCaps));
}

TEST_F(LimitsTest, ChangingCapsWithinTheClipAreRefused) {
  const ElementRig rig(base_url());
  rig.begin();
  rig.push_frames(30);
  rig.caps("video/x-h264, stream-format=avc, alignment=au, width=1920, height=1080, framerate=30/1");
  expect_refused(rig, {"caps change"});
}

TEST_F(LimitsTest, ChangingCodecDataIsAChangeOfCaps) {
  const ElementRig rig(base_url());
  rig.stream_start();
  rig.caps(std::string(kVideoCaps) + ", codec_data=(buffer)0142001effe0");
  rig.segment();
  rig.push_frames(30);
  rig.caps(std::string(kVideoCaps) + ", codec_data=(buffer)0142001fffe0");
  expect_refused(rig, {"caps change"});
}

TEST_F(LimitsTest, CapsThatSayTheSameOnceMoreAreTaken) {
  const ElementRig rig(base_url());
  rig.begin();
  rig.push_frames(30);
  EXPECT_TRUE(rig.caps());
  EXPECT_TRUE(rig.caps(std::string(kVideoCaps) + ", bitrate=1000"));
  EXPECT_EQ(rig.push_frames(30, 30), GST_FLOW_OK);
  EXPECT_TRUE(rig.errors().empty());
}

// ---- length

TEST_F(LimitsTest, TwentySecondsAreTakenAndTheNextFrameIsRefused) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  rig.begin();
  EXPECT_EQ(frames_taken(rig, 700), 600);
  expect_refused(rig, {"20.033 s", "20 s"});
}

TEST_F(LimitsTest, HalfAFrameMoreThanTwentySecondsIsTaken) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  rig.begin();
  EXPECT_EQ(rig.push_frames(599), GST_FLOW_OK);
  EXPECT_EQ(rig.push_frame(599 * kFrame, kFrame + kFrame / 3), GST_FLOW_OK);
  EXPECT_TRUE(rig.errors().empty());
}

TEST_F(LimitsTest, TheLengthCountsFromTheFirstFrameNotFromZero) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  rig.begin();
  EXPECT_EQ(rig.push_frames(600, 1000), GST_FLOW_OK);
  EXPECT_TRUE(rig.errors().empty());
}

TEST_F(LimitsTest, PreRollCounts) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  rig.stream_start();
  rig.caps();
  rig.segment(2 * GST_SECOND);
  EXPECT_EQ(frames_taken(rig, 700), 600);
  expect_refused(rig, {"2.000 s of it before the segment's start"});
}

TEST_F(LimitsTest, ASegmentThatIsFarTooLongIsRefusedAtOnce) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  rig.stream_start();
  rig.caps();
  rig.segment(0, 22 * GST_SECOND + 1);
  EXPECT_EQ(rig.push_frame(0), GST_FLOW_ERROR);
  expect_refused(rig, {"22.000 s", "20 s"});
}

TEST_F(LimitsTest, ALittleMoreInTheSegmentMayBeRoundedUp) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  rig.stream_start();
  rig.caps();
  rig.segment(5 * GST_SECOND, 27 * GST_SECOND);
  EXPECT_EQ(rig.push_frame(5 * GST_SECOND), GST_FLOW_OK);
}

TEST_F(LimitsTest, AnAnnouncedDurationIsAHintWhichRefusesNothing) {
  for (const GstClockTime duration : {23 * GST_SECOND, 3600 * GST_SECOND}) {
    const ElementRig rig(base_url(), {.properties = "max-clips=1"});
    announce(rig, duration);
    rig.begin();
    EXPECT_EQ(rig.push_frame(0), GST_FLOW_OK);
    EXPECT_TRUE(rig.errors().empty());
  }
}

TEST_F(LimitsTest, WhatIsTooLongIsRefusedWhenItIsSeenWhateverWasAnnounced) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  announce(rig, 10 * GST_SECOND);
  rig.begin();
  EXPECT_EQ(frames_taken(rig, 700), 600);
  expect_refused(rig, {"20 s"});
}

// As Ogg's and ASF's demuxers have it: the longest stream's end.
TEST_F(LimitsTest, AStopThatIsTheAnnouncedDurationIsAHint) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  announce(rig, 25 * GST_SECOND);
  rig.stream_start();
  rig.caps();
  rig.segment(0, 25 * GST_SECOND);
  EXPECT_EQ(rig.push_frame(0), GST_FLOW_OK);
  EXPECT_TRUE(rig.errors().empty());
}

TEST_F(LimitsTest, AStopWithinTheAnnouncedDurationIsASeeksAndRefuses) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  announce(rig, 3600 * GST_SECOND);
  rig.stream_start();
  rig.caps();
  rig.segment(0, 60 * GST_SECOND);
  EXPECT_EQ(rig.push_frame(0), GST_FLOW_ERROR);
  expect_refused(rig, {"60.000 s", "20 s"});
}

TEST_F(LimitsTest, TheStopOfTheSegmentWinsOverTheDuration) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  announce(rig, 3600 * GST_SECOND);
  rig.stream_start();
  rig.caps();
  rig.segment(60 * GST_SECOND, 70 * GST_SECOND);
  EXPECT_EQ(rig.push_frame(60 * GST_SECOND), GST_FLOW_OK);
  EXPECT_TRUE(rig.errors().empty());
}

TEST_F(LimitsTest, ByReferenceTheLengthCountsToo) {
  const ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  rig.begin();
  EXPECT_EQ(frames_taken(rig, 700), 600);
}

// ---- size

TEST_F(LimitsTest, MoreThanAHundredMillionBytesAreRefusedWhileTheyGrowWhereTheyMayNotBeConformed) {
  const ElementRig rig(base_url(), {.properties = "conform=never"});
  rig.begin();
  GstMemory* megabyte = gst_allocator_alloc(nullptr, 1'000'000, nullptr);
  for (GstClockTime frame = 0; frame < 9; ++frame)
    EXPECT_EQ(rig.push(large_frame(megabyte, 10, frame * kFrame)), GST_FLOW_OK);
  EXPECT_EQ(rig.push(new_frame(9 * kFrame, kFrame, 10'000'000 - 9 * 4)), GST_FLOW_OK);
  EXPECT_TRUE(rig.errors().empty()) << "100,000,000 are the limit";
  EXPECT_EQ(rig.push(new_frame(10 * kFrame, kFrame, 5)), GST_FLOW_ERROR);
  expect_refused(rig, {"100000005 bytes", "100000000"});
  gst_memory_unref(megabyte);
}

// ---- what is no clip

TEST_F(LimitsTest, AFrameWithoutPtsIsRefusedByName) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  rig.begin();
  EXPECT_EQ(rig.push_frame(GST_CLOCK_TIME_NONE), GST_FLOW_ERROR);
  expect_refused(rig, {"PTS"});
}

TEST_F(LimitsTest, AFrameWithoutPtsInTheMiddleIsRefusedToo) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  rig.begin();
  rig.push_frames(30);
  EXPECT_EQ(rig.push_frame(GST_CLOCK_TIME_NONE), GST_FLOW_ERROR);
  expect_refused(rig, {"PTS"});
}

TEST_F(LimitsTest, ASegmentInBytesIsRefused) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  rig.stream_start();
  rig.caps();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  rig.push_event(gst_event_new_segment(&segment));
  expect_refused(rig, {"TIME"});
}

TEST_F(LimitsTest, ASegmentAtAnotherRateIsRefused) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  rig.stream_start();
  rig.caps();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = 2.0;
  rig.push_event(gst_event_new_segment(&segment));
  expect_refused(rig, {"rate"});
}

TEST_F(LimitsTest, NoFrameAtAllIsAnError) {
  ElementRig rig(base_url());
  rig.begin();
  rig.end();
  expect_refused(rig, {"before its first frame"});
  EXPECT_TRUE(rig.wait_for_end()) << "nothing downstream may wait for ever";
}

TEST_F(LimitsTest, EosAtOnceIsAnError) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  rig.end();
  expect_refused(rig, {"before its first frame"});
}

TEST_F(LimitsTest, SilenceIsNoWayOutOfNoFrameAtAll) {
  const ElementRig rig(base_url(), {.properties = "on-failure=silence"});
  rig.begin();
  rig.end();
  expect_refused(rig, {"before its first frame"});
}

// ---- the finished proxy; this needs a real clip

class ProxyLimitsTest : public ElementTest {
 protected:
  PipelineRun& run(const ClipOptions& clip) {
    pipeline_ = std::make_unique<PipelineRun>(
        "filesrc location=" + test_clip(clip) + " ! qtdemux ! h264parse ! " + klingv2a_on(service_) +
        " ! fakesink async=false sync=false  k.audio ! fakesink async=false sync=false");
    pipeline_->run();
    return *pipeline_;
  }
  std::unique_ptr<PipelineRun> pipeline_;
};

TEST_F(ProxyLimitsTest, AClipThatIsTooShortIsRefusedBeforeItIsPublished) {
  const auto& seen = run({.seconds = 2.9});
  ASSERT_EQ(seen.errors().size(), 1U);
  const auto& error = seen.errors().front();
  EXPECT_TRUE(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT)) << error.text;
  EXPECT_EQ(error.detail("paid"), "no");
  EXPECT_NE(error.text.find("2.900 s"), std::string::npos) << error.text;
  EXPECT_EQ(posts(), 0);
}

TEST_F(ProxyLimitsTest, HalfAFrameLessThanThreeSecondsIsAskedFor) {
  refuse_tasks();
  (void)run({.fps_n = 301, .fps_d = 10, .seconds = 2.991});  // 90 frames, 2.990 s
  EXPECT_EQ(posts(), 1);
}

}  // namespace
}  // namespace klingv2a::test
