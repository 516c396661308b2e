// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whatever sound the service returns and whatever the next element takes: what leaves `audio` is exactly as long as the
// clip, its clicks lie on the flashes, it is the service's sound as far as that goes, and silence only where that ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "decoded.h"
#include "pipeline_run.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

const ClipOptions kClip{.seconds = 3.2, .bframes = 2, .flash_frames = {20, 61}};

struct Fit {
  std::string name;
  sim::SoundOptions sound{};
  std::string peer;  // caps of what `audio` is linked to; empty: takes anything
  int rate = 48000, channels = 2;
  // What fitting adds and cuts, in seconds, and by how many samples that may be off: a resampler ends a sample early,
  // an MP3 with the frame of 1152 that holds the end.
  double padded_s = 0, trimmed_s = 0;
  int slack = 0;
  bool exact = false;  // nothing is converted: sample for sample what the service has
};

void PrintTo(const Fit& fit, std::ostream* out) {
  *out << fit.name;
}

constexpr int kDither = 8;  // of 32768; what a conversion may add to each channel by itself

bool is_silent(const DecodedSound& pcm, std::int64_t sample) {
  const auto first = pcm.samples.begin() + sample * pcm.channels;
  return std::all_of(first, first + pcm.channels, [](std::int16_t value) { return value == 0; });
}

// How many samples at the end are digital silence. What the service makes never is, but around a click.
std::int64_t silent_tail(const DecodedSound& pcm) {
  std::int64_t count = 0;
  while (count < pcm.length() && is_silent(pcm, pcm.length() - 1 - count)) ++count;
  return count;
}

// The service plays the same in all channels.
bool has_like_channels(const DecodedSound& pcm) {
  for (std::int64_t i = 0; i < pcm.length(); ++i) {
    const auto first = pcm.samples.begin() + i * pcm.channels;
    const auto [low, high] = std::minmax_element(first, first + pcm.channels);
    if (*high - *low > kDither) return false;
  }
  return true;
}

class SoundFit : public ::testing::TestWithParam<Fit> {
 protected:
  // Plays the clip with the service's sound as it is to be, and keeps what left `audio`.
  void play(const Fit& fit) {
    service_.set_sound(fit.sound);
    PipelineRun run("filesrc location=" + test_clip(kClip) + " ! qtdemux ! h264parse ! " + klingv2a_on(service_) +
                    "k.video ! queue ! fakesink sync=false k.audio ! " + (fit.peer.empty() ? "" : fit.peer + " ! ") +
                    "queue ! fakesink sync=false");
    const auto& audio = run.watch("k", "audio", PadLog::Keep::bytes);
    ASSERT_EQ(run.run(), End::eos) << run.first_error();
    padded_ = run.stat("k", "samples-padded");
    trimmed_ = run.stat("k", "samples-trimmed");
    sound_ = sound_of_pad(audio);
  }

  sim::Service service_{quick_service()};
  TimedSound sound_;
  double padded_ = 0, trimmed_ = 0;
};

TEST_P(SoundFit, IsAsLongAsTheClipAndRealAsFarAsItGoes) {
  const Fit& fit = GetParam();
  ASSERT_NO_FATAL_FAILURE(play(fit));
  EXPECT_EQ(sound_.pcm.rate, fit.rate);
  EXPECT_EQ(sound_.pcm.channels, fit.channels);
  EXPECT_EQ(sound_.start_ns, 0);
  EXPECT_LE(sound_.largest_drift_ns, 1);
  EXPECT_EQ(sound_.length(), to_samples(frame_ns(kClip, frame_count(kClip)), fit.rate));
  EXPECT_TRUE(has_like_channels(sound_.pcm));

  const auto clicks = sound_.pcm.clicks();
  ASSERT_EQ(clicks.size(), kClip.flash_frames.size());
  for (std::size_t i = 0; i < clicks.size(); ++i)
    EXPECT_LE(std::abs(clicks[i] - to_samples(frame_ns(kClip, kClip.flash_frames[i]), fit.rate)), 1) << i;

  EXPECT_NEAR(padded_, fit.padded_s * fit.rate, fit.slack);
  EXPECT_NEAR(trimmed_, fit.trimmed_s * fit.rate, fit.slack);
  EXPECT_EQ(silent_tail(sound_.pcm), static_cast<std::int64_t>(padded_));
  if (!fit.exact) return;
  const auto wav = wav_of_last_task(service_);
  const auto common = static_cast<std::ptrdiff_t>(std::min(wav.samples.size(), sound_.pcm.samples.size()));
  EXPECT_TRUE(std::equal(wav.samples.begin(), wav.samples.begin() + common, sound_.pcm.samples.begin()));
}

INSTANTIATE_TEST_SUITE_P(
    Of, SoundFit,
    ::testing::Values(
        Fit{.name = "ASoundOfTheSameLength", .exact = true},
        Fit{.name = "AShorterSound", .sound = {.longer_s = -0.5}, .padded_s = 0.5, .exact = true},
        Fit{.name = "ALongerSound", .sound = {.longer_s = 0.5}, .trimmed_s = 0.5, .exact = true},
        Fit{.name = "ASoundAt44100", .sound = {.rate = 44100}, .slack = 1},
        Fit{.name = "AShorterSoundAt44100", .sound = {.rate = 44100, .longer_s = -0.5}, .padded_s = 0.5, .slack = 1},
        Fit{.name = "AMonoSound", .sound = {.channels = 1}},
        Fit{.name = "OnlyAnMp3", .sound = {.wav = false}, .slack = 1152},
        Fit{.name = "OnlyAVideo", .sound = {.audios = false}},
        Fit{.name = "OnlyAShorterVideo", .sound = {.longer_s = -0.5, .audios = false}, .padded_s = 0.5},
        Fit{.name = "APeerAt44100", .peer = "audio/x-raw,rate=44100", .rate = 44100, .slack = 1},
        Fit{.name = "APeerInMono", .peer = "audio/x-raw,channels=1", .channels = 1},
        Fit{.name = "APeerInFloat", .peer = "audio/x-raw,format=F32LE"},
        Fit{.name = "APeerWithPlanes", .peer = "audio/x-raw,format=F32LE,layout=non-interleaved"},
        Fit{.name = "APeerAt8000", .peer = "audio/x-raw,rate=8000", .rate = 8000, .slack = 1}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace klingv2a::test
