// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The mix of real footage with a generated sound, judged by FFmpeg's meter: loudness, true peak, channels, and the
// generated sound down under the speech.
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "decoded.h"
#include "pipeline_run.h"
#include "program.h"

namespace klingv2a::test {
namespace {

constexpr const char* kMovie = "/usr/share/forensics-samples/original-files/movie2/movie-hello.mp4";

struct Metered {
  double loudness = 0, true_peak = 0;
};

double last_number(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern + "\\s+(-?[0-9.]+|-inf)");
  std::smatch match;
  double value = NAN;
  for (auto from = text.cbegin(); std::regex_search(from, text.cend(), match, expression); from = match[0].second)
    value = std::stod(match[1]);
  return value;
}

Metered measured_by_ffmpeg(const std::string& file) {
  const auto run = run_program({"ffmpeg", "-hide_banner", "-nostats", "-nostdin", "-i", file, "-af",
                                "ebur128=peak=true:framelog=verbose", "-f", "null", "-"});
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  return {last_number(run.errors, "I:"), last_number(run.errors, "Peak:")};
}

class Mix : public ::testing::Test {
 protected:
  // `inputs` name the pads mix.original and mix.generated.
  std::string mix(const std::string& properties, const std::string& inputs) {
    std::string file = folder_.file("mixed.wav");
    PipelineRun run("klingv2amix name=mix " + properties + " ! wavenc ! filesink location=" + file + " " + inputs);
    EXPECT_EQ(run.run(), End::eos) << run.first_error();
    reached_ = run.stat_text("mix", "target-reached");
    ducked_ = run.stat("mix", "ducked-samples");
    limited_ = run.stat("mix", "limited-samples");
    return file;
  }
  static std::string movie() {
    return std::string("filesrc location=") + kMovie +
           " ! qtdemux ! queue ! avdec_aac ! audioconvert ! audioresample ! mix.original ";
  }
  static std::string tone(const std::string& more, const std::string& pad, int channels = 2) {
    return "audiotestsrc samplesperbuffer=480 " + more +
           " ! audio/x-raw,format=F32LE,rate=48000,channels=" + std::to_string(channels) + " ! mix." + pad + " ";
  }

  TemporaryFolder folder_;
  std::string reached_;
  double ducked_ = 0, limited_ = 0;
};

TEST_F(Mix, OfSpeechAndNoiseHasTheLoudnessThatFFmpegMeasures) {
  for (const double target : {-23.0, -14.0}) {  // the latter needs the limiter
    const auto file = mix("loudness=" + std::to_string(target),
                          movie() + tone("wave=pink-noise volume=0.2 num-buffers=830", "generated", 1));
    const auto found = measured_by_ffmpeg(file);
    EXPECT_NEAR(found.loudness, target, 0.3);
    EXPECT_LE(found.true_peak, -1);
    EXPECT_EQ(reached_, "true");
    EXPECT_GT(ducked_, 48000);
  }
  EXPECT_GT(limited_, 0);
}

// What is loud between the samples, as two meters read it.
TEST_F(Mix, StaysUnderTheCeilingOfEachMeter) {
  for (const std::string wave : {"wave=sine freq=11025", "wave=sine freq=50", "wave=square freq=997",
                                 "wave=gaussian-noise", "wave=saw freq=5000", "wave=ticks tick-interval=100000000"}) {
    const auto file = mix("mode=mix loudness=0 original-level=9",
                          tone("num-buffers=300 volume=1 " + wave, "original") +
                              tone("num-buffers=300 volume=0.3 wave=pink-noise", "generated"));
    const double peak = measured_by_ffmpeg(file).true_peak;
    EXPECT_LE(peak, -1) << wave;
    EXPECT_GE(peak, -1.6) << wave;
  }
}

double rms_db(const DecodedSound& pcm, std::size_t channel, double from, double to) {
  const auto channels = static_cast<std::size_t>(pcm.channels);
  double sum = 0;
  std::size_t count = 0;
  for (auto at = static_cast<std::size_t>(from * pcm.rate); at < static_cast<std::size_t>(to * pcm.rate); ++at, ++count)
    sum += std::pow(pcm.samples.at(at * channels + channel) / 32768.0, 2);
  return 10 * std::log10(sum / static_cast<double>(count) + 1e-12);
}

// The original speaks for a second, in the right channel only, so that the left one has the generated sound alone.
TEST_F(Mix, LowersTheGeneratedSoundWhileTheOriginalSpeaks) {
  const std::string speech =
      "audiotestsrc wave=ticks sine-periods-per-tick=500 tick-interval=10000000000 timestamp-offset=1000000000 "
      "samplesperbuffer=480 num-buffers=300 freq=500 ! audio/x-raw,format=F32LE,rate=48000,channels=1 ! "
      "audioconvert mix-matrix=\"<<(float)0.0>,<(float)0.5>>\" ! audio/x-raw,channels=2 ! mix.original ";
  const auto file =
      mix("loudness=0 duck-depth=15", speech + tone("wave=sine freq=300 volume=0.1 num-buffers=500", "generated"));
  const auto sound = sound_of_file(file).pcm;
  EXPECT_EQ(sound.length(), 240000);
  const double alone = rms_db(sound, 0, 0.1, 0.8), under = rms_db(sound, 0, 1.1, 1.9), after = rms_db(sound, 0, 4, 4.9);
  EXPECT_NEAR(alone - under, 15, 0.5);
  EXPECT_NEAR(after, alone, 0.1);
}

TEST_F(Mix, Of51Stays51) {
  const auto file = mix("",
                        "audiotestsrc wave=pink-noise num-buffers=400 samplesperbuffer=480 ! "
                        "audio/x-raw,format=F32LE,rate=48000,channels=6,channel-mask=(bitmask)0x3f ! mix.original " +
                            tone("num-buffers=300 volume=0.1", "generated"));
  EXPECT_EQ(sound_of_file(file).pcm.channels, 6);
  const auto found = measured_by_ffmpeg(file);
  EXPECT_NEAR(found.loudness, -23, 0.3);
}

TEST_F(Mix, GoesIntoAnMp4BesideTheVideo) {
  const std::string file = folder_.file("mixed.mp4");
  PipelineRun run(
      "klingv2amix name=mix ! audioconvert ! avenc_aac ! mp4mux name=m ! filesink location=" + file +
      " filesrc location=" + kMovie +
      " ! qtdemux name=d  d.video_0 ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! h264parse ! m. " +
      "d.audio_0 ! queue max-size-time=0 ! avdec_aac ! audioconvert ! audioresample ! mix.original " +
      tone("num-buffers=400", "generated"));
  EXPECT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_NEAR(measured_by_ffmpeg(file).loudness, -23, 0.3);
}

}  // namespace
}  // namespace klingv2a::test
