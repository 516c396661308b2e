// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The true-peak limiter, judged by libebur128.
#include "mix/limiter.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mix/meter.h"
#include "mix_fixture.h"

namespace klingv2a::mix {
namespace {

using namespace std::numbers;
using test::kRate, test::kStereo, test::Samples, test::to_db;
using test::operator+;

constexpr double kCeilingDb = -1;
const double kCeiling = std::pow(10, kCeilingDb / 20);

std::vector<float> gains_of(const Samples& samples, std::size_t channels = 2, std::size_t frames_at_once = 4096) {
  Limiter limiter(channels, kCeiling);
  const Samples all = samples + test::silence(Limiter::latency(), channels);
  std::vector<float> gains;
  for (std::span<const float> left(all); !left.empty();) {
    const auto part = left.first(std::min(left.size(), frames_at_once * channels));
    limiter.add(part, gains);
    left = left.subspan(part.size());
  }
  return gains;
}

Samples limited(Samples samples, std::size_t channels = 2) {
  const auto gains = gains_of(samples, channels);
  EXPECT_EQ(gains.size(), samples.size() / channels);
  for (std::size_t at = 0; at < samples.size(); ++at) samples[at] *= gains[at / channels];
  return samples;
}

double true_peak(const Samples& samples) {
  Meter meter(kStereo);
  meter.add(samples);
  return meter.true_peak();
}

void expect_held(const Samples& samples, const char* what) {
  ASSERT_GT(true_peak(samples), kCeilingDb) << what;
  const double peak = true_peak(limited(samples));
  EXPECT_LE(peak, kCeilingDb + 0.1) << what;
  EXPECT_GE(peak, kCeilingDb - 1) << what;
}

TEST(Limiter, HoldsPeaksBetweenTheSamples) {
  // A quarter of the rate, half way between the samples: they reach 0.7 of the wave's peak.
  const auto between = test::sine(12000, 1.2, kRate, 2, pi / 4);
  ASSERT_LT(*std::max_element(between.begin(), between.end()), 0.86);
  expect_held(between, "12 kHz at 45 degrees");
  expect_held(test::sine(11025, 1.2, kRate, 2, pi / 4), "11.025 kHz at 45 degrees");
  expect_held(test::sine(6000, 1.05, kRate, 2, pi / 8), "6 kHz at 22.5 degrees");
}

TEST(Limiter, HoldsLoudSound) {
  expect_held(test::sine(50, 2, kRate), "50 Hz");
  expect_held(test::sine(997, 4, kRate), "997 Hz");
  expect_held(test::noise(3, kRate), "noise");
  expect_held(test::silence(kRate / 2) + test::noise(2, 30) + test::silence(kRate / 2), "a short burst");
  Samples pulse = test::silence(kRate);
  pulse[kRate] = 3;
  expect_held(pulse, "one sample");
}

TEST(Limiter, HoldsTheVeryFirstAndTheVeryLastSample) {
  Samples samples = test::silence(1000);
  samples.front() = samples.back() = 2;
  const auto result = limited(samples);
  EXPECT_LE(std::abs(result.front()), kCeiling * 1.0001);
  EXPECT_LE(std::abs(result.back()), kCeiling * 1.0001);
}

TEST(Limiter, LeavesEverySampleAloneWhereNothingIsNearTheCeiling) {
  for (const float gain : gains_of(test::sine(997, 0.85, kRate))) ASSERT_EQ(gain, 1);
  // A second after a peak nothing is left of it, either.
  const auto gains = gains_of(test::sine(997, 0.5, kRate) + test::noise(1.5, 100) + test::sine(997, 0.5, 2 * kRate));
  for (std::size_t n = 0; n < kRate - 1000; ++n) ASSERT_EQ(gains[n], 1) << n;
  EXPECT_LT(gains[kRate + 50], 0.7);
  for (std::size_t n = 2 * kRate; n < gains.size(); ++n) ASSERT_EQ(gains[n], 1) << n;
}

TEST(Limiter, MovesItsGainWithoutCorners) {
  Samples pulse = test::silence(kRate);
  pulse[kRate] = 4;
  const auto gains = gains_of(pulse);
  for (std::size_t n = 2; n < gains.size(); ++n) {
    ASSERT_LT(std::abs(gains[n] - gains[n - 1]), 0.02) << n;
    ASSERT_LT(std::abs(gains[n] - 2 * gains[n - 1] + gains[n - 2]), 0.001) << n;
  }
}

TEST(Limiter, DoesNotDependOnHowTheSoundIsCut) {
  const auto samples = test::noise(1.5, 5000);
  const auto whole = gains_of(samples);
  EXPECT_EQ(gains_of(samples, 2, 1), whole);
  EXPECT_EQ(gains_of(samples, 2, 777), whole);
}

TEST(Limiter, GivesAllChannelsOneGain) {
  Samples samples = test::silence(2000);
  samples[2000] = 2;  // left only
  EXPECT_LT(gains_of(samples)[1000], 0.5);
}

}  // namespace
}  // namespace klingv2a::mix
