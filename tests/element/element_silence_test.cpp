// SPDX-License-Identifier: LGPL-2.1-or-later
//
// on-failure=silence: real samples of zero as long as the clip, the whole video, one warning, no error. For what
// silence would hide (settings, disk) it remains an error.
#include <algorithm>

#include "element_fixture.h"

namespace klingv2a::test {
namespace {

using On = sim::Fault::On;
using Do = sim::Fault::Do;

constexpr std::size_t kBytesPerSample = 4;  // 16 bits stereo

class SilenceTest : public ElementTest {
 protected:
  static std::size_t samples_of(const PadLog& log) {
    std::size_t bytes = 0;
    for (const auto& buffer : log.buffers()) {
      EXPECT_EQ(buffer.bytes.find_first_not_of('\0'), std::string::npos) << "not silent at " << buffer.pts;
      bytes += buffer.bytes.size();
    }
    return bytes / kBytesPerSample;
  }
  static void expect_silent_success(ElementRig& rig, std::size_t frames, std::size_t samples) {
    ASSERT_TRUE(rig.wait_for_end());
    EXPECT_EQ(rig.video_log().count(), frames);
    EXPECT_EQ(samples_of(rig.sound_log()), samples);
    EXPECT_TRUE(rig.errors().empty());
    EXPECT_EQ(rig.warnings().size(), 1U);
    EXPECT_EQ(std::ranges::count(rig.message_order(), "PROGRESS complete"), 1);
    EXPECT_EQ(rig.sound_log().count(GST_EVENT_GAP), 0) << "real samples";
  }
};

// ---- failures of the service

TEST_F(SilenceTest, LastsExactlyAsLongAsTheClip) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.push_clip(101);
  expect_silent_success(rig, 101, 161600);  // 3.3666… s
}

TEST_F(SilenceTest, StartsWhereTheClipStarts) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_frames(100, 300);
  rig.end();
  expect_silent_success(rig, 100, 160000);
  EXPECT_EQ(rig.sound_log().buffers().front().pts, 10 * GST_SECOND);
}

TEST_F(SilenceTest, CoversWhatIsShownAndNotThePreRoll) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.stream_start();
  rig.caps();
  rig.segment(GST_SECOND);
  rig.push_frames(120);
  rig.end();
  expect_silent_success(rig, 120, 144000);
  EXPECT_EQ(rig.sound_log().buffers().front().pts, GST_SECOND);
}

TEST_F(SilenceTest, FollowsAPaidFailureThatItNames) {
  service_.add_fault({.on = On::submit, .what = Do::fail_task, .message = "Image pixel is invalid"});
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.push_clip();
  expect_silent_success(rig, 90, 144000);
  const auto warning = rig.warnings().front();
  EXPECT_EQ(warning.detail("kind"), "task-failed");
  EXPECT_EQ(warning.detail("paid"), "yes");
  EXPECT_NE(warning.text.find("Image pixel is invalid"), std::string::npos);
}

TEST_F(SilenceTest, HasThePeersFormat) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = kSilent, .audio_caps = "audio/x-raw,rate=44100,channels=1,format=S16LE"});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(samples_of(rig.sound_log()), std::size_t{3} * 44100 / 2) << "of 2 bytes";
}

// ---- limits: the video passes, bounded, with silence all along

class PassingTest : public SilenceTest {
 protected:
  // Frames leave before the video has ended.
  static void expect_passing(ElementRig& rig, std::size_t at_least) {
    EXPECT_TRUE(rig.wait_until([&] { return rig.video_log().count() >= at_least; }));
    EXPECT_TRUE(rig.wait_until([&] { return rig.sound_log().count() > at_least / 2; }));
    EXPECT_FALSE(rig.video_log().ended());
  }
  void TearDown() override { EXPECT_EQ(posts(), 0); }
};

TEST_F(PassingTest, AVideoThatIsTooLong) {
  ElementRig rig(base_url(), {.properties = "on-failure=silence max-clips=1"});
  rig.begin();
  ASSERT_EQ(rig.push_frames(1000), GST_FLOW_OK);
  expect_passing(rig, 990);
  rig.end();
  expect_silent_success(rig, 1000, 1600000);
}

TEST_F(PassingTest, AVideoThatIsAnnouncedAsTooLong) {
  ElementRig rig(base_url(), {.properties = "on-failure=silence max-clips=1"});
  rig.stream_start();
  rig.caps();
  rig.segment(0, 30 * GST_SECOND);
  ASSERT_EQ(rig.push_frames(30), GST_FLOW_OK);
  expect_passing(rig, 28);
  ASSERT_EQ(rig.push_frames(70, 30), GST_FLOW_OK);
  rig.end();
  expect_silent_success(rig, 100, 160000);
}

TEST_F(PassingTest, AVideoOfAWrongSize) {
  ElementRig rig(base_url(), {.properties = "on-failure=silence conform=never"});
  rig.stream_start();
  rig.caps("video/x-h264, stream-format=avc, alignment=au, width=640, height=480");
  rig.segment();
  ASSERT_EQ(rig.push_frames(100), GST_FLOW_OK);
  expect_passing(rig, 98);
  rig.end();
  expect_silent_success(rig, 100, 160000);
}

TEST_F(PassingTest, AVideoWhoseCapsChange) {
  ElementRig rig(base_url(), {.properties = "on-failure=silence"});
  rig.begin();
  rig.push_frames(50);
  rig.caps("video/x-h264, stream-format=avc, alignment=au, width=1920, height=1080, framerate=30/1");
  ASSERT_EQ(rig.push_frames(50, 50), GST_FLOW_OK);
  rig.end();
  expect_silent_success(rig, 100, 160000);
  EXPECT_EQ(rig.video_log().count(GST_EVENT_CAPS), 2);
}

// ---- what is no matter of the sound

TEST_F(SilenceTest, ADiskThatCannotBeWrittenToIsAnError) {
  // By reference only the result is kept on disk; whether it can be is tried before anything is paid.
  const ElementRig rig(base_url(), {.properties = std::string(kSilent) + " spool-dir=/nonexistent/folder"});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_error());
  EXPECT_EQ(rig.errors().front().detail("kind"), "disk");
  EXPECT_EQ(rig.errors().front().detail("paid"), "no");
  EXPECT_EQ(posts(), 0);
  EXPECT_NE(rig.errors().front().text.find("/nonexistent/folder"), std::string::npos);
}

}  // namespace
}  // namespace klingv2a::test
