// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Pipelines that are played again as gst-launch-1.0 and players do it: to READY (or NULL) and back, with links that
// were made once; the next file in the same elements; and loops without a gap.
#include <gtest/gtest.h>

#include <fstream>

#include "decoded.h"
#include "pipeline_run.h"
#include "temporary_folder.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

const ClipOptions kClip{.seconds = 3, .bframes = 2, .flash_frames = {20, 61}};

class PlayedAgain : public ::testing::TestWithParam<GstState> {
 protected:
  // Down to READY or NULL, and up again.
  static void expect_end(PipelineRun& run) {
    ASSERT_EQ(run.run(), End::eos) << run.first_error();
    gst_element_set_state(run.pipeline(), GetParam());
    run.forget_messages();
  }
  static std::string file(const std::string& name) { return (folder().path() / name).string(); }
  static const TemporaryFolder& folder() {
    static const TemporaryFolder made;
    return made;
  }
  const sim::Service service_{quick_service()};
};

INSTANTIATE_TEST_SUITE_P(From, PlayedAgain, ::testing::Values(GST_STATE_READY, GST_STATE_NULL),
                         [](const auto& one) { return gst_element_state_get_name(one.param); });

TEST_P(PlayedAgain, AsGstLaunchHasLinkedIt) {
  PipelineRun run(
      "videotestsrc pattern=ball num-buffers=90 ! video/x-raw,width=1280,height=720,framerate=30/1 ! x264enc "
      "speed-preset=ultrafast key-int-max=30 threads=1 ! h264parse ! " +
      klingv2a_on(service_) + "k.video ! queue ! matroskamux name=m ! filesink location=" + file("launch.mkv") +
      " k.audio ! audioconvert ! opusenc ! m. audiotestsrc num-buffers=100 samplesperbuffer=1440 ! "
      "audio/x-raw,rate=48000 ! flacenc ! k.sink_0 k.src_0 ! m.");
  auto& video = run.watch("k", "video");
  auto& sound = run.watch("k", "audio");
  auto& companion = run.watch("k", "src_0");
  for (int i = 0; i < 3; ++i) {
    SCOPED_TRACE(i);
    ASSERT_NO_FATAL_FAILURE(expect_end(run));
    EXPECT_EQ(video.count(), 90U);
    EXPECT_EQ(sound.count(), 75U);
    EXPECT_GT(companion.count(), 10U);
    run.forget_logs();
  }
  EXPECT_EQ(posts(service_), 1);
}

TEST_P(PlayedAgain, TheBinWithOneFileAndAnother) {
  ClipOptions other = kClip;
  other.seconds = 4;
  other.width = 1920;
  other.height = 1080;
  PipelineRun run("filesrc name=in ! klingv2abin name=b mux=mkv audio-codec=opus api-key=sim-key base-url=" +
                  service_.base_url() + " ! fakesink sync=false");
  auto& written = run.watch("b", "src", PadLog::Keep::bytes);
  int number = 0;
  for (const auto& clip : {kClip, kClip, other, kClip}) {
    SCOPED_TRACE(number);
    const std::string out = file("bin" + std::to_string(number++) + ".mkv");
    run.set("in", "location", test_clip(clip));
    ASSERT_NO_FATAL_FAILURE(expect_end(run));
    std::ofstream file_made(out, std::ios::binary);
    for (const auto& buffer : written.buffers()) file_made << buffer.bytes;
    file_made.close();
    run.forget_logs();
    const auto made = sound_of_file(out);
    EXPECT_NEAR(static_cast<double>(made.length()), clip.seconds * 48000.0, 2000);
  }
  EXPECT_EQ(posts(service_), 2);
}

// SEGMENT_DONE, and the next loop without a flush: each has the whole video and the whole sound.
TEST(LoopsWithoutAGap, PlayTheSameSoundEachTime) {
  constexpr int kLoops = 4;
  const sim::Service service(quick_service());
  PipelineRun run("filesrc location=" + test_clip(kClip) + " ! qtdemux ! h264parse ! " + klingv2a_on(service) +
                  "k.video ! queue ! fakesink sync=false k.audio ! queue ! fakesink sync=false");
  auto& video = run.watch("k", "video");
  auto& sound = run.watch("k", "audio", PadLog::Keep::bytes);
  const auto seek = [&](int flags) {
    return gst_element_seek(run.pipeline(), 1.0, GST_FORMAT_TIME,
                            static_cast<GstSeekFlags>(flags | GST_SEEK_FLAG_SEGMENT), GST_SEEK_TYPE_SET, 0,
                            GST_SEEK_TYPE_NONE, 0);
  };
  run.start(GST_STATE_PAUSED);
  ASSERT_TRUE(run.wait_for_state(GST_STATE_PAUSED)) << run.first_error();
  ASSERT_TRUE(seek(GST_SEEK_FLAG_FLUSH));
  run.start();
  for (int loop = 1; loop <= kLoops; ++loop) {
    SCOPED_TRACE(loop);
    ASSERT_TRUE(run.wait_for_message([](GstMessage* message) {
      return GST_MESSAGE_TYPE(message) == GST_MESSAGE_SEGMENT_DONE;
    })) << run.first_error();
    ASSERT_TRUE(video.wait_for_event(GST_EVENT_SEGMENT_DONE, loop));
    ASSERT_TRUE(sound.wait_for_event(GST_EVENT_SEGMENT_DONE, loop));
    ASSERT_TRUE(loop == kLoops || seek(0));
  }
  EXPECT_EQ(posts(service), 1);
  EXPECT_EQ(video.buffers_since_flush().size(), std::size_t{90} * kLoops);
  EXPECT_EQ(sound_since_flush(sound).length(), 144000 * kLoops);
}

}  // namespace
}  // namespace klingv2a::test
