// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Streams that are refused by what they are led to: an error that names it, before anything is paid. And those that
// look alike, and are taken.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <regex>

#include "pipeline_run.h"
#include "program.h"
#include "temporary_folder.h"

namespace klingv2a::test {
namespace {

struct Led {
  std::string name;
  std::string companion;  // from the demuxer, or another source, to k.sink_0
  std::string behind;     // from k.src_0 to the muxer `m`
  std::string muxer = "matroskamux";
  std::string refuser;                 // its factory; empty: it is taken
  std::string video = "h264parse ! ";  // before k.sink
};

void PrintTo(const Led& led, std::ostream* out) {
  *out << led.name;
}

// It does not try to give what is wanted, as a converter would.
const std::string kRaw = "filesrc location=FOLDER/sound.wav ! wavparse ! ";
const std::string kAac = "audio/mpeg,mpegversion=4,stream-format=raw,framed=true,rate=44100,channels=2";

std::string as(const std::string& caps) {
  return "capssetter join=false replace=true caps=\"" + caps + "\" ! ";
}

std::string packets_of(const std::string& caps) {
  return "audiotestsrc num-buffers=3 ! " + as(caps);
}

class RefusedCaps : public ::testing::TestWithParam<Led> {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const auto made = run_program({"ffmpeg",
                                   "-v",
                                   "error",
                                   "-y",
                                   "-f",
                                   "lavfi",
                                   "-i",
                                   "testsrc=s=1280x720:r=25:d=3.2",
                                   "-f",
                                   "lavfi",
                                   "-i",
                                   "sine=r=44100:d=3.2",
                                   "-c:v",
                                   "libx264",
                                   "-preset",
                                   "ultrafast",
                                   "-pix_fmt",
                                   "yuv420p",
                                   "-c:a",
                                   "aac",
                                   "-ac",
                                   "2",
                                   folder_->file("in.mp4"),
                                   "-map",
                                   "1:a",
                                   folder_->file("sound.wav")});
    ASSERT_EQ(made.exit_code, 0) << made.errors;
  }
  static void TearDownTestSuite() { folder_.reset(); }
  [[nodiscard]] std::string line(const Led& led) const {
    return "filesrc location=" + folder_->file("in.mp4") + " ! qtdemux name=d  " +
           klingv2a_on(service_, "video-id=sim-3s") + " d.video_0 ! " + led.video + "k.sink  k.video ! m.  " +
           in_folder(led.companion) + "k.sink_0  " + led.behind + "  k.audio ! audioconvert ! flacenc ! m2.  " +
           led.muxer + " name=m ! fakesink  matroskamux name=m2 ! fakesink";
  }

  static std::string in_folder(const std::string& line) {
    return std::regex_replace(line, std::regex("FOLDER"), folder_->path().string());
  }

  static std::unique_ptr<TemporaryFolder> folder_;
  sim::Service service_{quick_service()};
};
std::unique_ptr<TemporaryFolder> RefusedCaps::folder_;

void expect_refused(const PipelineRun& run, const std::string& refuser) {
  ASSERT_FALSE(run.errors().empty());
  const auto& error = run.errors().front();
  EXPECT_EQ(error.detail("kind"), "settings");
  EXPECT_EQ(error.detail("paid"), "no");
  EXPECT_NE(error.text.find("(" + refuser + ") refuses"), std::string::npos) << error.text;
}

// As a program links that does not look at the caps.
void link_blindly(GstElement*, GstPad* pad, GstElement* to) {
  if (!g_str_has_prefix(GST_PAD_NAME(pad), "src_")) return;
  const auto sink = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(to, "sink"));
  gst_pad_link_full(pad, sink.get(), GST_PAD_LINK_CHECK_NOTHING);
}

TEST_P(RefusedCaps, AreFoundBeforeAnythingIsPaid) {
  const auto& led = GetParam();
  PipelineRun run(line(led));
  if (led.behind.find("name=x") != std::string::npos)
    g_signal_connect(run.element("k").get(), "pad-added", G_CALLBACK(link_blindly), run.element("x").get());
  EXPECT_EQ(run.run(), led.refuser.empty() ? End::eos : End::error) << run.first_error();
  EXPECT_EQ(posts(service_), led.refuser.empty() ? 1 : 0);
  if (!led.refuser.empty()) expect_refused(run, led.refuser);
}

INSTANTIATE_TEST_SUITE_P(
    ByElements, RefusedCaps,
    ::testing::Values(Led{"Rate", kRaw, "audioconvert name=x ! opusenc ! m.", "matroskamux", "audioconvert"},
                      Led{"RateBehindAQueue", kRaw, "queue name=x ! audioconvert ! opusenc ! m.", "matroskamux",
                          "queue"},
                      Led{"Capsfilter", kRaw, "capsfilter name=x caps=audio/x-raw,rate=48000 ! fakesink", "matroskamux",
                          "capsfilter"},
                      Led{"OneOfATee", kRaw, "tee name=x ! queue ! fakesink  x. ! queue ! audioconvert ! opusenc ! m.",
                          "matroskamux", "tee"}),
    ::testing::PrintToStringParamName());

// gst-launch only warns of a link that fails, and the muxer waits for ever: the link holds, and the caps are refused.
INSTANTIATE_TEST_SUITE_P(
    LinkedByLaunch, RefusedCaps,
    ::testing::Values(Led{"Rate", kRaw, "k.src_0 ! audioconvert ! opusenc ! queue ! m.", "matroskamux", "audioconvert"},
                      Led{"RateBehindAQueue", kRaw, "k.src_0 ! queue ! audioconvert ! opusenc ! queue ! m.",
                          "matroskamux", "queue"},
                      Led{"Capsfilter", kRaw, "k.src_0 ! capsfilter caps=audio/x-raw,rate=48000 ! queue ! m.",
                          "matroskamux", "capsfilter"},
                      Led{"SampleFormat", kRaw, "k.src_0 ! vorbisenc ! queue ! m.", "matroskamux", "vorbisenc"}),
    ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(
    ByMuxers, RefusedCaps,
    ::testing::Values(
        Led{"SomeSubtitle", packets_of("application/x-subtitle-unknown"), "k.src_0 ! m.", "matroskamux", "matroskamux"},
        Led{"SomeSubtitleBehindAQueue", packets_of("application/x-subtitle-unknown"), "k.src_0 ! queue ! m.subtitle_0",
            "matroskamux", "matroskamux"},
        Led{"AacWithoutItsHeader", "d.audio_0 ! " + as(kAac), "k.src_0 ! m.", "mp4mux", "mp4mux"},
        Led{"AacWithoutItsHeaderBehindAQueue", "d.audio_0 ! " + as(kAac), "k.src_0 ! queue ! m.", "qtmux", "qtmux"},
        Led{"VideoWithoutItsHeader", "d.audio_0 ! ", "k.src_0 ! m.", "mp4mux", "mp4mux",
            "h264parse ! " + as("video/x-h264,stream-format=avc,alignment=au,width=1280,height=720,framerate=25/1")}),
    ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(
    Not, RefusedCaps,
    ::testing::Values(Led{"WhatIsConverted", kRaw, "k.src_0 ! queue ! audioconvert ! audioresample ! opusenc ! m."},
                      Led{"WhatIsNotLinked", kRaw, ""}, Led{"WhatIsCopied", "d.audio_0 ! ", "k.src_0 ! m.", "mp4mux"},
                      Led{"Text", packets_of("text/x-raw,format=utf8"), "k.src_0 ! m.", "mp4mux"},
                      Led{"WhatIsDecodedAgain", "d.audio_0 ! ", "k.src_0 ! decodebin ! audioconvert ! fakesink"},
                      Led{"WhatIsParsed", "d.audio_0 ! ", "k.src_0 ! queue ! aacparse ! m.", "mpegtsmux", "",
                          "h264parse ! video/x-h264,stream-format=byte-stream ! "}),
    ::testing::PrintToStringParamName());

// matroskamux refuses them up to 1.24, and does not see later that they change. mp4mux of 1.22, when it refuses them,
// now and then forgets a buffer.
bool is_since_1_26() {
  guint major = 0, minor = 0, micro = 0, nano = 0;
  gst_version(&major, &minor, &micro, &nano);
  return major > 1 || minor >= 26;
}

// Before the 20th buffer.
GstPadProbeReturn change_caps(GstPad* pad, GstPadProbeInfo*, gpointer count) {
  if (++*static_cast<int*>(count) != 20) return GST_PAD_PROBE_OK;
  const char* other = is_since_1_26() ? ",codec_data=(buffer)1190" : ",codec_data=(buffer)1210,bitrate=1";
  GstCaps* caps = gst_caps_from_string((kAac + other).c_str());
  gst_pad_push_event(pad, gst_event_new_caps(caps));
  gst_caps_unref(caps);
  return GST_PAD_PROBE_OK;
}

// The caps change when the sound is there already: the muxer is named all the same.
TEST_F(RefusedCaps, ThatComeLaterAreNamed) {
  const std::string muxer = is_since_1_26() ? "mp4mux" : "matroskamux";
  PipelineRun run(line({"Later", "d.audio_0 ! queue name=q ! ", "k.src_0 ! m.", muxer}));
  const auto queue = run.element("q");
  const auto pad = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(queue.get(), "src"));
  int passed = 0;
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, change_caps, &passed, nullptr);
  run.start();
  const auto error = run.wait_for_error_of("k");  // others may post one, too
  ASSERT_TRUE(error) << run.first_error();
  EXPECT_EQ(error->detail("kind"), "settings");
  EXPECT_EQ(error->detail("paid"), "yes");
  for (const std::string& part : {muxer, std::string("src_0")})
    EXPECT_NE(error->text.find(part), std::string::npos) << error->text;
}

}  // namespace
}  // namespace klingv2a::test
