// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Companions in whole pipelines: a demuxer's other streams through klingv2a into the same muxer, with default queues.
// The video's and the companions' packets are those of the input; judged by demuxing both files.
#include <gtest/gtest.h>

#include <chrono>

#include "decoded.h"
#include "pipeline_run.h"
#include "program.h"

namespace klingv2a::test {
namespace {

constexpr const char* kMovieHello = "/usr/share/forensics-samples/original-files/movie2/movie-hello.mp4";

struct Muxer {
  std::string name, element, demuxer;
  std::string parser;        // before the companion, where the muxer wants one
  std::string video_parser;  // after klingv2a, likewise
};

void PrintTo(const Muxer& muxer, std::ostream* out) {
  *out << muxer.name;
}

class Companions : public ::testing::Test {
 protected:
  // The sound is silence, and there as soon as the clip is complete: no poll has to be waited for.
  void refuse_tasks() {
    service_.add_fault({.on = sim::Fault::On::submit, .what = sim::Fault::Do::error_code, .times = -1, .code = "1201"});
  }
  // `streams`: of a demuxer `d`, to klingv2a `k` and from there to a muxer `m`. The new sound is no AAC, as the old one
  // is.
  [[nodiscard]] std::string through(const std::string& in, const std::string& demuxer, const std::string& streams,
                                    const std::string& muxer, const std::string& settings = kSilent) const {
    return "filesrc location=" + in + " ! " + demuxer + " name=d  " + klingv2a_on(service_, settings) + streams +
           "  k.audio ! audioconvert ! " + encoder_for(muxer) + " ! m.  " + muxer +
           " name=m ! filesink location=" + out_;
  }
  // qtmux 1.22 leaks the caps of Opus.
  static std::string encoder_for(const std::string& muxer) {
    return muxer == "matroskamux" || muxer == "mpegtsmux" ? "opusenc" : "avenc_alac";
  }
  [[nodiscard]] std::string make(const std::string& name, const std::vector<std::string>& options) const {
    std::vector<std::string> command{"ffmpeg", "-v", "error", "-y", "-i", kMovieHello};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back(folder_.file(name));
    const auto result = run_program(command);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return command.back();
  }
  static constexpr const char* kSilent = "on-failure=silence";
  static constexpr const char* kVideoAndSound =
      "d.video_0 ! h264parse ! k.sink  k.video ! m.  d.audio_0 ! k.sink_0  k.src_0 ! m.";

  const TemporaryFolder folder_;
  const std::string out_ = folder_.file("out");
  sim::Service service_{quick_service()};
};

class IntoMuxer : public Companions, public ::testing::WithParamInterface<std::tuple<Muxer, bool>> {
 protected:
  void SetUp() override { refuse_tasks(); }
};

TEST_P(IntoMuxer, EveryPacketOfVideoAndOldSoundIsThere) {
  const auto& [muxer, companion_first] = GetParam();
  const std::string companion = "d.audio_0 ! " + muxer.parser + "k.sink_0  k.src_0 ! m.  ";
  const std::string video = "d.video_0 ! h264parse ! k.sink  k.video ! " + muxer.video_parser + "m.  ";
  PipelineRun run(
      through(kMovieHello, "qtdemux", companion_first ? companion + video : video + companion, muxer.element));
  const auto& video_in = run.watch("k", "sink");
  const auto& video_out = run.watch("k", "video");
  const auto& in = run.watch("k", "sink_0");
  const auto& out = run.watch("k", "src_0");
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.stop();
  EXPECT_EQ(first_difference(video_in.buffers(), video_out.buffers()), "");
  EXPECT_EQ(first_difference(in.buffers(), out.buffers()), "");

  const bool other_framing = !muxer.video_parser.empty();
  const std::string sound_parser = other_framing ? "aacparse ! audio/mpeg,stream-format=raw" : "";
  EXPECT_EQ(hashes(packets_of_file(out_, muxer.demuxer, "audio/mpeg", sound_parser)),
            hashes(packets_of_file(kMovieHello, "qtdemux", "audio/mpeg")));
  if (!other_framing) {
    EXPECT_EQ(hashes(packets_of_file(out_, muxer.demuxer)), hashes(video_in.buffers()));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, IntoMuxer,
    ::testing::Combine(::testing::Values(Muxer{"Mp4", "mp4mux", "qtdemux"}, Muxer{"QuickTime", "qtmux", "qtdemux"},
                                         Muxer{"Matroska", "matroskamux", "matroskademux", "aacparse ! "},
                                         Muxer{"TransportStream", "mpegtsmux", "tsdemux", "aacparse ! ",
                                               "h264parse ! "}),
                       ::testing::Bool()),
    [](const auto& test) {
      return std::get<0>(test.param).name + (std::get<1>(test.param) ? "CompanionFirst" : "VideoFirst");
    });

TEST_F(Companions, TheLineInTheReadmeWorksAsTyped) {
  const auto result = gst_launch(
      std::string("filesrc location=") + kMovieHello +
          " ! qtdemux name=d  d.video_0 ! h264parse ! klingv2a name=k ! mp4mux name=mux ! filesink location=" + out_ +
          "  d.audio_0 ! k.sink_0  k.src_0 ! mux.  k.audio ! audioconvert ! avenc_aac ! mux.",
      {{"KLINGV2A_API_KEY", "sim-key"}, {"KLINGV2A_BASE_URL", service_.base_url()}});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.errors.find("WARNING"), std::string::npos) << result.errors;
  const auto streams =
      run_program({"ffprobe", "-v", "error", "-show_entries", "stream=codec_name,nb_frames", "-of", "csv=p=0", out_});
  EXPECT_EQ(streams.output, "h264,249\naac,390\naac,390\n");
}

// matroskamux of GStreamer 1.26 writes each GAP of a stream as an empty packet.
std::vector<SeenBuffer> without_gaps(std::vector<SeenBuffer> packets) {
  std::erase_if(packets, [](const SeenBuffer& packet) { return packet.size == 0; });
  return packets;
}

TEST_F(Companions, TwoSoundsAndSubtitlesStayInMatroska) {
  refuse_tasks();
  const std::string subtitles = folder_.file("titles.srt");
  ASSERT_TRUE(g_file_set_contents(subtitles.c_str(),
                                  "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n"
                                  "2\n00:00:07,000 --> 00:00:08,000\nand goodbye\n",
                                  -1, nullptr));
  const auto in = make("in.mkv", {"-f",     "lavfi",   "-i",   "sine=frequency=300:duration=8",
                                  "-i",     subtitles, "-map", "0:v",
                                  "-map",   "0:a",     "-map", "1:a",
                                  "-map",   "2:s",     "-c",   "copy",
                                  "-c:a:1", "ac3",     "-c:s", "ass"});
  PipelineRun run(through(in, "matroskademux",
                          "d.video_0 ! h264parse ! k.sink  k.video ! m.  d.audio_0 ! aacparse ! k.sink_0  k.src_0 ! m. "
                          "d.audio_1 ! ac3parse ! k.sink_1  k.src_1 ! m.  d.subtitle_0 ! k.sink_2  k.src_2 ! m.",
                          "matroskamux"));
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.stop();
  for (const char* caps : {"audio/mpeg", "audio/x-ac3", "application/x-ass"}) {
    const auto packets = without_gaps(packets_of_file(in, "matroskademux", caps));
    EXPECT_FALSE(packets.empty());
    EXPECT_EQ(hashes(without_gaps(packets_of_file(out_, "matroskademux", caps))), hashes(packets)) << caps;
  }
  EXPECT_EQ(without_gaps(packets_of_file(out_, "matroskademux", "application/x-ass")).size(), 2U);
}

TEST_F(Companions, ASoundThatIsLongerThanTheVideoStaysWhole) {
  refuse_tasks();
  const auto video = make("video.mp4", {"-t", "4", "-an", "-c:v", "copy"});
  const auto in = make("in.mp4", {"-i", video, "-map", "1:v", "-map", "0:a", "-c", "copy"});
  PipelineRun run(through(in, "qtdemux", kVideoAndSound, "mp4mux"));
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.stop();
  const auto packets = packets_of_file(in, "qtdemux", "audio/mpeg");
  EXPECT_GT(packets.size(), 380U);
  EXPECT_EQ(hashes(packets_of_file(out_, "qtdemux", "audio/mpeg")), hashes(packets));
}

TEST_F(Companions, AParserBehindConvertsForTheMuxer) {
  refuse_tasks();
  const auto in = make("in.ts", {"-c", "copy"});
  PipelineRun run(through(in, "tsdemux",
                          "d. ! h264parse ! k.sink  k.video ! m.  d. ! audio/mpeg ! k.sink_0  k.src_0 ! aacparse ! m.",
                          "mp4mux"));
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.stop();
  EXPECT_EQ(hashes(packets_of_file(out_, "qtdemux", "audio/mpeg")),
            hashes(packets_of_file(in, "tsdemux", "audio/mpeg", "aacparse ! audio/mpeg,stream-format=raw")));
}

TEST_F(Companions, WaitInTheSpoolFileBeyondMaxHoldBytes) {
  refuse_tasks();
  PipelineRun run(through(kMovieHello, "qtdemux", kVideoAndSound, "mp4mux", "on-failure=silence max-hold-bytes=0"));
  const auto& in = run.watch("k", "sink_0");
  const auto& out = run.watch("k", "src_0");
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_EQ(first_difference(in.buffers(), out.buffers()), "");
  EXPECT_GT(run.stat("k", "spooled-bytes"), 1e6);
}

TEST_F(Companions, AFailureEndsThePipelineAndSilenceLeavesThemWhole) {
  refuse_tasks();
  PipelineRun failing(through(kMovieHello, "qtdemux", kVideoAndSound, "mp4mux", ""));
  auto& old_sound = failing.watch("k", "src_0");
  ASSERT_EQ(failing.run(), End::error);
  EXPECT_TRUE(old_sound.wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(old_sound.count(), 0U);
  EXPECT_EQ(failing.errors_of("k").size(), 1U);
  failing.stop();

  PipelineRun silent(through(kMovieHello, "qtdemux", kVideoAndSound, "mp4mux", "on-failure=silence take=1"));
  ASSERT_EQ(silent.run(), End::eos) << silent.first_error();
  silent.stop();
  EXPECT_EQ(hashes(packets_of_file(out_, "qtdemux", "audio/mpeg")),
            hashes(packets_of_file(kMovieHello, "qtdemux", "audio/mpeg")));
}

TEST_F(Companions, StoppingWhileTheyAreHeldTakesNoTime) {
  const sim::Service slow(quick_service(std::chrono::minutes(1)));
  PipelineRun run("filesrc location=" + std::string(kMovieHello) + " ! qtdemux name=d  " + klingv2a_on(slow) +
                  kVideoAndSound +
                  "  k.audio ! audioconvert ! avenc_alac ! m.  mp4mux name=m ! filesink location=" + out_);
  run.start();
  ASSERT_TRUE(run.wait_for_progress("waiting for the task")) << run.first_error();
  EXPECT_LT(run.stop(), std::chrono::milliseconds(500));
}

TEST_F(Companions, ASeekIsOneForAllAndPaysNothing) {
  PipelineRun run("filesrc location=" + std::string(kMovieHello) + " ! qtdemux name=d  " + klingv2a_on(service_) +
                  "d.video_0 ! h264parse ! k.sink  k.video ! queue ! fakesink  d.audio_0 ! k.sink_0  "
                  "k.src_0 ! queue ! fakesink  k.audio ! queue ! fakesink");
  const auto& video_in = run.watch("k", "sink");
  const auto& video_out = run.watch("k", "video");
  const auto& in = run.watch("k", "sink_0");
  const auto& out = run.watch("k", "src_0");
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  for (const int percent : {50, 0}) {
    run.forget_messages();
    ASSERT_TRUE(gst_element_seek_simple(run.pipeline(), GST_FORMAT_TIME,
                                        static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE),
                                        gint64{percent} * 83 * GST_MSECOND));
    ASSERT_EQ(run.wait_for_end(), End::eos) << run.first_error();
    EXPECT_EQ(first_difference(video_in.buffers_since_flush(), video_out.buffers_since_flush()), "");
    EXPECT_EQ(first_difference(in.buffers_since_flush(), out.buffers_since_flush()), "");
    EXPECT_GT(out.buffers_since_flush().size(), 100U);
  }
  EXPECT_EQ(video_in.upstream_count(GST_EVENT_SEEK) + in.upstream_count(GST_EVENT_SEEK), 2);
  EXPECT_EQ(posts(service_), 1);
}

TEST_F(Companions, ASeekReachesASourceOfTheirOwn) {
  const std::string file = "filesrc location=" + std::string(kMovieHello);
  PipelineRun run(file + " ! qtdemux ! h264parse ! " + klingv2a_on(service_) + file +
                  " ! qtdemux name=d  d.audio_0 ! queue ! k.sink_0  k.src_0 ! queue ! fakesink  "
                  "k.video ! queue ! fakesink  k.audio ! queue ! fakesink");
  const auto& video_in = run.watch("k", "sink");
  const auto& in = run.watch("k", "sink_0");
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.forget_messages();
  ASSERT_TRUE(gst_element_seek_simple(run.pipeline(), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 4 * GST_SECOND));
  ASSERT_EQ(run.wait_for_end(), End::eos) << run.first_error();
  for (const auto* log : {&video_in, &in}) {
    EXPECT_EQ(log->count(GST_EVENT_FLUSH_STOP), 1);
    EXPECT_GT(log->buffers_since_flush().size(), 100U);
  }
}

}  // namespace
}  // namespace klingv2a::test
