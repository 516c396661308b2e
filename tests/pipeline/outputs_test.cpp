// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Other ends than files: sinks that play in time, and a `video` pad that nobody wants.
#include <gtest/gtest.h>

#include "decoded.h"
#include "pipeline_run.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

const ClipOptions kClip{.seconds = 3, .bframes = 2, .flash_frames = {20, 61}};
constexpr std::int64_t kSamples = 144000;

std::string clip_into(const sim::Service& service) {
  return "filesrc location=" + test_clip(kClip) + " ! qtdemux ! h264parse ! " + klingv2a_on(service);
}

guint64 rendered(const PipelineRun& run, const std::string& sink) {
  GstStructure* raw = nullptr;
  g_object_get(run.element(sink).get(), "stats", &raw, nullptr);
  const std::unique_ptr<GstStructure, Deleter<gst_structure_free>> stats(raw);
  guint64 value = 0;
  gst_structure_get_uint64(stats.get(), "rendered", &value);
  return value;
}

// Whoever did not wait for the sound would be late by all of it: a busy machine is late by less than half a second.
TEST(Outputs, SinksThatPlayInTimeGetAllOfBoth) {
  sim::Service service(quick_service());
  PipelineRun run(clip_into(service) +
                  "k.video ! queue ! fakesink name=picture sync=true max-lateness=500000000 "
                  "k.audio ! queue ! fakesink name=sound sync=true max-lateness=500000000");
  const auto& video = run.watch("k", "video");
  const auto& audio = run.watch("k", "audio", PadLog::Keep::bytes);
  run.start();
  ASSERT_TRUE(run.wait_for_progress("the sound is there")) << run.first_error();
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(run.wait_for_end(), End::eos) << run.first_error();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, Milliseconds(2500)) << "it was not played in time";

  EXPECT_EQ(rendered(run, "picture"), video.count());
  EXPECT_EQ(rendered(run, "sound"), audio.count());
  EXPECT_EQ(video.count(), static_cast<std::size_t>(frame_count(kClip)));
  EXPECT_EQ(sound_of_pad(audio).length(), kSamples);
}

TEST(Outputs, AVideoPadThatIsNotLinkedLeavesTheSoundAlone) {
  sim::Service service(quick_service());
  PipelineRun run(clip_into(service) + "k.audio ! queue ! fakesink sync=false");
  const auto& audio = run.watch("k", "audio", PadLog::Keep::bytes);
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.stop();
  const auto sound = sound_of_pad(audio);
  EXPECT_EQ(sound.length(), kSamples);
  EXPECT_EQ(sound.pcm.clicks(), service.paid_tasks().at(0).clicks);
}

}  // namespace
}  // namespace klingv2a::test
