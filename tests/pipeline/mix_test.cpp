// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The mix of real footage with a generated sound, judged by FFmpeg's meter: loudness, true peak, channels, and the
// generated sound down under the speech. And the same as it comes, with what was measured before.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
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
    measured_.clear();
    for (const char* name : {"gain", "original-loudness", "limiter-ceiling"})
      measured_ += std::string(" ") + name + "=" + run.stat_text("mix", name);
    is_streamed_ = run.stat_text("mix", "loudness-after").empty();
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
  std::string reached_, measured_;
  bool is_streamed_ = false;
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

// ---- as it comes

std::string content_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST_F(Mix, WithWhatWasMeasuredIsTheSameAsItComes) {
  for (const std::string loudness : {"-23", "-12"}) {  // the latter needs the limiter
    // No noise: audiotestsrc makes another one each time.
    const auto inputs = movie() + tone("wave=saw freq=333 volume=0.2 num-buffers=830", "generated", 1);
    const auto collected = content_of(mix("loudness=" + loudness, inputs));
    ASSERT_GT(collected.size(), 100'000U);
    EXPECT_FALSE(is_streamed_);
    const auto streamed = content_of(mix("loudness=" + loudness + measured_, inputs));
    EXPECT_TRUE(is_streamed_);
    EXPECT_TRUE(streamed == collected) << loudness << measured_;
  }
}

// Each seek reaches the two sources one after the other, while both of them run.
TEST_F(Mix, AsItComesBeginsWithBothInputsAfterEachSeek) {
  PipelineRun run(
      "klingv2amix name=mix mode=mix loudness=0 true-peak=0 ! fakesink name=out "
      "audiotestsrc name=a freq=100 volume=0.3 ! audio/x-raw,format=F32LE,rate=48000,channels=2 ! mix.original "
      "audiotestsrc name=b freq=77 volume=0.3 ! audio/x-raw,format=F32LE,rate=48000,channels=2 ! mix.generated");
  auto& mixed = run.watch("mix", "src", PadLog::Keep::bytes);
  auto& first = run.watch("a", "src", PadLog::Keep::bytes);
  auto& second = run.watch("b", "src", PadLog::Keep::bytes);
  run.start(GST_STATE_PAUSED);
  ASSERT_TRUE(run.wait_for_state(GST_STATE_PAUSED));
  const auto sample = [](PadLog& log, std::size_t number) {
    float value = 0;
    log.buffers_since_flush().at(0).bytes.copy(reinterpret_cast<char*>(&value), sizeof value, number * sizeof value);
    return value;
  };
  for (int seconds = 1; seconds <= 10; ++seconds) {
    ASSERT_TRUE(gst_element_seek_simple(run.pipeline(), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                        seconds * static_cast<gint64>(GST_SECOND)));
    ASSERT_TRUE(run.wait_for_state(GST_STATE_PAUSED));
    ASSERT_FALSE(mixed.buffers_since_flush().empty());
    EXPECT_EQ(mixed.buffers_since_flush().at(0).running_time, 0);
    for (const std::size_t number : {0, 1, 500, 1001})
      EXPECT_EQ(sample(mixed, number), sample(first, number) + sample(second, number)) << seconds << "s, " << number;
  }
  EXPECT_LT(run.stop(), Milliseconds(100));
}

// In klingv2abin, where the generated sound comes clip by clip.
TEST_F(Mix, AsItComesIsDubbed) {
  const sim::Service service(quick_service());
  PipelineRun run(std::string("filesrc location=") + kMovie + " ! klingv2abin name=dub api-key=sim-key base-url=" +
                  service.base_url() + " gain=-2 original-loudness=-20 ! filesink location=" + folder_.file("out.mp4"));
  EXPECT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_GT(run.stat("mix", "samples"), 48000);
  EXPECT_TRUE(run.stat_text("mix", "loudness-after").empty());
}

}  // namespace
}  // namespace klingv2a::test
