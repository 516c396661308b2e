// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What may happen to a row of clips on its way: one that fails, seeks, a stop at any moment, streams beside it, a limit
// on the money, and a downstream that takes its time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "decoded.h"
#include "pipeline_run.h"
#include "raw_server.h"
#include "temporary_folder.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

using On = sim::Fault::On;
using Do = sim::Fault::Do;

// Three clips: no shot changes, so each but the last is nearly 20 s long.
const ClipOptions kVideo{
    .fps_n = 10, .seconds = 50, .gop = 20, .flash_frames = {15, 55, 110, 170, 230, 290, 350, 410, 470}};
constexpr int kRate = 48000;

class RowLife : public ::testing::Test {
 protected:
  [[nodiscard]] std::string pipeline(const std::string& properties = {}, const std::string& sinks = kSinks) const {
    return "filesrc location=" + test_clip(kVideo) + " ! qtdemux name=d ! h264parse ! " +
           klingv2a_on(service_, properties) + sinks;
  }
  static constexpr const char* kSinks =
      "k.video ! queue ! fakesink sync=false k.audio ! queue ! fakesink sync=false name=a";
  static std::int64_t samples_to(int frame) { return to_samples(frame_ns(kVideo, frame), kRate); }
  // The clicks of these flashes, to the sample.
  static void expect_clicks(const TimedSound& sound, const std::vector<int>& frames) {
    const auto clicks = sound.clicks();
    ASSERT_EQ(clicks.size(), frames.size());
    for (std::size_t i = 0; i < clicks.size(); ++i) EXPECT_LE(std::abs(clicks[i] - samples_to(frames[i])), 1) << i;
  }
  static std::vector<int> flashes_from(int frame) {
    std::vector<int> frames;
    std::ranges::copy_if(kVideo.flash_frames, std::back_inserter(frames), [&](int flash) { return flash >= frame; });
    return frames;
  }
  static bool seek(const PipelineRun& run, double seconds) {
    return gst_element_seek(run.pipeline(), 1.0, GST_FORMAT_TIME,
                            static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE), GST_SEEK_TYPE_SET,
                            static_cast<gint64>(seconds * GST_SECOND), GST_SEEK_TYPE_NONE, 0);
  }

  sim::Service service_{quick_service()};
};

// ---- failures

TEST_F(RowLife, AClipThatFailsIsSilentAloneByPolicy) {
  service_.add_fault({.on = On::submit, .what = Do::fail_task, .message = "Image pixel is invalid"});
  PipelineRun run(pipeline("on-failure=silence max-tasks=1 "));
  auto& audio = run.watch("k", "audio", PadLog::Keep::bytes);
  auto& video = run.watch("k", "video");
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_EQ(run.warnings().size(), 1U);
  EXPECT_EQ(video.count(), static_cast<std::size_t>(frame_count(kVideo)));
  const auto sound = sound_of_pad(audio);
  EXPECT_EQ(sound.length(), samples_to(frame_count(kVideo)));
  // Those of one clip are missing, and all others are where they belong.
  const auto clicks = sound.clicks();
  EXPECT_GE(clicks.size(), 5U);
  EXPECT_LT(clicks.size(), kVideo.flash_frames.size());
  for (const auto click : clicks)
    EXPECT_TRUE(std::ranges::any_of(kVideo.flash_frames, [&](int frame) {
      return std::abs(click - samples_to(frame)) <= 1;
    })) << click;
}

TEST_F(RowLife, AClipThatFailsLosesNothingOfTheOthers) {
  service_.add_fault({.on = On::submit, .what = Do::fail_task, .message = "Image pixel is invalid"});
  PipelineRun run(pipeline("max-tasks=3 "));
  auto& audio = run.watch("k", "audio", PadLog::Keep::bytes);
  auto& video = run.watch("k", "video");
  ASSERT_EQ(run.run(), End::error);
  ASSERT_TRUE(audio.wait_for_event(GST_EVENT_EOS) && video.wait_for_event(GST_EVENT_EOS));
  run.stop();
  const auto errors = run.errors_of("k");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors.front().detail("kind"), "task-failed");
  // What was paid for is in the journal: only the failed clip's task, which the next run would not ask for again.
  const auto paid = service_.paid_tasks().size();
  PipelineRun again(pipeline("max-tasks=3 on-failure=silence "));
  const auto& second = again.watch("k", "audio", PadLog::Keep::bytes);
  ASSERT_EQ(again.run(), End::eos) << again.first_error();
  EXPECT_EQ(service_.paid_tasks().size(), std::max<std::size_t>(paid, 3));
  EXPECT_EQ(sound_of_pad(second).length(), samples_to(frame_count(kVideo)));
}

// The plan is not at its end yet: the clips that are cut wait for none after them.
TEST_F(RowLife, AClipThatFailsEarlyInALongVideoEndsItWhenTheOthersArePlayed) {
  service_.add_fault({.on = On::submit, .what = Do::fail_task, .message = "Image pixel is invalid"});
  PipelineRun run("filesrc location=" + test_clip({.fps_n = 10, .seconds = 150, .gop = 20}) +
                  " ! qtdemux ! h264parse ! " + klingv2a_on(service_, "max-tasks=1 ") + kSinks);
  auto& audio = run.watch("k", "audio");
  ASSERT_EQ(run.run(), End::error);
  EXPECT_TRUE(audio.wait_for_event(GST_EVENT_EOS));
  run.stop();
  ASSERT_EQ(run.errors_of("k").size(), 1U);
  EXPECT_EQ(run.errors_of("k").front().detail("kind"), "task-failed");
  EXPECT_LT(service_.paid_tasks().size(), 8U) << "nothing more is asked for";
}

// ---- money

TEST_F(RowLife, AnAnnouncedLengthThatCostsTooMuchIsRefusedBeforeAnythingIsPaid) {
  PipelineRun run(pipeline("max-clips=2 "));
  ASSERT_EQ(run.run(), End::error);
  const auto& error = run.errors().front();
  EXPECT_EQ(error.detail("kind"), "settings") << error.text;
  for (const char* part : {"50 s", "3 tasks", "$0.11", "max-clips=3"})
    EXPECT_NE(error.text.find(part), std::string::npos) << error.text;
  EXPECT_EQ(error.detail("paid"), "no");
  EXPECT_EQ(posts(service_), 0);
}

// Nobody upstream knows how long the video is.
GstPadProbeReturn hide_duration(GstPad*, GstPadProbeInfo* info, gpointer) {
  const bool hidden = GST_QUERY_TYPE(GST_PAD_PROBE_INFO_QUERY(info)) == GST_QUERY_DURATION;
  return hidden ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

TEST_F(RowLife, AVideoOfUnknownLengthIsSaidToCostUpToTheLimitAndPlaysWhatIsPaid) {
  PipelineRun run(pipeline("max-clips=2 "));
  const auto sink = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(run.element("k").get(), "sink"));
  gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, hide_duration, nullptr, nullptr);
  const auto& audio = run.watch("k", "audio", PadLog::Keep::bytes);
  ASSERT_EQ(run.run(), End::error);
  ASSERT_FALSE(run.warnings().empty());
  EXPECT_NE(run.warnings()[0].text.find("2 tasks (about $0.07)"), std::string::npos) << run.warnings()[0].text;
  EXPECT_NE(run.errors()[0].text.find("max-clips=3"), std::string::npos) << run.first_error();
  EXPECT_EQ(service_.paid_tasks().size(), 2U);
  run.stop();
  EXPECT_GT(sound_of_pad(audio).length(), std::int64_t{30} * kRate);
}

TEST_F(RowLife, OneClipIsAllowedByMaxClipsOneAsBefore) {
  PipelineRun run(pipeline("max-clips=1 "));
  ASSERT_EQ(run.run(), End::error);
  EXPECT_NE(run.first_error().find("the limit is 20 s"), std::string::npos) << run.first_error();
  EXPECT_EQ(posts(service_), 0);
}

TEST_F(RowLife, ClipsOfARowAskForNoMusicUnlessSomebodyDoes) {
  for (const auto& [properties, said] : std::map<std::string, std::string>{
           {"", "no music"}, {"no-music=false take=1 ", ""}, {"bgm-prompt=drums take=2 ", "drums"}}) {
    const auto before = service_.paid_tasks().size();
    PipelineRun run(pipeline(properties));
    ASSERT_EQ(run.run(), End::eos) << run.first_error();
    const auto tasks = service_.paid_tasks();
    EXPECT_EQ(tasks.size(), before + 3);
    for (std::size_t i = before; i < tasks.size(); ++i) {
      const bool holds = tasks[i].body.find(R"("bgm_prompt":")" + said + "\"") != std::string::npos;
      EXPECT_EQ(holds, !said.empty()) << tasks[i].body;
    }
  }
}

// ---- the plan is kept

// The same packets out of another container, through a pipe (which tells no length), planned with other settings: where
// the video was cut, it is cut again.
TEST_F(RowLife, AVideoIsCutWhereItWasCutWhateverItComesIn) {
  const TemporaryFolder folder;
  const std::string mp4 = test_clip({.fps_n = 25, .seconds = 43, .bframes = 2, .gop = 50});
  const auto remuxed = [&](const std::string& name, const std::string& muxer) {
    PipelineRun run("filesrc location=" + mp4 + " ! qtdemux ! h264parse ! " + muxer +
                    " ! filesink location=" + folder.file(name));
    EXPECT_EQ(run.run(), End::eos) << run.first_error();
    return folder.file(name);
  };
  const std::string mkv = remuxed("in.mkv", "matroskamux"), ts = remuxed("in.ts", "mpegtsmux");
  const std::string sources[] = {"filesrc location=" + mp4 + " ! qtdemux ! h264parse ! ",
                                 "filesrc location=" + mkv + " ! matroskademux ! h264parse ! ",
                                 "filesrc location=" + ts + " ! tsdemux ! h264parse ! ",
                                 "pushfilesrc location=" + mkv + " ! matroskademux ! h264parse ! "};
  std::size_t paid = 0;
  std::string properties;
  for (const auto& source : sources) {
    SCOPED_TRACE(source);
    PipelineRun run(source + klingv2a_on(service_, properties) + kSinks);
    ASSERT_EQ(run.run(), End::eos) << run.first_error();
    if (paid == 0) paid = service_.paid_tasks().size();
    EXPECT_GE(paid, 3U);
    EXPECT_EQ(service_.paid_tasks().size(), paid);
    properties = "join-price=5 ";  // would cut elsewhere
  }
}

// Another prompt is another task for the same clips.
TEST_F(RowLife, AChangedPromptKeepsTheCuts) {
  std::vector<std::vector<std::string>> shown;
  for (const char* prompt : {"rain", "wind"}) {
    const auto before = static_cast<std::ptrdiff_t>(service_.paid_tasks().size());
    PipelineRun run(
        pipeline(std::string("join-price=") + (before > 0 ? "5" : "0") + " sound-effect-prompt=" + prompt + " "));
    ASSERT_EQ(run.run(), End::eos) << run.first_error();
    const auto tasks = service_.paid_tasks();
    auto& videos = shown.emplace_back();
    std::transform(tasks.begin() + before, tasks.end(), std::back_inserter(videos),
                   [](const auto& task) { return std::to_string(task.duration_s); });
    std::ranges::sort(videos);
  }
  EXPECT_EQ(shown[0].size(), 3U);
  EXPECT_EQ(shown[0], shown[1]);
}

// ---- what only one can have at a time

TEST_F(RowLife, ClipsThatWantTheSamePortRunOneAfterTheOther) {
  std::string url;
  {
    const RawServer one;  // its port is free a moment later
    url = one.url("");
  }
  const std::string port = url.substr(url.rfind(':') + 1);
  PipelineRun run(pipeline("publish=serve://127.0.0.1:" + port + " max-tasks=3 "));
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_EQ(service_.paid_tasks().size(), 3U);
  EXPECT_EQ(service_.most_in_flight(), 1);
}

// ---- seeks

TEST_F(RowLife, AfterASeekTheSamplesAreThoseOfStraightPlay) {
  PipelineRun run(pipeline());
  auto& audio = run.watch("k", "audio", PadLog::Keep::bytes);
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  const auto whole = sound_of_pad(audio);
  const int paid = posts(service_);
  for (const double to : {0.0, 10.0, 25.3, 45.0}) {
    SCOPED_TRACE(to);
    run.forget_messages();
    ASSERT_TRUE(seek(run, to));
    ASSERT_EQ(run.wait_for_end(), End::eos) << run.first_error();
    const auto rest = sound_since_flush(audio);
    const auto first = to_samples(static_cast<std::int64_t>(to * 1e9), kRate);
    ASSERT_EQ(rest.length(), whole.length() - first);
    EXPECT_TRUE(std::equal(rest.pcm.samples.begin(), rest.pcm.samples.end(),
                           whole.pcm.samples.begin() + first * whole.pcm.channels));
  }
  EXPECT_EQ(posts(service_), paid);
}

TEST_F(RowLife, ASeekWhileTasksRunPaysForNothingTwice) {
  sim::Service slow{quick_service(Milliseconds(500))};
  PipelineRun run("filesrc location=" + test_clip(kVideo) + " ! qtdemux ! h264parse ! " + klingv2a_on(slow) + kSinks);
  auto& audio = run.watch("k", "audio", PadLog::Keep::bytes);
  run.start();
  ASSERT_TRUE(run.wait_for_progress("waiting for the task")) << run.first_error();
  ASSERT_TRUE(seek(run, 12));
  ASSERT_EQ(run.wait_for_end(), End::eos) << run.first_error();
  const auto rest = sound_since_flush(audio);
  EXPECT_EQ(rest.length(), samples_to(frame_count(kVideo) - 120));
  std::vector<std::string> asked;
  for (const auto& task : slow.paid_tasks()) asked.push_back(task.video_sha256);
  std::ranges::sort(asked);
  EXPECT_EQ(std::ranges::adjacent_find(asked), asked.end());
}

// ---- a stop at any moment

TEST_F(RowLife, StopsAtOnceWhereverItIs) {
  for (const char* moment : {"taking in the clip", "writing and probing the proxy", "submitting the task",
                             "waiting for the task", "downloading the sound"}) {
    SCOPED_TRACE(moment);
    PipelineRun run(pipeline());
    run.start(GST_STATE_PAUSED);
    ASSERT_TRUE(run.wait_for_progress(moment)) << run.first_error();
    EXPECT_LT(run.stop(), Milliseconds(500));
  }
  PipelineRun run(pipeline());
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_EQ(service_.paid_tasks().size(), 3U);
}

// ---- what is bounded

// In PAUSED nothing plays. Without the bound all of the file comes in, which takes a part of the time that is waited
// here.
TEST_F(RowLife, UpstreamWaitsWhileTheClipsAheadAreMany) {
  PipelineRun run("filesrc location=" + test_clip({.fps_n = 10, .seconds = 180, .gop = 20}) +
                  " ! qtdemux ! h264parse ! " + klingv2a_on(service_, "max-clips-ahead=2 ") +
                  "k.video ! fakesink sync=false k.audio ! fakesink sync=false");
  auto& in = run.watch("k", "sink");
  run.start(GST_STATE_PAUSED);
  EXPECT_FALSE(in.wait_for_event(GST_EVENT_EOS, 1, std::chrono::seconds(12)));
  // The window of a minute, the clips ahead, and what the cutter has not looked at.
  EXPECT_LT(run.stat("k", "frames-in"), 1400);
  EXPECT_EQ(run.run(), End::eos) << run.first_error();
}

TEST_F(RowLife, CompanionsKeepStep) {
  PipelineRun run(
      "filesrc location=" + test_clip(kVideo) + " ! qtdemux ! h264parse ! " +
      klingv2a_on(service_, "max-clips-ahead=2 ") +
      "k.video ! queue ! matroskamux name=m ! fakesink sync=false k.audio ! audioconvert ! opusenc ! m. "
      "audiotestsrc num-buffers=500 samplesperbuffer=4800 ! audio/x-raw,rate=48000 ! flacenc ! k.sink_0 k.src_0 ! m.");
  const auto& companion = run.watch("k", "src_0");
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_GE(companion.count(), 500U);
  EXPECT_TRUE(run.warnings().empty());
}

}  // namespace
}  // namespace klingv2a::test
