// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Programmes, mixed and mastered: levels, loudness, peaks, lengths.
#include "mix/mastering.h"

#include <gtest/gtest.h>

#include "error.h"
#include "mix/meter.h"
#include "mix_fixture.h"

namespace klingv2a::mix {
namespace {

using test::k51, test::kMono, test::kRate, test::kStereo, test::master_all, test::programme, test::Samples, test::sound,
    test::to_db;
using test::operator+;

constexpr MasterSettings kAsItIs{.loudness = 0, .true_peak = 0};

Samples mixed(const std::shared_ptr<const Programme>& whole) {
  return test::read_all(ProgrammeReader(whole), whole->layout.size());
}

struct Result {
  Mastering numbers;
  Samples samples;
  double loudness, true_peak;  // of the samples
};

Result mastered(const std::shared_ptr<const Programme>& whole, const MasterSettings& settings = {}) {
  Result result{.numbers = master_all(whole, settings)};
  result.samples = test::read_all(Player(whole, result.numbers), whole->layout.size());
  Meter meter(whole->layout);
  meter.add(result.samples);
  result.loudness = meter.loudness();
  result.true_peak = meter.true_peak();
  return result;
}

// Words with pauses between them: programme material, as far as gates and limiters are concerned.
Samples bursts(double amplitude, int count, std::size_t channels = 2) {
  Samples samples;
  for (int n = 0; n < count; ++n)
    samples = std::move(samples) + test::noise(amplitude, kRate / 2, channels, static_cast<unsigned>(n + 1)) +
              test::silence(kRate / 3, channels);
  return samples;
}

// ---- the mix

TEST(MixProgramme, AddsAtTheLevelsThatAreSet) {
  const auto whole = programme(sound({0.5F, 0.5F}), sound({0.25F, -0.25F}),
                               {.duck = false, .original_db = -20, .generated_db = 6.0206});
  const auto samples = mixed(whole);
  EXPECT_NEAR(samples.at(0), 0.55, 1e-5);
  EXPECT_NEAR(samples.at(1), -0.45, 1e-5);
}

TEST(MixProgramme, BeginsWithTheFirstAndEndsWithTheLast) {
  const MixSettings plain{.duck = false};
  const auto late = programme(sound({1, 1, 2, 2}), sound({8, 8}, kStereo, 3), plain);
  EXPECT_EQ(mixed(late), (Samples{1, 1, 2, 2, 0, 0, 8, 8}));
  const auto early = programme(sound({1, 1}, kStereo, 1), sound({8, 8, 8, 8, 8, 8}), plain);
  EXPECT_EQ(mixed(early), (Samples{8, 8, 9, 9, 8, 8}));
}

TEST(MixProgramme, IsTheOneSoundWhereTheOtherIsMissing) {
  const auto samples = test::noise(0.5, 1001);
  EXPECT_EQ(mixed(programme(sound(samples))), samples);
  EXPECT_EQ(mixed(programme(std::nullopt, sound(samples))), samples);
}

TEST(MixProgramme, Keeps51AndPutsTheGeneratedSoundInFront) {
  const auto whole = programme(sound({1, 2, 3, 4, 5, 6}, k51), sound({10, 20}), {.duck = false});
  EXPECT_EQ(mixed(whole), (Samples{11, 22, 3, 4, 5, 6}));
}

TEST(MixProgramme, DucksTheGeneratedSoundAndNothingElse) {
  const Samples speech = test::silence(kRate) + test::sine(200, 0.5, kRate) + test::silence(kRate);
  const auto whole = programme(sound(speech), sound(Samples(speech.size(), 0.125F)));
  ProgrammeReader reader(whole);
  const auto samples = test::read_all(reader, 2, 333);
  EXPECT_EQ(samples.at(0), 0.125F);
  const std::size_t middle = 3 * kRate;  // of the speech
  EXPECT_NEAR(to_db((samples[middle] - speech[middle]) / 0.125), -12, 0.01);
  EXPECT_GT(reader.ducked_frames(), static_cast<std::int64_t>(kRate));
  EXPECT_LT(reader.ducked_frames(), static_cast<std::int64_t>(5 * kRate / 2));
  // No click: the largest step is the one of the voice itself, and a little.
  EXPECT_LT(test::largest_step(samples, 2), test::largest_step(speech, 2) + 0.001);
}

TEST(MixProgramme, IsTheSameHoweverItIsRead) {
  const auto whole = programme(sound(bursts(0.5, 2)), sound(test::noise(0.1, 2 * kRate), kStereo, 777));
  const auto once = mixed(whole);
  EXPECT_EQ(test::read_all(ProgrammeReader(whole), 2, 97), once);
}

// ---- loudness

TEST(MixLoudness, OfASineIsWhatTheStandardSays) {
  // 997 Hz at -23 dBFS in both channels is -23 LUFS.
  const auto result = master_all(programme(sound(test::sine(997, std::pow(10, -23.0 / 20), 5 * kRate))), kAsItIs);
  EXPECT_NEAR(result.loudness_before, -23, 0.1);
  EXPECT_NEAR(result.true_peak_before, -23, 0.1);
}

TEST(MixLoudness, ComesToTheTarget) {
  for (const double target : {-23.0, -16.0, -31.0}) {
    const auto result =
        mastered(programme(sound(bursts(0.05, 5)), sound(test::noise(0.02, 4 * kRate))), {.loudness = target});
    EXPECT_NEAR(result.loudness, target, 0.1);
    EXPECT_NEAR(result.numbers.loudness_after, result.loudness, 0.01);
    EXPECT_NEAR(result.numbers.true_peak_after, result.true_peak, 0.01);
    EXPECT_TRUE(result.numbers.reached);
  }
}

TEST(MixLoudness, ComesToTheTargetThroughTheLimiter) {
  // Clicks that stand 40 dB over a quiet sound.
  Samples samples = test::noise(0.005, 6 * kRate);
  for (std::size_t at = 0; at < samples.size(); at += kRate) samples[at] = 0.9F;
  const auto result = mastered(programme(sound(samples)), {.loudness = -20});
  EXPECT_NEAR(result.loudness, -20, 0.3);
  EXPECT_LE(result.true_peak, -1);
  EXPECT_GT(result.numbers.limited_frames, 0);
  EXPECT_GT(result.numbers.passes, 1);
  EXPECT_LE(result.numbers.passes, 8);
}

TEST(MixLoudness, IsLeftAloneWhenItIsOff) {
  const auto samples = bursts(0.2, 3);
  const auto result = mastered(programme(sound(samples)), kAsItIs);
  EXPECT_EQ(result.samples, samples);
  EXPECT_EQ(result.numbers.gain_db, 0);
  EXPECT_FALSE(result.numbers.reached);
}

TEST(MixLoudness, OfSilenceAndOfTooLittleCannotBeSet) {
  for (const auto& samples : {test::silence(kRate), test::noise(0.1, kRate / 4), Samples(2, 0.25F)}) {
    const auto result = mastered(programme(sound(samples)));
    EXPECT_FALSE(result.numbers.measured);
    EXPECT_FALSE(result.numbers.reached);
    EXPECT_EQ(result.numbers.gain_db, 0);
    EXPECT_EQ(result.samples, samples);
  }
}

TEST(MixLoudness, IsNeverRaisedByMoreThan30dB) {
  const auto result = mastered(programme(sound(test::noise(0.001, 3 * kRate))), {.loudness = -14});
  EXPECT_NEAR(result.numbers.gain_db, kMaxGainDb, 1e-9);
  EXPECT_FALSE(result.numbers.reached);
}

TEST(MixLoudness, ThatTheCeilingDoesNotAllowIsComeNearAndSaid) {
  const auto result = mastered(programme(sound(test::sine(997, 0.1, 3 * kRate))), {.loudness = -5, .true_peak = -12});
  EXPECT_LE(result.true_peak, -12);
  EXPECT_GT(result.loudness, -13);
  EXPECT_FALSE(result.numbers.reached);
}

// ---- peaks

TEST(MixPeak, IsHeldAlsoWhenLoudnessIsOff) {
  const auto loud = test::sine(12000, 1.0, kRate, 2, std::numbers::pi / 4);
  const auto result = mastered(programme(sound(loud), sound(loud), {.duck = false}), {.loudness = 0});
  EXPECT_LE(result.true_peak, -1);
  EXPECT_GT(result.true_peak, -2);
  EXPECT_GT(result.numbers.limited_frames, 0);
}

TEST(MixPeak, IsHeldForNoiseAtAnyCeiling) {
  for (const double ceiling : {0.0, -1.0, -9.0}) {
    const auto result = mastered(programme(sound(bursts(1, 3))), {.loudness = -10, .true_peak = ceiling});
    EXPECT_LE(result.true_peak, ceiling);
  }
}

TEST(MixPeak, LimiterLeavesTheRestBitForBit) {
  Samples samples = test::noise(0.1, 4 * kRate);
  samples[4 * kRate] = 0.99F;
  const auto result = mastered(programme(sound(samples)), {.loudness = -12});
  ASSERT_GT(result.numbers.limited_frames, 0);
  ASSERT_LT(result.numbers.limited_frames, static_cast<std::int64_t>(kRate));
  const auto gain = static_cast<float>(std::pow(10, result.numbers.gain_db / 20));
  std::int64_t changed = 0;
  for (std::size_t at = 0; at < samples.size(); ++at) changed += result.samples[at] != samples[at] * gain ? 1 : 0;
  EXPECT_LE(changed, 2 * result.numbers.limited_frames);
  EXPECT_GT(changed, 0);
}

// ---- lengths, cancel

TEST(MixLength, IsExactForAnyNumberOfFrames) {
  for (const std::size_t frames : {0, 1, 2, 95, 4095, 4096, 4097, 16384, 30011})
    for (const double loudness : {0.0, -1.0}) {  // the latter limits
      const auto result = mastered(programme(sound(test::noise(1, frames))), {.loudness = loudness});
      EXPECT_EQ(result.samples.size(), 2 * frames);
      EXPECT_EQ(result.numbers.frames, static_cast<std::int64_t>(frames));
    }
}

TEST(MixLength, LimiterAddsNoDelay) {
  Samples samples = test::silence(kRate);
  samples[20001] = 1;
  const auto result = mastered(programme(sound(samples)), {.loudness = 0});
  EXPECT_LT(result.samples[20001], 1);
  EXPECT_GT(result.samples[20001], 0.8);
}

TEST(MixCancel, EndsThePass) {
  const std::atomic<bool> cancelled{true};
  try {
    (void)master(programme(sound(test::noise(0.1, kRate))), {}, cancelled);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  }
}

}  // namespace
}  // namespace klingv2a::mix
