// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A video that is longer than a clip becomes a row of paid clips: whatever its length and kind, the video leaves as it
// came, the sound is as long as the video to the sample, and each click lies on its flash, across each join too.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "decoded.h"
#include "pipeline_run.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

struct Row {
  std::string name;
  ClipOptions clip;
  std::string properties = {};
  std::string audio = {};  // caps of what `audio` is linked to
  int rate = 48000;
  int least_tasks = 2, most_tasks = 2;
  std::string demux = "qtdemux ! h264parse ! ";
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

// A flash every two seconds and a bit, so that they lie anywhere in the clips.
ClipOptions flashing(ClipOptions clip) {
  constexpr double kGap = 2.3;
  const double fps = static_cast<double>(clip.fps_n) / clip.fps_d;
  for (double at = 0.7; at < clip.seconds - 0.3; at += kGap) clip.flash_frames.push_back(static_cast<int>(at * fps));
  return clip;
}

class Rows : public ::testing::TestWithParam<Row> {
 protected:
  [[nodiscard]] std::string pipeline(const Row& row) const {
    return "filesrc location=" + test_clip(flashing(row.clip)) + " ! " + row.demux +
           klingv2a_on(service_, row.properties) + "k.video ! queue ! fakesink sync=false name=v k.audio ! " +
           (row.audio.empty() ? "" : row.audio + " ! ") + "queue ! fakesink sync=false name=a";
  }
  const sim::Service service_{quick_service()};
};

INSTANTIATE_TEST_SUITE_P(
    Of, Rows,
    ::testing::Values(
        Row{.name = "A20s2", .clip = {.fps_n = 10, .seconds = 20.2, .gop = 10}},
        Row{.name = "A23sWithBFrames", .clip = {.fps_n = 25, .seconds = 23.1, .bframes = 2, .gop = 50}},
        Row{.name = "A39sOfShortGops", .clip = {.fps_n = 30, .fps_d = 1, .seconds = 39, .gop = 15}, .most_tasks = 3},
        Row{.name = "A61sAt2997",
            .clip = {.fps_n = 30000, .fps_d = 1001, .seconds = 61, .bframes = 2, .gop = 60},
            .least_tasks = 4,
            .most_tasks = 5},
        Row{.name = "A45sWithOneKeyFrame",
            .clip = {.fps_n = 10, .seconds = 45, .gop = 1000},
            .least_tasks = 3,
            .most_tasks = 3},
        Row{.name = "InMatroska",
            .clip = {.fps_n = 25, .seconds = 41, .bframes = 2, .gop = 50, .container = ClipOptions::Container::mkv},
            .least_tasks = 3,
            .most_tasks = 3,
            .demux = "matroskademux ! h264parse ! "},
        Row{.name = "InATransportStream",
            .clip = {.fps_n = 25, .seconds = 41, .bframes = 2, .gop = 50, .container = ClipOptions::Container::ts},
            .least_tasks = 3,
            .most_tasks = 3,
            .demux = "tsdemux ! h264parse ! "},
        Row{.name = "At44100",
            .clip = {.fps_n = 25, .seconds = 30, .gop = 50},
            .audio = "audio/x-raw,rate=44100,format=F32LE",
            .rate = 44100},
        Row{.name = "Raw",
            .clip = {.width = 320, .height = 240, .fps_n = 10, .seconds = 25, .gop = 10},
            .demux = "qtdemux ! h264parse ! avdec_h264 ! "}),
    [](const auto& test) { return test.param.name; });

TEST_P(Rows, HaveTheirSoundToTheSample) {
  const Row& row = GetParam();
  const auto clip = flashing(row.clip);
  PipelineRun run(pipeline(row));
  const auto& in = run.watch("k", "sink");
  const auto& video = run.watch("k", "video");
  const auto& audio = run.watch("k", "audio", PadLog::Keep::bytes);
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_TRUE(run.warnings().empty());
  EXPECT_EQ(first_difference(in.buffers(), video.buffers()), "");

  const auto sound = sound_of_pad(audio);
  const auto first = frame_times(in.buffers()).front();
  EXPECT_EQ(sound.start_ns, first);
  EXPECT_LE(sound.largest_drift_ns, 1);
  EXPECT_NEAR(static_cast<double>(sound.length()),
              static_cast<double>(to_samples(frame_ns(clip, frame_count(clip)), row.rate)), 1);
  const auto clicks = sound.pcm.clicks();
  ASSERT_EQ(clicks.size(), clip.flash_frames.size());
  for (std::size_t i = 0; i < clicks.size(); ++i)
    EXPECT_LE(std::abs(clicks[i] - to_samples(frame_ns(clip, clip.flash_frames[i]), row.rate)), 1) << i;

  EXPECT_GE(posts(service_), row.least_tasks);
  EXPECT_LE(posts(service_), row.most_tasks);
  EXPECT_EQ(service_.paid_tasks().size(), static_cast<std::size_t>(posts(service_)));

  const int paid = posts(service_);
  PipelineRun again(pipeline(row));
  const auto& second = again.watch("k", "audio", PadLog::Keep::bytes);
  ASSERT_EQ(again.run(), End::eos) << again.first_error();
  EXPECT_EQ(posts(service_), paid);
  EXPECT_EQ(hashes(second.buffers()), hashes(audio.buffers()));
}

TEST(Row, HasOneDiscontAtItsBeginning) {
  const sim::Service service{quick_service()};
  PipelineRun run("filesrc location=" + test_clip({.fps_n = 10, .seconds = 39, .gop = 10}) +
                  " ! qtdemux ! h264parse ! " + klingv2a_on(service) +
                  "k.video ! queue ! fakesink sync=false k.audio ! queue ! fakesink sync=false");
  const auto& audio = run.watch("k", "audio");
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_GE(posts(service), 2);
  int disconts = 0;
  for (const auto& buffer : audio.buffers()) disconts += (buffer.flags & GST_BUFFER_FLAG_DISCONT) != 0 ? 1 : 0;
  EXPECT_EQ(disconts, 1);
  EXPECT_EQ(audio.count(GST_EVENT_SEGMENT), 1);
}

}  // namespace
}  // namespace klingv2a::test
