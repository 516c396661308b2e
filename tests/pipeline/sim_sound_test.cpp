// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The simulated service's sound: it follows the picture to the sample, in each of the forms it comes in. Every test of
// sync stands on this.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "sim_fixture.h"

namespace klingv2a::test {
namespace {

constexpr const char* kWav = "$.data.task_result.audios[0].url_wav";
constexpr const char* kMp3 = "$.data.task_result.audios[0].url_mp3";
constexpr const char* kVideo = "$.data.task_result.videos[0].url";

class SimSound : public SimFixture {
 protected:
  // The clicks that the clip's flashes ask for, reckoned without the service's help.
  static std::vector<std::int64_t> expected_clicks(const ClipOptions& clip, int rate) {
    std::vector<std::int64_t> clicks;
    for (const int frame : clip.flash_frames)
      clicks.push_back(std::llround(static_cast<double>(frame) * clip.fps_d * rate / clip.fps_n));
    return clicks;
  }
  static std::int64_t expected_length(const ClipOptions& clip, int rate) {
    return std::llround(static_cast<double>(frame_count(clip)) * clip.fps_d * rate / clip.fps_n);
  }

  std::string result_of(const ClipOptions& clip, const sim::SoundOptions& sound, const char* url_path) {
    hold(clip);
    sim::Options options = quick();
    options.sound = sound;
    run(options);
    const std::string answer = succeeded(submit_clip());
    const HttpReply result = get_result(json_at(answer, url_path));
    EXPECT_EQ(result.status, 200);
    return result.body;
  }
};

std::uint32_t le32(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

int loudest(const DecodedSound& sound, std::int64_t from, std::int64_t to) {
  int peak = 0;
  for (std::int64_t i = from * sound.channels; i < to * sound.channels; ++i)
    peak = std::max(peak, std::abs(int{sound.samples[static_cast<std::size_t>(i)]}));
  return peak;
}

const ClipOptions kClip{.bframes = 2, .flash_frames = {31, 77, 100}};
const ClipOptions kNtsc{.fps_n = 30000, .fps_d = 1001, .seconds = 3.5, .bframes = 3, .flash_frames = {51, 77}};
const ClipOptions kFast{.width = 720, .height = 1280, .fps_n = 60, .seconds = 3, .flash_frames = {59, 121, 179}};

TEST_F(SimSound, AClickBeginsAtTheSampleOfEachFlashInAWavOfTheClipsLength) {
  for (const ClipOptions& clip : {kClip, kNtsc, kFast}) {
    for (const int rate : {48000, 44100}) {
      const auto sound = decode_sound(result_of(clip, {.rate = rate}, kWav), "wavparse");
      EXPECT_EQ(sound.clicks(), expected_clicks(clip, rate));
      EXPECT_EQ(sound.length(), expected_length(clip, rate));
      EXPECT_EQ(sound.rate, rate);
      EXPECT_EQ(sim_->paid_tasks().back().clicks, sound.clicks());
      EXPECT_EQ(sim_->paid_tasks().back().samples, sound.length());
    }
  }
}

TEST_F(SimSound, TheWavHeaderStatesTheRightSizes) {
  const std::string wav = result_of(kClip, {.channels = 1}, kWav);
  EXPECT_EQ(wav.substr(0, 4), "RIFF");
  EXPECT_EQ(le32(wav, 4), wav.size() - 8);
  EXPECT_EQ(wav.substr(36, 4), "data");
  EXPECT_EQ(le32(wav, 40), wav.size() - 44);
  EXPECT_EQ(wav.size(), 44U + 4 * 48000 * 2);
}

TEST_F(SimSound, AClickStandsInSilenceAndTheNoiseIsTwentyDecibelsBelowIt) {
  const auto sound = decode_sound(result_of(kClip, {}, kWav), "wavparse");
  const std::int64_t click = expected_clicks(kClip, 48000).front(), silence = 2400;
  EXPECT_EQ(loudest(sound, click - silence, click), 0);
  const int peak = loudest(sound, click, click + 48);
  EXPECT_GT(peak, 29000);
  const int noise = loudest(sound, 0, click - 2 * silence);
  EXPECT_GT(noise, 50);
  EXPECT_LT(noise * 10, peak);
}

TEST_F(SimSound, TheNoiseIsLouderWhereThePictureMoves) {
  const auto moving = decode_sound(result_of({.seconds = 3}, {}, kWav), "wavparse");
  run(quick());
  const std::string answer = succeeded(submit(R"("video_id":"sim-3s")"));
  const auto still = decode_sound(get_result(json_at(answer, kWav)).body, "wavparse");
  EXPECT_GT(loudest(moving, 10000, 40000), 2 * loudest(still, 10000, 40000));
  EXPECT_GT(loudest(still, 10000, 40000), 0);
}

TEST_F(SimSound, TheMp3sClicksLieRightForEveryDecoder) {
  for (const int rate : {48000, 44100}) {
    const std::string mp3 = result_of(kClip, {.rate = rate}, kMp3);
    for (const char* decoder : {"avdec_mp3", "mpg123audiodec"}) {
      const auto sound = decode_sound(mp3, std::string("mpegaudioparse ! ") + decoder);
      EXPECT_EQ(sound.clicks(), expected_clicks(kClip, rate)) << decoder;
      EXPECT_GE(sound.length(), expected_length(kClip, rate)) << decoder;
    }
  }
}

TEST_F(SimSound, TheVideosOwnSoundIsTheWavsSampleForSample) {
  const std::string video = result_of(kNtsc, {.channels = 1}, kVideo);
  const auto in_video = decode_sound(video, "qtdemux name=d d.audio_0 ! avdec_alac");
  const std::string id = sim_->paid_tasks().back().task_id;
  const auto alone = decode_sound(get_result(json_at(get(id).body, kWav)).body, "wavparse");
  EXPECT_EQ(in_video.samples, alone.samples);
  EXPECT_EQ(in_video.clicks(), expected_clicks(kNtsc, 48000));
}

TEST_F(SimSound, IsLongerOrShorterThanTheClipWhenAsked) {
  const auto longer = decode_sound(result_of(kClip, {.longer_s = 0.25}, kWav), "wavparse");
  EXPECT_EQ(longer.length(), 4.25 * 48000);
  const auto shorter = decode_sound(result_of(kClip, {.longer_s = -1}, kWav), "wavparse");
  EXPECT_EQ(shorter.length(), 3 * 48000);
  EXPECT_EQ(sim_->paid_tasks().back().clicks.size(), 2U) << "the third click lies past the end";
}

TEST_F(SimSound, LeavesOutWhatItWasToldTo) {
  hold(kClip);
  run(quick());
  sim_->set_sound({.wav = false});
  std::string answer = succeeded(submit_clip());
  EXPECT_EQ(json_at(answer, kWav), "");
  EXPECT_NE(json_at(answer, kMp3), "");
  sim_->set_sound({.audios = false});
  answer = succeeded(submit_clip());
  EXPECT_EQ(json_at(answer, "$.data.task_result.audios"), "");
  EXPECT_NE(json_at(answer, kVideo), "");
}

TEST_F(SimSound, AVideoByIdClicksAtEachFullSecond) {
  run(quick());
  const std::string answer = succeeded(submit(R"("video_id":"sim-3.5s")"));
  const std::vector<std::int64_t> seconds = {48000, 96000, 144000};
  const auto sound = decode_sound(get_result(json_at(answer, kWav)).body, "wavparse");
  EXPECT_EQ(sound.clicks(), seconds);
  EXPECT_EQ(sound.length(), 168000);
  const std::string video = get_result(json_at(answer, kVideo)).body;
  EXPECT_EQ(decode_sound(video, "qtdemux name=d d.audio_0 ! avdec_alac").clicks(), seconds);
}

}  // namespace
}  // namespace klingv2a::test
