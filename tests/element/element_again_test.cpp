// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The same element run after run, without a program that links its pads anew: `audio` and `src_%u`, once there, stay
// with their links, whatever comes next time.
#include "companion_fixture.h"

namespace klingv2a::test {
namespace {

constexpr const char* kOtherVideo =
    "video/x-h265, stream-format=hvc1, alignment=au, width=1920, height=1080, framerate=30/1";

class AgainTest : public CompanionTest {
 protected:
  // Down to `state`, and up to PLAYING again.
  void again(GstState state = GST_STATE_READY) {
    ASSERT_EQ(gst_element_set_state(rig_.element(), state), GST_STATE_CHANGE_SUCCESS);
    ASSERT_EQ(gst_element_set_state(rig_.element(), GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
    rig_.video_log().clear();
    rig_.sound_log().clear();
  }
  void expect_whole_clip() {
    ASSERT_TRUE(rig_.wait_for_end());
    EXPECT_EQ(rig_.video_log().count(), 90U);
    EXPECT_EQ(rig_.sound_log().count(), 75U);
    EXPECT_EQ(rig_.sound_log().count(GST_EVENT_STREAM_START), 1);
    EXPECT_EQ(rig_.sound_log().count(GST_EVENT_CAPS), 1);
    EXPECT_EQ(rig_.sound_log().count(GST_EVENT_SEGMENT), 1);
  }
  void push_clip_of(const std::string& caps) {
    rig_.stream_start("another video");
    rig_.caps(caps);
    rig_.segment();
    rig_.push_frames(90);
    rig_.end();
  }
};

class AgainFrom : public AgainTest, public ::testing::WithParamInterface<GstState> {};

INSTANTIATE_TEST_SUITE_P(, AgainFrom, ::testing::Values(GST_STATE_READY, GST_STATE_NULL),
                         [](const auto& one) { return gst_element_state_get_name(one.param); });

TEST_P(AgainFrom, AudioStaysWithItsLink) {
  rig_.push_clip();
  expect_whole_clip();
  const auto audio = pad_of(rig_, "audio");
  const auto peer = PadPtr::adopt(gst_pad_get_peer(audio.get()));
  ASSERT_TRUE(peer);
  for (int i = 0; i < 3; ++i) {
    again(GetParam());
    EXPECT_EQ(pad_of(rig_, "audio").get(), audio.get());
    EXPECT_EQ(PadPtr::adopt(gst_pad_get_peer(audio.get())).get(), peer.get());
    rig_.push_clip();
    expect_whole_clip();
  }
  EXPECT_EQ(std::ranges::count(rig_.signals(), "pad-added audio"), 1);
  EXPECT_EQ(std::ranges::count(rig_.signals(), "pad-removed audio"), 0);
  EXPECT_EQ(std::ranges::count(rig_.signals(), "no-more-pads"), 4);
  EXPECT_TRUE(rig_.errors().empty());
}

TEST_P(AgainFrom, AVideoOfAnotherKind) {
  rig_.push_clip();
  expect_whole_clip();
  again(GetParam());
  push_clip_of(kOtherVideo);
  expect_whole_clip();
  EXPECT_NE(rig_.video_log().caps().find("h265"), std::string::npos);
  again(GetParam());
  rig_.push_clip();
  expect_whole_clip();
  EXPECT_NE(rig_.video_log().caps().find("h264"), std::string::npos);
}

TEST_P(AgainFrom, CompanionsStayWithTheirLinks) {
  CompanionRig companion(rig_);
  PadPtr source;
  for (int i = 0; i < 3; ++i) {
    companion.begin();
    companion.push_buffers(90);
    companion.end();
    rig_.push_clip();
    expect_whole_clip();
    ASSERT_TRUE(companion.log().wait_for_event(GST_EVENT_EOS));
    EXPECT_EQ(times_of(companion.log()), frames(90));
    EXPECT_EQ(companion.log().count(GST_EVENT_STREAM_START), 1);
    EXPECT_EQ(companion.log().count(GST_EVENT_CAPS), 1);
    if (!source) source = companion.source();
    EXPECT_EQ(companion.source().get(), source.get());
    again(GetParam());
    companion.log().clear();
  }
  EXPECT_TRUE(gst_pad_is_linked(source.get()));
  EXPECT_EQ(std::ranges::count(rig_.signals(), "pad-added src_0"), 1);
}

TEST_P(AgainFrom, StoppedInTheMiddle) {
  CompanionRig companion(rig_);
  for (int i = 0; i < 3; ++i) {
    companion.begin();
    companion.push_buffers(30);
    rig_.begin();
    rig_.push_frames(30);
    again(GetParam());
    companion.log().clear();
  }
  companion.begin();
  companion.push_buffers(90);
  companion.end();
  rig_.push_clip();
  expect_whole_clip();
  ASSERT_TRUE(companion.log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(times_of(companion.log()), frames(90));
}

// ---- a companion of the run before that has nothing this time: a muxer waits for its end all the same

class AbsentCompanion : public AgainTest {
 protected:
  void SetUp() override {
    CompanionTest::SetUp();
    companion_.begin();
    companion_.end();
    rig_.push_clip();
    expect_whole_clip();
    ASSERT_TRUE(companion_.log().wait_for_event(GST_EVENT_EOS));
    again();
    // Its upstream has forgotten what it has sent.
    const auto upstream = PadPtr::adopt(gst_pad_get_peer(companion_.sink()));
    gst_pad_set_active(upstream.get(), FALSE);
    gst_pad_set_active(upstream.get(), TRUE);
    companion_.log().clear();
  }
  CompanionRig companion_{rig_};
};

TEST_F(AbsentCompanion, ThatEndsWithoutCapsEnds) {
  companion_.stream_start();
  companion_.end();
  rig_.push_clip();
  expect_whole_clip();
  ASSERT_TRUE(companion_.log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(types_of(companion_.log()), (Types{GST_EVENT_STREAM_START, GST_EVENT_EOS}));
}

TEST_F(AbsentCompanion, WhosePadIsNotLinkedEndsWithTheVideo) {
  const auto upstream = PadPtr::adopt(gst_pad_get_peer(companion_.sink()));
  gst_pad_unlink(upstream.get(), companion_.sink());
  rig_.begin();
  rig_.push_frames(90);
  EXPECT_EQ(companion_.log().count(GST_EVENT_EOS), 0);
  rig_.end();
  expect_whole_clip();
  ASSERT_TRUE(companion_.log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(types_of(companion_.log()), (Types{GST_EVENT_STREAM_START, GST_EVENT_EOS}));
  EXPECT_EQ(std::ranges::count(rig_.signals(), "no-more-pads"), 2);
}

TEST_F(AbsentCompanion, EndsWithAnErrorToo) {
  rig_.push_event(gst_event_new_stream_start("nothing"));
  rig_.push_event(gst_event_new_eos());
  ASSERT_TRUE(rig_.wait_for_error());
  ASSERT_TRUE(companion_.log().wait_for_event(GST_EVENT_EOS));
  ASSERT_TRUE(rig_.wait_until([&] { return rig_.sound_log().ended() && rig_.video_log().ended(); }));
  EXPECT_EQ(types_of(companion_.log()), (Types{GST_EVENT_STREAM_START, GST_EVENT_EOS}));
  EXPECT_EQ(types_of(rig_.sound_log()), (Types{GST_EVENT_STREAM_START, GST_EVENT_EOS}));
}

TEST_F(AbsentCompanion, CanStillBeReleased) {
  companion_.release();
  EXPECT_FALSE(pad_of(rig_, "src_0"));
  rig_.push_clip();
  expect_whole_clip();
}

}  // namespace
}  // namespace klingv2a::test
