// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The command lines that people type, typed: gst-launch-1.0 as a process of its own, with only the key and the base URL
// in its environment.
#include <gtest/gtest.h>

#include "decoded.h"
#include "pipeline_run.h"
#include "program.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

constexpr const char* kMovieHello = "/usr/share/forensics-samples/original-files/movie2/movie-hello.mp4";
constexpr int kAacFrame = 1024;
const ClipOptions kClip{.seconds = 3, .bframes = 2, .flash_frames = {20, 61}};

class Launch : public ::testing::Test {
 protected:
  ProgramResult launch(const std::string& command_line) const {
    return gst_launch(command_line, {{"KLINGV2A_API_KEY", "sim-key"}, {"KLINGV2A_BASE_URL", service_.base_url()}});
  }

  // The command line wrote out_ with all of the video of `in` and `seconds` of sound.
  void expect_whole_file(const ProgramResult& result, const std::string& in, double seconds) const {
    ASSERT_EQ(result.exit_code, 0) << result.output << result.errors;
    EXPECT_NE(result.output.find("waiting for the task"), std::string::npos) << result.output;
    EXPECT_NE(result.output.find("the sound is there"), std::string::npos) << result.output;
    // h264parse, which is in the command line, takes a SEI out of the first packet since 1.26.
    EXPECT_EQ(hashes(packets_of_file(out_, "qtdemux")),
              hashes(packets_of_file(in, "qtdemux", "video/x-h264", "h264parse")));
    const auto sound = sound_of_file(out_);
    EXPECT_NEAR(static_cast<double>(sound.length()), seconds * sound.pcm.rate, kAacFrame);
    EXPECT_EQ(service_.paid_tasks().size(), 1U);
  }

  const TemporaryFolder folder_;
  const std::string out_ = folder_.file("out.mp4");
  const sim::Service service_{quick_service()};
};

TEST_F(Launch, RealFootageAsInTheReadme) {
  const auto result = launch(std::string("filesrc location=") + kMovieHello +
                             " ! qtdemux ! h264parse ! klingv2a name=k ! mp4mux name=m ! filesink location=" + out_ +
                             " k.audio ! audioconvert ! avenc_aac ! m.");
  expect_whole_file(result, kMovieHello, 8.3);
  EXPECT_EQ(packets_of_file(out_, "qtdemux").size(), 249U);
}

TEST_F(Launch, WithTheMuxersSoundPadAskedForFirst) {
  const std::string in = test_clip(kClip);
  const auto result = launch("mp4mux name=m ! filesink location=" + out_ + " filesrc location=" + in +
                             " ! qtdemux ! h264parse ! klingv2a name=k k.audio ! audioconvert ! avenc_aac ! m. "
                             "k.video ! m.");
  expect_whole_file(result, in, kClip.seconds);
}

TEST_F(Launch, WithAQueueForTheVideo) {
  const std::string in = test_clip(kClip);
  const auto result = launch("filesrc location=" + in +
                             " ! qtdemux ! h264parse ! klingv2a name=k sound-effect-prompt=\"rain on tin\" "
                             "k.video ! queue ! m. k.audio ! audioconvert ! avenc_aac ! m. "
                             "mp4mux name=m ! filesink location=" +
                             out_);
  expect_whole_file(result, in, kClip.seconds);
  EXPECT_NE(service_.paid_tasks().at(0).body.find("rain on tin"), std::string::npos);
}

TEST_F(Launch, WithoutAKeyEndsWithAnErrorThatNamesIt) {
  const auto result =
      gst_launch("filesrc location=" + test_clip(kClip) +
                     " ! qtdemux ! h264parse ! klingv2a name=k ! mp4mux name=m ! filesink location=" + out_ +
                     " k.audio ! audioconvert ! avenc_aac ! m.",
                 {{"KLINGV2A_BASE_URL", service_.base_url()}});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_NE(result.errors.find("KLINGV2A_API_KEY"), std::string::npos) << result.errors;
  EXPECT_TRUE(service_.requests().empty());
}

}  // namespace
}  // namespace klingv2a::test
