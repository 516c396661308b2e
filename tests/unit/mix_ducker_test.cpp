// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The gain that the generated sound has while the original speaks.
#include "mix/ducker.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mix_fixture.h"

namespace klingv2a::mix {
namespace {

using test::kMono, test::kRate, test::kStereo, test::k51, test::Samples, test::to_db;

constexpr DuckSettings kSettings{.depth_db = 12, .threshold_db = -40, .attack_s = 0.1, .hold_s = 0.2, .release_s = 0.4};
constexpr std::size_t kSpeechBegins = kRate, kSpeechEnds = 2 * kRate;

// The gain of every frame of three seconds, in the second of which a loud voice speaks.
std::vector<float> gains_of(const DuckSettings& settings, const Layout& layout = kMono, double amplitude = 0.5) {
  using test::operator+;
  const std::size_t channels = layout.size();
  const Samples speech =
      test::silence(kRate, channels) + test::sine(200, amplitude, kRate, channels) + test::silence(2 * kRate, channels);
  Ducker ducker(settings, layout);
  const std::span all(speech);
  ducker.prime(all.first(ducker.lead() * channels));
  std::vector<float> gains(3 * kRate);
  ducker.process(all.subspan(ducker.lead() * channels), gains);
  return gains;
}

// What a listener would draw: straight lines in dB between the moments that the settings name.
double reference_db(double second) {
  const double down_at = 1, ends = 2, attack = kSettings.attack_s, depth = kSettings.depth_db;
  if (second < down_at) return -depth * std::clamp((second - (down_at - attack)) / attack, 0.0, 1.0);
  return -depth * std::clamp(1 - (second - ends - kSettings.hold_s) / kSettings.release_s, 0.0, 1.0);
}

TEST(Ducker, FollowsTheSettingsWithinTheLevelFollowersTime) {
  const auto gains = gains_of(kSettings);
  // The follower hears the end up to 60 ms late: from -9 dB (power) down to the threshold at -40 dB.
  for (const double second : {0.0, 0.5, 0.89, 1.01, 1.5, 2.0, 2.19, 2.99})
    EXPECT_NEAR(to_db(gains[static_cast<std::size_t>(second * kRate)]), reference_db(second), 0.2) << second;
  for (double second = 0.9; second < 1; second += 0.02)
    EXPECT_NEAR(to_db(gains[static_cast<std::size_t>(second * kRate)]), reference_db(second), 0.5) << second;
  for (double second = 2.25; second < 2.9; second += 0.05) {
    const double found = to_db(gains[static_cast<std::size_t>(second * kRate)]);
    EXPECT_LE(found, reference_db(second) + 0.1) << second;
    EXPECT_GE(found, reference_db(second - 0.09) - 0.1) << second;
  }
}

TEST(Ducker, IsDownWhenTheSpeechBegins) {
  EXPECT_NEAR(to_db(gains_of(kSettings)[kSpeechBegins + kRate / 500]), -12, 0.1);
}

TEST(Ducker, NeverJumps) {
  const auto gains = gains_of(kSettings);
  const double largest = 12 / (kSettings.attack_s * kRate);  // dB a frame
  for (std::size_t n = 1; n < gains.size(); ++n)
    ASSERT_LE(std::abs(to_db(gains[n] / gains[n - 1])), largest * 1.01) << n;
}

TEST(Ducker, LeavesWhatIsBelowTheThresholdAlone) {
  for (const float gain : gains_of(kSettings, kMono, 0.01)) ASSERT_EQ(gain, 1);
}

TEST(Ducker, ComesBackToExactlyOne) {
  EXPECT_EQ(gains_of(kSettings).back(), 1);
}

TEST(Ducker, HearsTheLoudestChannelButNotTheLowFrequencyOne) {
  const auto in_all = gains_of(kSettings, k51);
  EXPECT_NEAR(to_db(in_all[kSpeechEnds - 1]), -12, 1e-3);
  const Layout only_low{Channel::lfe};
  for (const float gain : gains_of(kSettings, only_low)) ASSERT_EQ(gain, 1);
}

TEST(Ducker, TakesSettingsOfNothing) {
  DuckSettings none = kSettings;
  none.attack_s = none.hold_s = none.release_s = 0;
  const auto gains = gains_of(none);
  EXPECT_NEAR(to_db(gains[kSpeechBegins + kRate / 10]), -12, 1e-3);
  none.depth_db = 0;
  for (const float gain : gains_of(none)) ASSERT_EQ(gain, 1);
}

}  // namespace
}  // namespace klingv2a::mix
