// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Into each muxer, with its pads asked for in either order: the file holds the video's own packets and, under them, a
// sound of the same length, with its clicks on the flashes. Judged by decoding the file.
#include <gtest/gtest.h>

#include "decoded.h"
#include "pipeline_run.h"
#include "program.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

constexpr int kRate = 48000;
constexpr int kAacFrame = 1024;
const ClipOptions kClip{.seconds = 3, .bframes = 2, .flash_frames = {20, 61}};

struct Muxer {
  std::string name, element, encoder, demuxer;
  // What the encoder puts before the sound and the muxer does not report, and so may fill up at its end. In samples.
  int priming = 0;
};

void PrintTo(const Muxer& muxer, std::ostream* out) {
  *out << muxer.name;
}

std::vector<std::int64_t> samples_of_flashes() {
  std::vector<std::int64_t> samples;
  for (const int frame : kClip.flash_frames) samples.push_back(to_samples(frame_ns(kClip, frame), kRate));
  return samples;
}

class Muxers : public ::testing::TestWithParam<std::tuple<Muxer, bool>> {
 protected:
  static void expect_video(const Muxer& muxer, const std::string& path, const std::vector<SeenBuffer>& sent) {
    const auto packets = packets_of_file(path, muxer.demuxer);
    EXPECT_EQ(packets.size(), static_cast<std::size_t>(frame_count(kClip)));
    EXPECT_EQ(hashes(packets), hashes(sent));
    EXPECT_EQ(flashes_of_file(path), kClip.flash_frames);
    EXPECT_EQ(frame_times(packets).front(), 0);
  }

  static void expect_sound(const Muxer& muxer, const std::string& path) {
    const auto sound = sound_of_file(path);
    ASSERT_EQ(sound.pcm.rate, kRate);
    const auto length = to_samples(frame_ns(kClip, frame_count(kClip)), kRate);
    EXPECT_GE(sound.length(), length);
    EXPECT_LE(sound.length(), length + muxer.priming);
    const auto clicks = sound.clicks(), flashes = samples_of_flashes();
    ASSERT_EQ(clicks.size(), flashes.size());
    for (std::size_t i = 0; i < clicks.size(); ++i) {
      EXPECT_GE(clicks[i], flashes[i] - 1);
      EXPECT_LE(clicks[i], flashes[i] + muxer.priming + 1);
    }
  }
};

TEST_P(Muxers, WriteTheVideoAndASoundThatLiesUnderIt) {
  const auto& [muxer, audio_first] = GetParam();
  const TemporaryFolder folder;
  const std::string path = folder.file("out");
  sim::Service service(quick_service());
  const std::string video = "k.video ! queue ! m. ";
  const std::string audio = "k.audio ! audioconvert ! " + muxer.encoder + " ! queue ! m. ";
  PipelineRun run("filesrc location=" + test_clip(kClip) + " ! qtdemux ! h264parse ! " + klingv2a_on(service) +
                  muxer.element + " name=m ! filesink location=" + path + " " +
                  (audio_first ? audio + video : video + audio));
  const auto& arrived = run.watch("k", "sink");
  const auto& left = run.watch("k", "video");
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.stop();

  EXPECT_EQ(first_difference(arrived.buffers(), left.buffers()), "");
  expect_video(muxer, path, left.buffers());
  expect_sound(muxer, path);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Muxers,
    ::testing::Combine(
        ::testing::Values(Muxer{"Mp4WithAac", "mp4mux", "avenc_aac", "qtdemux", kAacFrame},
                          Muxer{"QuickTimeWithPcm", "qtmux", "audio/x-raw,format=S16LE", "qtdemux"},
                          Muxer{"MatroskaWithOpus", "matroskamux", "opusenc bitrate=256000", "matroskademux"},
                          Muxer{"MatroskaWithFlac", "matroskamux", "flacenc", "matroskademux"},
                          Muxer{"TransportStreamWithOpus", "mpegtsmux", "opusenc bitrate=256000", "tsdemux"}),
        ::testing::Bool()),
    [](const auto& test) {
      return std::get<0>(test.param).name + (std::get<1>(test.param) ? "AudioPadFirst" : "VideoPadFirst");
    });

}  // namespace
}  // namespace klingv2a::test
