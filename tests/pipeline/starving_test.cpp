// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A branch that goes past the element to the same muxer, through too small a queue, blocks the demuxer, so that the
// video never ends; so does a tee. This is said once, with all that may be its cause, ends well before `timeout`, and
// costs nothing. (The better cure, the companion pads, is tested in companions_test.cpp.)
#include <gtest/gtest.h>

#include <algorithm>

#include "decoded.h"
#include "pipeline_run.h"
#include "program.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

constexpr const char* kMovieHello = "/usr/share/forensics-samples/original-files/movie2/movie-hello.mp4";
constexpr const char* kSmallQueue = "queue max-size-buffers=5";
constexpr const char* kBigQueue = "queue max-size-time=0 max-size-bytes=0 max-size-buffers=0";

// The film's own sound goes past the element into the muxer, beside the new one.
std::string past_the_element(const sim::Service& service, const std::string& queue, const std::string& settings,
                             const std::string& out) {
  return std::string("filesrc location=") + kMovieHello + " ! qtdemux name=d  d.video_0 ! h264parse ! " +
         klingv2a_on(service, settings) + "k.video ! queue ! m.  k.audio ! audioconvert ! opusenc ! queue ! m.  " +
         "d.audio_0 ! aacparse ! " + queue + " ! m.  matroskamux name=m ! filesink location=" + out;
}

class Starving : public ::testing::Test {
 protected:
  const TemporaryFolder folder_;
  const std::string out_ = folder_.file("out.mkv");
  const sim::Service service_{quick_service()};
};

TEST_F(Starving, IsSaidOnceAndNamesTheBranch) {
  PipelineRun run(past_the_element(service_, kSmallQueue, "", out_));
  // A second warning would come 5 s after the first one.
  EXPECT_EQ(run.run(std::chrono::seconds(11)), End::deadline) << run.first_error();
  ASSERT_EQ(run.warnings().size(), 1U);
  EXPECT_EQ(run.warnings()[0].source, "k");
  EXPECT_NE(run.warnings()[0].text.find("branch that goes past klingv2a"), std::string::npos);
  EXPECT_NE(run.warnings()[0].text.find("d.audio_0 ! k.sink_0  k.src_0 ! mux."), std::string::npos);
  EXPECT_NE(run.warnings()[0].text.find("queue"), std::string::npos);
  EXPECT_EQ(run.warnings()[0].detail("paid"), "no");
  run.stop();
  EXPECT_EQ(posts(service_), 0);
  EXPECT_EQ(run.progress_count(GST_PROGRESS_TYPE_CANCELED), 1);
}

TEST_F(Starving, NamesEachPossibleCause) {
  PipelineRun run(past_the_element(service_, kSmallQueue, "", out_));
  EXPECT_EQ(run.run(std::chrono::seconds(7)), End::deadline) << run.first_error();
  ASSERT_EQ(run.warnings().size(), 1U);
  for (const char* cause :
       {"slow machine or source", "live video", "branch that goes past klingv2a", "tee before klingv2a"})
    EXPECT_NE(run.warnings()[0].text.find(cause), std::string::npos) << cause << " in " << run.warnings()[0].text;
}

TEST_F(Starving, IsAnErrorWellBelowTheTimeout) {
  PipelineRun run(past_the_element(service_, kSmallQueue, "timeout=100", out_));
  ASSERT_EQ(run.run(std::chrono::seconds(30)), End::error);
  EXPECT_NE(run.errors()[0].text.find("15 s"), std::string::npos) << run.first_error();
  EXPECT_NE(run.errors()[0].text.find("tee"), std::string::npos) << run.first_error();
  EXPECT_EQ(run.errors()[0].detail("paid"), "no");
  EXPECT_EQ(run.errors()[0].detail("retryable"), "true");
  EXPECT_EQ(posts(service_), 0);
}

// The tee's second branch takes one buffer and waits for the first branch's sinks.
TEST_F(Starving, ByATeeIsAnErrorToo) {
  PipelineRun run(std::string("filesrc location=") + kMovieHello + " ! qtdemux ! h264parse ! tee name=t ! " +
                  klingv2a_on(service_, "timeout=6") + "k.video ! fakesink  k.audio ! fakesink  t. ! fakesink");
  ASSERT_EQ(run.run(std::chrono::seconds(20)), End::error);
  EXPECT_EQ(run.warnings().size(), 1U);
  EXPECT_EQ(run.errors()[0].detail("kind"), "input");
  EXPECT_EQ(posts(service_), 0);
}

// Lets some buffers pass, and then none until it is removed.
GstPadProbeReturn pass_some(GstPad*, GstPadProbeInfo*, gpointer left) {
  auto& buffers = *static_cast<int*>(left);
  return buffers-- > 0 ? GST_PAD_PROBE_PASS : GST_PAD_PROBE_OK;
}

// While the user has paused, nothing need come.
TEST_F(Starving, APauseIsNone) {
  PipelineRun run(std::string("filesrc location=") + kMovieHello + " ! qtdemux ! h264parse ! identity name=i ! " +
                  klingv2a_on(service_, "timeout=6") +
                  "k.video ! fakesink async=false  k.audio ! fakesink async=false");
  const auto pad = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(run.element("i").get(), "src"));
  int left = 30;
  const auto blocking = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER);
  const gulong block = gst_pad_add_probe(pad.get(), blocking, pass_some, &left, nullptr);
  run.start();
  ASSERT_TRUE(run.wait_for_progress("taking in the clip"));
  run.start(GST_STATE_PAUSED);
  EXPECT_EQ(run.wait_for_end(std::chrono::seconds(9)), End::deadline) << run.first_error();
  EXPECT_TRUE(run.warnings().empty()) << run.warnings()[0].text;
  gst_pad_remove_probe(pad.get(), block);
  EXPECT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_EQ(posts(service_), 1);
}

// The video of a file may end long before its sound, and EOS comes to both at once.
TEST_F(Starving, IsNoneWhileACompanionComesIn) {
  PipelineRun run(std::string("filesrc location=") + kMovieHello + " ! qtdemux ! h264parse ! identity name=i ! " +
                  klingv2a_on(service_, "timeout=6") +
                  "k.video ! fakesink async=false  k.audio ! fakesink async=false "
                  "audiotestsrc is-live=false num-buffers=400 ! clocksync ! k.sink_0  k.src_0 ! fakesink async=false");
  const auto identity = run.element("i");
  const auto source = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(identity.get(), "src"));
  const auto drop_end = +[](GstPad*, GstPadProbeInfo* info, gpointer) {
    return GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
  };
  gst_pad_add_probe(source.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, drop_end, nullptr, nullptr);
  EXPECT_EQ(run.run(std::chrono::seconds(8)), End::deadline) << run.first_error();
  EXPECT_TRUE(run.warnings().empty());
}

// Clips are paid for by then: they are played, and then it is told.
TEST_F(Starving, InTheMidstOfALongVideoIsAnErrorToo) {
  PipelineRun run("filesrc location=" + test_clip({.fps_n = 10, .seconds = 120, .gop = 10}) +
                  " ! qtdemux ! h264parse ! identity name=i ! " + klingv2a_on(service_, "timeout=6") +
                  "k.video ! fakesink async=false  k.audio ! fakesink async=false");
  const auto pad = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(run.element("i").get(), "src"));
  int left = 1000;
  const auto blocking = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER);
  gst_pad_add_probe(pad.get(), blocking, pass_some, &left, nullptr);
  ASSERT_EQ(run.run(), End::error);
  const auto says_so = [](const SeenError& said) {
    return said.text.find("no frame has arrived") != std::string::npos;
  };
  EXPECT_EQ(std::ranges::count_if(run.warnings(), says_so), 1);
  EXPECT_TRUE(says_so(run.errors()[0])) << run.first_error();
  EXPECT_GE(posts(service_), 1);
}

TEST_F(Starving, IsAnErrorAfterTheTimeoutAndNothingIsPaid) {
  PipelineRun run(past_the_element(service_, kSmallQueue, "timeout=6", out_));
  ASSERT_EQ(run.run(std::chrono::seconds(20)), End::error);
  EXPECT_EQ(run.warnings().size(), 1U);
  EXPECT_TRUE(run.errors()[0].is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT)) << run.first_error();
  EXPECT_EQ(run.errors()[0].detail("kind"), "input");
  EXPECT_EQ(run.errors()[0].detail("paid"), "no");
  run.stop();
  EXPECT_EQ(posts(service_), 0);
  EXPECT_EQ(run.progress_count(GST_PROGRESS_TYPE_ERROR), 1);
}

TEST_F(Starving, EndsWithTheQueueThatTheWarningAsksFor) {
  PipelineRun run(past_the_element(service_, kBigQueue, "", out_));
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.stop();
  EXPECT_TRUE(run.warnings().empty());
  EXPECT_EQ(posts(service_), 1);
  // h264parse, which is in the pipeline, takes a SEI out of the first packet since 1.26.
  EXPECT_EQ(hashes(packets_of_file(out_, "matroskademux")),
            hashes(packets_of_file(kMovieHello, "qtdemux", "video/x-h264", "h264parse")));
  EXPECT_EQ(hashes(packets_of_file(out_, "matroskademux", "audio/mpeg")),
            hashes(packets_of_file(kMovieHello, "qtdemux", "audio/mpeg")));
  EXPECT_EQ(packets_of_file(out_, "matroskademux", "audio/x-opus").size(), 416U);  // 8.3 s and the encoder's delay
}

}  // namespace
}  // namespace klingv2a::test
