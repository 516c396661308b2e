// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Seeks: one that comes while a task runs, its sound is fetched or played, or after, is not paid again, and the sound
// starts at the matching sample; one that comes before the clip is complete drops it, and what follows is a clip of its
// own.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "decoded.h"
#include "pipeline_run.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

// A key frame each second, so that most positions have a pre-roll.
const ClipOptions kClip{.seconds = 6, .bframes = 2, .gop = 30, .flash_frames = {20, 95, 171}};
constexpr int kRate = 48000;

std::int64_t position_ns(double part) {
  return std::llround(part * kClip.seconds * 1e9);
}

// Lets so many buffers pass its pad and holds the next one back until a flush comes.
class Gate {
 public:
  Gate(const PipelineRun& run, const std::string& element, int buffers)
      : pad_(GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(run.element(element).get(), "src"))), left_(buffers) {
    const auto type = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER);
    const auto probe = +[](GstPad*, GstPadProbeInfo*, gpointer gate) {
      return --static_cast<Gate*>(gate)->left_ >= 0 ? GST_PAD_PROBE_PASS : GST_PAD_PROBE_OK;
    };
    probe_ = gst_pad_add_probe(pad_.get(), type, probe, this, nullptr);
  }
  ~Gate() { gst_pad_remove_probe(pad_.get(), probe_); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  void open() { left_ = G_MAXINT; }

 private:
  GObjectPtr<GstPad> pad_;
  std::atomic<int> left_;
  gulong probe_ = 0;
};

class Seek : public ::testing::Test {
 protected:
  explicit Seek(const std::string& sink = "fakesink sync=false", const ClipOptions& clip = kClip)
      : run_("filesrc location=" + test_clip(clip) + " ! qtdemux ! h264parse name=p ! " + klingv2a_on(service_) +
             "k.video ! queue ! " + sink + " k.audio ! queue ! " + sink + " name=sound") {}

  [[nodiscard]] bool seek(double part, double rate = 1.0) const {
    return gst_element_seek(run_.pipeline(), rate, GST_FORMAT_TIME,
                            static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE), GST_SEEK_TYPE_SET,
                            position_ns(part), GST_SEEK_TYPE_NONE, 0);
  }

  // What left since the seek is the rest of the clip, from `part` on: frames and sound, both from running time 0.
  void expect_rest(double part) {
    EXPECT_EQ(first_difference(arrived_.buffers_since_flush(), video_.buffers_since_flush()), "");
    const auto times = frame_times(video_.buffers_since_flush());
    EXPECT_EQ(std::ranges::count_if(times, [](std::int64_t time) { return time >= 0; }),
              frame_count(kClip) - std::lround(part * frame_count(kClip)));
    const auto sound = sound_since_flush(audio_);
    EXPECT_EQ(sound.start_ns, 0);
    const auto wav = wav_of_last_task(service_);
    const auto first = static_cast<std::ptrdiff_t>(to_samples(position_ns(part), kRate) * wav.channels);
    EXPECT_EQ(sound.length(), wav.length() - first / wav.channels);
    EXPECT_TRUE(
        std::equal(wav.samples.begin() + first, wav.samples.end(), sound.pcm.samples.begin(), sound.pcm.samples.end()));
  }

  sim::Service service_{quick_service()};
  PipelineRun run_;
  PadLog& arrived_ = run_.watch("k", "sink");
  PadLog& video_ = run_.watch("k", "video");
  PadLog& audio_ = run_.watch("k", "audio", PadLog::Keep::bytes);
};

class SeekTo : public Seek, public ::testing::WithParamInterface<int> {
 protected:
  double part() const { return GetParam() / 100.0; }
};

TEST_P(SeekTo, AsSoonAsTheClipIsComplete) {
  run_.start();
  ASSERT_TRUE(run_.wait_for_progress("writing and probing the proxy")) << run_.first_error();
  ASSERT_TRUE(seek(part()));
  ASSERT_EQ(run_.wait_for_end(), End::eos) << run_.first_error();
  EXPECT_EQ(posts(service_), 1);
  expect_rest(part());
}

TEST_P(SeekTo, WhileTheTaskRuns) {
  run_.start();
  ASSERT_TRUE(run_.wait_for_progress("waiting for the task")) << run_.first_error();
  ASSERT_EQ(posts(service_), 1);
  ASSERT_TRUE(seek(part()));
  ASSERT_EQ(run_.wait_for_end(), End::eos) << run_.first_error();
  EXPECT_EQ(posts(service_), 1);
  expect_rest(part());
  run_.stop();  // a short rest may have been played before the run has said that it is complete
  EXPECT_EQ(run_.progress_count(GST_PROGRESS_TYPE_START), 1);
  EXPECT_EQ(run_.progress_count(GST_PROGRESS_TYPE_COMPLETE), 1);
}

TEST_P(SeekTo, WhileTheSoundIsDownloaded) {
  run_.set("k", "idle-timeout", "1");
  service_.add_fault({.on = sim::Fault::On::result, .what = sim::Fault::Do::hang});
  run_.start();
  ASSERT_TRUE(service_.wait_until([](const sim::Service& service) { return service.count("GET", "/results/") == 1; },
                                  std::chrono::seconds(30)));
  ASSERT_TRUE(seek(part()));
  ASSERT_EQ(run_.wait_for_end(), End::eos) << run_.first_error();
  EXPECT_EQ(posts(service_), 1);
  expect_rest(part());
}

INSTANTIATE_TEST_SUITE_P(Percent, SeekTo, ::testing::Values(0, 50, 90),
                         [](const auto& test) { return std::to_string(test.param); });

TEST_F(Seek, AgainAndAgainAfterTheEndPlaysTheSameSound) {
  ASSERT_EQ(run_.run(), End::eos) << run_.first_error();
  int seeks = 0;
  for (const double part : {0.5, 0.9, 0.25, 0.0}) {
    run_.forget_messages();
    ASSERT_TRUE(seek(part));
    // The pipeline sends the event to each of its sinks; upstream it is one.
    EXPECT_EQ(arrived_.upstream_count(GST_EVENT_SEEK), ++seeks);
    ASSERT_EQ(run_.wait_for_end(), End::eos) << run_.first_error();
    expect_rest(part);
  }
  EXPECT_EQ(posts(service_), 1);
}

TEST_F(Seek, AtAnotherSpeedIsRefusedAndDisturbsNothing) {
  run_.start();
  ASSERT_TRUE(run_.wait_for_progress("waiting for the task")) << run_.first_error();
  EXPECT_FALSE(seek(0.5, 2.0));
  EXPECT_EQ(arrived_.upstream_count(GST_EVENT_SEEK), 0);
  ASSERT_EQ(run_.wait_for_end(), End::eos) << run_.first_error();
  expect_rest(0);
}

// It would do nothing: what is held is one clip, and behind its end nothing is taken.
TEST_F(Seek, WithoutAFlushIsRefusedAndDisturbsNothing) {
  const auto seek_gently = [&](int flags) {
    return gst_element_seek(run_.pipeline(), 1.0, GST_FORMAT_TIME, static_cast<GstSeekFlags>(flags), GST_SEEK_TYPE_SET,
                            0, GST_SEEK_TYPE_NONE, 0);
  };
  run_.start();
  ASSERT_TRUE(run_.wait_for_progress("waiting for the task")) << run_.first_error();
  for (const int flags : {0, int{GST_SEEK_FLAG_ACCURATE}, int{GST_SEEK_FLAG_SEGMENT}, int{GST_SEEK_FLAG_KEY_UNIT}})
    EXPECT_FALSE(seek_gently(flags)) << flags;
  EXPECT_EQ(arrived_.upstream_count(GST_EVENT_SEEK), 0);
  ASSERT_EQ(run_.wait_for_end(), End::eos) << run_.first_error();
  EXPECT_FALSE(seek_gently(0));
  expect_rest(0);
}

TEST_F(Seek, BeforeTheClipIsCompleteDropsItUnpaidAndTheRestIsAClip) {
  Gate gate(run_, "p", 60);
  run_.start();
  ASSERT_TRUE(arrived_.wait_for_buffers(60));
  gate.open();
  ASSERT_TRUE(seek(0.45));  // frame 81, with a pre-roll from frame 60
  ASSERT_EQ(run_.wait_for_end(), End::eos) << run_.first_error();
  EXPECT_EQ(posts(service_), 1);
  EXPECT_EQ(first_difference(arrived_.buffers_since_flush(), video_.buffers_since_flush()), "");
  const auto sound = sound_since_flush(audio_);
  EXPECT_EQ(sound.length(), to_samples(position_ns(0.55), kRate));
  EXPECT_EQ(sound.pcm.clicks(), (std::vector<std::int64_t>{(95 - 81) * 1600, (171 - 81) * 1600}));
  EXPECT_EQ(service_.paid_tasks().at(0).frames, 120);
  EXPECT_EQ(run_.progress_count(GST_PROGRESS_TYPE_CANCELED), 1);
  EXPECT_EQ(run_.progress_count(GST_PROGRESS_TYPE_COMPLETE), 1);
}

// The only key frame is the first one, so wherever the seek goes, the service gets the clip from there.
class SeekInTheHold : public Seek, public ::testing::WithParamInterface<int> {
 protected:
  SeekInTheHold() : Seek("fakesink sync=false", one_key_frame()) {}
  static ClipOptions one_key_frame() {
    auto clip = kClip;
    clip.gop = frame_count(kClip);
    return clip;
  }
};

TEST_P(SeekInTheHold, IsPaidOnceAndTheSoundStartsThere) {
  const double part = GetParam() / 100.0;
  Gate gate(run_, "p", 60);
  run_.start();
  ASSERT_TRUE(arrived_.wait_for_buffers(60));
  gate.open();
  ASSERT_TRUE(seek(part));
  ASSERT_EQ(run_.wait_for_end(), End::eos) << run_.first_error();
  EXPECT_EQ(posts(service_), 1);
  EXPECT_EQ(service_.paid_tasks().at(0).frames, frame_count(kClip));
  expect_rest(part);
}

INSTANTIATE_TEST_SUITE_P(Percent, SeekInTheHold, ::testing::Values(0, 50, 90),
                         [](const auto& test) { return std::to_string(test.param); });

class SeekWhilePlaying : public Seek {
 protected:
  SeekWhilePlaying() : Seek("fakesink sync=true") {}
};

TEST_F(SeekWhilePlaying, BothWays) {
  auto& played = run_.watch("sound", "sink");
  run_.start();
  for (const double part : {0.8, 0.0, 0.5}) {
    ASSERT_TRUE(played.wait_for_buffers(played.count() + 3));
    ASSERT_TRUE(seek(part));
  }
  ASSERT_EQ(run_.wait_for_end(), End::eos) << run_.first_error();
  EXPECT_EQ(posts(service_), 1);
  expect_rest(0.5);
}

class SeekWhilePlayingTo : public SeekWhilePlaying, public ::testing::WithParamInterface<int> {};

TEST_P(SeekWhilePlayingTo, PaysNothingAndTheSoundStartsThere) {
  const double part = GetParam() / 100.0;
  auto& played = run_.watch("sound", "sink");
  run_.start();
  ASSERT_TRUE(played.wait_for_buffers(3));
  ASSERT_TRUE(seek(part));
  ASSERT_EQ(run_.wait_for_end(), End::eos) << run_.first_error();
  EXPECT_EQ(posts(service_), 1);
  expect_rest(part);
}

INSTANTIATE_TEST_SUITE_P(Percent, SeekWhilePlayingTo, ::testing::Values(0, 50, 90),
                         [](const auto& test) { return std::to_string(test.param); });

}  // namespace
}  // namespace klingv2a::test
