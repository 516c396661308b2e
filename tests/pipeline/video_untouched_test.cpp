// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The video leaves as it came: the same packets with the same times and flags, from every kind of source that h264parse
// reads. The sound beside it is as long as the video and lies under it to the sample, and the proxy shows the service
// the same pictures for the same time.
#include <gtest/gtest.h>

#include "decoded.h"
#include "pipeline_run.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

constexpr int kRate = 48000;
constexpr double kNsPerSecond = 1e9;

struct Input {
  std::string name;
  ClipOptions clip;
  std::string elements;  // between filesrc and klingv2a
  // How far the source's own times are from the frame rate's: containers round them. In samples.
  int rounding = 0;
};

void PrintTo(const Input& input, std::ostream* out) {
  *out << input.name;
}

std::vector<std::int64_t> samples_of_flashes(const ClipOptions& clip, const std::vector<std::int64_t>& times) {
  std::vector<std::int64_t> samples;
  for (const int frame : clip.flash_frames)
    samples.push_back(to_samples(times.at(static_cast<std::size_t>(frame)) - times.front(), kRate));
  return samples;
}

void expect_near(const std::vector<std::int64_t>& actual, const std::vector<std::int64_t>& expected, int tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_LE(std::abs(actual[i] - expected[i]), tolerance) << i;
}

class VideoUntouched : public ::testing::TestWithParam<Input> {};

TEST_P(VideoUntouched, WithItsSoundUnderItToTheSample) {
  const auto& [name, clip, elements, rounding] = GetParam();
  sim::Service service(quick_service());
  PipelineRun run("filesrc location=" + test_clip(clip) + " ! " + elements + " ! " + klingv2a_on(service) +
                  "k.video ! queue ! fakesink sync=false k.audio ! queue ! fakesink sync=false");
  const auto& arrived = run.watch("k", "sink");
  const auto& video = run.watch("k", "video");
  const auto& audio = run.watch("k", "audio", PadLog::Keep::bytes);

  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.stop();

  EXPECT_EQ(first_difference(arrived.buffers(), video.buffers()), "");
  EXPECT_EQ(arrived.caps(), video.caps());
  EXPECT_TRUE(video.ended());
  EXPECT_TRUE(audio.ended());

  const auto times = frame_times(video.buffers());
  ASSERT_EQ(times.size(), static_cast<std::size_t>(frame_count(clip)));
  const auto sound = sound_of_pad(audio);
  EXPECT_EQ(sound.start_ns, times.front());
  EXPECT_LE(sound.largest_drift_ns, 1);
  EXPECT_EQ(sound.length(), to_samples(span_ns(video.buffers()), kRate));
  EXPECT_LE(std::abs(sound.length() - to_samples(frame_ns(clip, frame_count(clip)), kRate)), rounding);
  expect_near(sound.pcm.clicks(), samples_of_flashes(clip, times), 1);

  const auto tasks = service.paid_tasks();
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(posts(service), 1);
  EXPECT_EQ(tasks[0].frames, frame_count(clip));
  EXPECT_EQ(tasks[0].width, clip.width);
  EXPECT_EQ(tasks[0].height, clip.height);
  EXPECT_NEAR(tasks[0].duration_s, static_cast<double>(span_ns(video.buffers())) / kNsPerSecond, 0.0001);
  EXPECT_EQ(sound.pcm.clicks(), tasks[0].clicks);
}

using Container = ClipOptions::Container;
constexpr const char* kMp4 = "qtdemux ! h264parse";
const ClipOptions kClip{.seconds = 3.2, .bframes = 2, .flash_frames = {20, 61}};

ClipOptions with_rate(int fps_n, int fps_d = 1) {
  ClipOptions clip = kClip;
  clip.fps_n = fps_n;
  clip.fps_d = fps_d;
  return clip;
}

ClipOptions in(Container container) {
  ClipOptions clip = kClip;
  clip.container = container;
  return clip;
}

ClipOptions of_size(int width, int height) {
  ClipOptions clip = kClip;
  clip.width = width;
  clip.height = height;
  return clip;
}

std::string parsed_as(const std::string& demuxer, const std::string& format) {
  return demuxer + " ! h264parse ! video/x-h264," + format;
}

// Milliseconds in Matroska, so that there each frame is up to 24 samples off; 90 kHz in the transport stream.
// NAL units come from the transport stream: h264parse 1.22 loses the first picture when it makes them of avc.
INSTANTIATE_TEST_SUITE_P(
    From, VideoUntouched,
    ::testing::Values(
        Input{"Mp4WithBFrames", kClip, kMp4},
        Input{"MatroskaWithBFrames", in(Container::mkv), "matroskademux ! h264parse", 24},
        Input{"TransportStream", in(Container::ts), "tsdemux ! h264parse", 1},
        Input{"AccessUnitsInByteStream", kClip, parsed_as("qtdemux", "stream-format=byte-stream,alignment=au")},
        Input{"NalUnits", in(Container::ts), parsed_as("tsdemux", "stream-format=byte-stream,alignment=nal"), 1},
        Input{"Avc3", kClip, parsed_as("qtdemux", "stream-format=avc3,alignment=au")},
        Input{"AnEncoderThatStartsAt1000Hours", kClip,
              "qtdemux ! avdec_h264 ! x264enc speed-preset=ultrafast bframes=2 b-adapt=false"},
        Input{"At24", with_rate(24), kMp4}, Input{"At25", with_rate(25), kMp4},
        Input{"AtNtscsRate", with_rate(30000, 1001), kMp4}, Input{"At50", with_rate(50), kMp4},
        Input{"At60", with_rate(60), kMp4}, Input{"Portrait", of_size(720, 1280), kMp4},
        Input{"FullHd", of_size(1920, 1080), kMp4}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace klingv2a::test
