// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What joins are made of: the law of the fade, spectra, the filter that brings one to another, level, lengths.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "join/figures.h"
#include "join/join.h"
#include "join/law.h"
#include "join/match.h"
#include "takes.h"

namespace klingv2a::join {
namespace {

using test::Dice;
using test::make_take;

constexpr Format kMono{.channels = 1};
constexpr Format kStereo{};

Sound mono(const std::vector<float>& samples) {
  return {samples, kMono};
}

std::vector<float> noise(std::size_t count, std::uint32_t seed) {
  Dice dice(seed);
  std::vector<float> samples(count);
  for (auto& sample : samples) sample = static_cast<float>(0.2 * dice.normal());
  return samples;
}

std::vector<float> sine(double frequency, double amplitude, double seconds) {
  std::vector<float> samples(static_cast<std::size_t>(seconds * kMono.rate));
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<float>(amplitude *
                                    std::sin(2 * std::numbers::pi * frequency * static_cast<double>(i) / kMono.rate));
  return samples;
}

// ---- the law

TEST(Law, ThePowerStaysTheSameHoweverAlikeTheSoundsAre) {
  for (double correlation = kLeastCorrelation; correlation <= 1; correlation += 0.05) {
    for (double progress = 0; progress <= 1; progress += 0.05) {
      const auto [a, b] = gains_at(progress, correlation);
      EXPECT_NEAR(a * a + b * b + 2 * a * b * correlation, 1, 1e-12) << correlation << " at " << progress;
    }
  }
}

TEST(Law, IsEqualPowerForStrangersAndEqualGainForTwins) {
  EXPECT_NEAR(gains_at(0.5, 0).earlier, std::sqrt(0.5), 1e-12);
  for (double progress = 0; progress <= 1; progress += 0.1) {
    const auto [a, b] = gains_at(progress, 1);
    EXPECT_NEAR(a + b, 1, 1e-12);
  }
}

TEST(Law, BeginsWithOneSoundAndEndsWithTheOther) {
  for (const double correlation : {kLeastCorrelation, 0.0, 0.7, 1.0}) {
    EXPECT_NEAR(gains_at(0, correlation).earlier, 1, 1e-12);
    EXPECT_NEAR(gains_at(0, correlation).later, 0, 1e-12);
    EXPECT_NEAR(gains_at(1, correlation).earlier, 0, 1e-12);
    EXPECT_NEAR(gains_at(2, correlation).later, 1, 1e-12);
  }
}

TEST(Law, CorrelationIsMeasuredAndBounded) {
  const auto a = noise(20000, 1), b = noise(20000, 2);
  auto shared = a, upside_down = a;
  for (std::size_t i = 0; i < a.size(); ++i) shared[i] = std::sqrt(0.5F) * (a[i] + b[i]);
  for (auto& sample : upside_down) sample = -sample;
  EXPECT_NEAR(correlation(mono(a), mono(a)), 1, 1e-9);
  EXPECT_NEAR(correlation(mono(a), mono(b)), 0, 0.03);
  EXPECT_NEAR(correlation(mono(a), mono(shared)), std::sqrt(0.5), 0.03);
  EXPECT_EQ(correlation(mono(a), mono(upside_down)), kLeastCorrelation);
  EXPECT_EQ(correlation(mono(a), mono(std::vector<float>(20000))), 0);
  EXPECT_EQ(correlation(mono({}), mono({})), 0);
}

// ---- spectra

TEST(Spectrum, ATonePowersItsBand) {
  for (const double frequency : {63.0, 250.0, 1000.0, 4000.0, 12500.0}) {
    const auto samples = sine(frequency, 0.5, 1);
    const auto bands = BandMeter(kMono.rate).measure(mono(samples));
    const auto loudest = static_cast<std::size_t>(std::ranges::max_element(bands) - bands.begin());
    EXPECT_NEAR(std::log2(band_center(loudest) / frequency), 0, 0.2) << frequency;
  }
}

TEST(Spectrum, LevelIsNoDistance) {
  const auto samples = noise(48000, 3);
  auto louder = samples;
  for (auto& sample : louder) sample *= 3;
  BandMeter meter(kMono.rate);
  EXPECT_NEAR(distance(meter.measure(mono(samples)), meter.measure(mono(louder))), 0, 0.01);
}

TEST(Spectrum, ATiltIsADistanceAndItsDirectionIsKnown) {
  const auto plain = make_take({.seconds = 3, .seed = 5}, kMono);
  const auto bright = make_take({.seconds = 3, .tilt_db_per_octave = 2, .seed = 6}, kMono);
  BandMeter meter(kMono.rate);
  const auto dark_bands = meter.measure(mono(plain)), bright_bands = meter.measure(mono(bright));
  EXPECT_GT(distance(dark_bands, bright_bands), 3);
  const auto lacking = difference(dark_bands, bright_bands);
  EXPECT_GT(lacking.front(), 3);
  EXPECT_LT(lacking.back(), -3);
  for (const double db : match_for(dark_bands, bright_bands)) EXPECT_LE(std::abs(db), kMostMatchDb);
}

TEST(Spectrum, SilenceHasOne) {
  BandMeter meter(kMono.rate);
  const std::vector<float> silence(9600);
  EXPECT_EQ(distance(meter.measure(mono(silence)), meter.measure(mono({}))), 0);
}

TEST(Spectrum, LowRatesHaveNoHighBands) {
  const Format low{.rate = 8000, .channels = 1};
  const auto samples = noise(8000, 9);
  for (const double band : BandMeter(low.rate).measure({samples, low})) EXPECT_TRUE(std::isfinite(band));
}

TEST(Spectrum, TheFftUndoesItself) {
  auto samples = noise(2048, 4);
  const auto original = samples;
  std::vector<GstFFTF32Complex> frequency(1025);
  Fft fft(2048);
  fft.forward(samples.data(), frequency.data());
  fft.backward(frequency.data(), samples.data());
  for (std::size_t i = 0; i < samples.size(); ++i) ASSERT_NEAR(samples[i], original[i], 1e-5);
}

// ---- the filter

TEST(Match, BringsASpectrumToAnother) {
  const auto plain = make_take({.seconds = 3, .seed = 5}, kMono);
  auto bright = make_take({.seconds = 3, .tilt_db_per_octave = 1, .seed = 6}, kMono);
  BandMeter meter(kMono.rate);
  const auto wanted = meter.measure(mono(plain)), before = meter.measure(mono(bright));
  const auto end = static_cast<std::int64_t>(bright.size());
  apply_match(bright, kMono, match_for(wanted, before), {.full = end, .gone = end + kMono.frames_in(kMatchSeconds)});
  EXPECT_GT(distance(wanted, before), 1.5);
  EXPECT_LT(distance(wanted, meter.measure(mono(bright))), 0.4);
}

TEST(Match, LeavesWhatComesAfterItAsItIs) {
  const auto original = make_take({.seconds = 6, .seed = 8}, kStereo);
  auto samples = original;
  Bands match{};
  match.fill(6);
  apply_match(samples, kStereo, match, {.full = 48000, .gone = 6 * 48000});
  const auto after = kStereo.samples_of(3 * 48000);
  EXPECT_TRUE(std::equal(samples.begin() + static_cast<std::ptrdiff_t>(after), samples.end(),
                         original.begin() + static_cast<std::ptrdiff_t>(after)));
  // In full force at first: six decibels are a factor of two.
  for (std::size_t i = kStereo.samples_of(4800); i < kStereo.samples_of(40000); i += 997)
    ASSERT_NEAR(samples[i], 1.9953 * static_cast<double>(original[i]), 1e-4);
}

TEST(Match, NothingToMatchChangesNothing) {
  const auto original = make_take({.seconds = 3, .seed = 8}, kStereo);
  auto samples = original;
  apply_match(samples, kStereo, Bands{}, {.full = 48000, .gone = 144000});
  EXPECT_EQ(samples, original);
}

// ---- what is done to a sound

// In force at the join, which is at the beginning of the one sound and at the end of the other.
TEST(AFit, OfTheEarlierSoundIsTheMirrorImageOfTheLaterOnes) {
  const std::int64_t border = 1000, full = 200, gone = 4200;
  std::vector<float> later(8000, 1), earlier(8000, 1);
  apply_fit(later, kMono, {.gain_db = -6, .full = full, .gone = gone}, border);
  apply_fit(earlier, kMono, {.gain_db = -6, .full = -full, .gone = -gone}, 8000 - border);
  for (std::size_t i = 0; i < later.size(); ++i) {
    const auto frame = static_cast<double>(i) - border;
    const double left = std::clamp((gone - frame) / (gone - full), 0.0, 1.0);
    ASSERT_NEAR(later[i], std::pow(10, -6 * left / 20), 1e-6) << i;
    // A frame begins where the one before it ends: the image lies one further.
    if (i > 0) {
      ASSERT_NEAR(earlier[later.size() - i], later[i], 1e-6) << i;
    }
  }
  EXPECT_TRUE(std::all_of(later.begin() + border + gone, later.end(), [](float sample) { return sample == 1; }));
  EXPECT_TRUE(std::all_of(earlier.begin(), earlier.end() - border - gone, [](float sample) { return sample == 1; }));
}

TEST(AFit, OfTheEarlierSoundMatchesItsEndAlone) {
  const auto original = make_take({.seconds = 6, .seed = 8}, kStereo);
  auto samples = original;
  Fit fit{.is_matched = true, .full = -4800, .gone = -5 * 48000};
  fit.match_db.fill(6);
  apply_fit(samples, kStereo, fit, 6 * 48000);
  // It fades in within two seconds, however much earlier it might.
  const auto untouched = kStereo.samples_of(4 * 48000 - 4800);
  EXPECT_TRUE(std::equal(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(untouched), original.begin()));
  for (std::size_t i = kStereo.samples_of(6 * 48000 - 9600); i < samples.size(); i += 997)
    ASSERT_NEAR(samples[i], 1.9953 * static_cast<double>(original[i]), 1e-4);
}

// ---- the whole

struct Two {
  std::vector<float> earlier, later;
  [[nodiscard]] Neighbours neighbours(double overlap_s) const {
    const auto overlap = kStereo.frames_in(overlap_s);
    return {{earlier, kStereo}, {later, kStereo}, overlap, overlap / 2};
  }
};

Two two_takes(double later_level_db = 0, double seconds = 4) {
  return {make_take({.seconds = seconds, .seed = 11}, kStereo),
          make_take({.seconds = seconds, .level_db = later_level_db, .seed = 12}, kStereo)};
}

TEST(JoinWhole, LengthIsExactAndTheSoundsAreUntouchedAroundTheFade) {
  const auto sounds = two_takes();
  for (const double overlap_s : {0.0, 0.01, 0.04, 0.08, 0.3, 1.0}) {
    for (const auto kind : {Kind::at_change, Kind::inside}) {
      auto neighbours = sounds.neighbours(overlap_s);
      const auto join = find_join(neighbours, kind, {});
      const auto fitted = fitted_later(neighbours, join);
      neighbours.later.samples = fitted;
      const auto whole = joined(neighbours, join);
      ASSERT_EQ(whole.size(), sounds.earlier.size() + fitted.size() - kStereo.samples_of(neighbours.overlap));
      const auto fade = kStereo.samples_of(neighbours.in_earlier(join.begin));
      EXPECT_TRUE(std::equal(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(fade), sounds.earlier.begin()));
      const auto after = kStereo.samples_of(neighbours.in_later(join.begin) + join.length);
      EXPECT_TRUE(std::equal(fitted.rbegin(), fitted.rend() - static_cast<std::ptrdiff_t>(after), whole.rbegin()));
      EXPECT_GE(neighbours.in_later(join.begin), 0);
      EXPECT_LE(neighbours.in_later(join.begin) + join.length, neighbours.overlap);
    }
  }
}

TEST(JoinWhole, AtAShotChangeTheFadeIsShortAndTheLaterSoundStaysAsItIs) {
  const auto sounds = two_takes(4);
  const auto neighbours = sounds.neighbours(0.08);
  const auto join = find_join(neighbours, Kind::at_change, {});
  EXPECT_EQ(join.length, kStereo.frames_in(0.04));
  EXPECT_EQ(join.begin, -kStereo.frames_in(0.02));
  EXPECT_EQ(join.earlier, Fit{});
  EXPECT_EQ(join.later, Fit{});
  EXPECT_EQ(fitted_later(neighbours, join), sounds.later);
}

TEST(JoinWhole, TheLaterSoundsLevelIsReleasedUntilItsEnd) {
  const auto sounds = two_takes(4);
  const auto neighbours = sounds.neighbours(1);
  const auto join = find_join(neighbours, Kind::inside, {});
  EXPECT_NEAR(join.later.gain_db, -4, 2);
  const auto fitted =
      fitted_later(neighbours, {.later = {.gain_db = -6, .full = join.begin + join.length, .gone = join.later.gone}});
  const auto ratio_db = [&](double seconds) {
    const auto i = kStereo.samples_of(kStereo.frames_in(seconds));
    return 20 * std::log10(std::abs(static_cast<double>(fitted[i] / sounds.later[i])));
  };
  EXPECT_NEAR(ratio_db(0), -6, 0.01);
  EXPECT_LT(ratio_db(2), -2);
  EXPECT_GT(ratio_db(3), ratio_db(2));
  EXPECT_NEAR(ratio_db(3.99), 0, 0.1);
}

TEST(JoinWhole, MoreThanSixDecibelsAreNotMadeUpFor) {
  const auto sounds = two_takes(20);
  EXPECT_EQ(find_join(sounds.neighbours(1), Kind::inside, {}).later.gain_db, -kMostGainDb);
}

TEST(JoinWhole, SilenceHasNoLevelToBeBroughtTo) {
  auto sounds = two_takes();
  std::ranges::fill(sounds.earlier, 0.0F);
  const auto join = find_join(sounds.neighbours(1), Kind::inside, {});
  EXPECT_EQ(join.later, Fit{});
  EXPECT_EQ(join.correlation, 0);
}

// A beat and a pause: the fade goes into the pause.
TEST(JoinWhole, TheFadeLiesWhereItIsQuiet) {
  auto sounds = two_takes();
  const auto pause = kStereo.samples_of(kStereo.frames_in(0.35));
  std::for_each(sounds.earlier.end() - static_cast<std::ptrdiff_t>(pause), sounds.earlier.end(),
                [](float& sample) { sample /= 100; });
  const auto overlap = kStereo.samples_of(kStereo.frames_in(1));
  std::for_each(sounds.later.begin() + static_cast<std::ptrdiff_t>(overlap - pause),
                sounds.later.begin() + static_cast<std::ptrdiff_t>(overlap), [](float& sample) { sample /= 100; });
  const auto join = find_join(sounds.neighbours(1), Kind::inside, {});
  EXPECT_GT(join.begin, kStereo.frames_in(0.1));
}

// Two tones that do not meet: set one behind the other they click, faded they do not.
TEST(JoinWhole, AClickIsFound) {
  auto earlier = sine(60, 0.3, 4), later = sine(60, 0.3, 4);
  std::ranges::for_each(later, [](float& sample) { sample += 0.2F; });
  const Neighbours neighbours{{earlier, kMono}, {later, kMono}, kMono.frames_in(0.08), kMono.frames_in(0.04)};
  const auto found = [&](const Join& join) {
    const auto figures = judge(neighbours, join, {});
    return figures && !faults(*figures, Kind::at_change).empty();
  };
  EXPECT_TRUE(found({.kind = Kind::at_change}));
  EXPECT_FALSE(found(find_join(neighbours, Kind::at_change, {})));
}

TEST(JoinWhole, TooLittleSoundIsNotJudged) {
  const auto sounds = two_takes(0, 1.2);
  const auto neighbours = sounds.neighbours(1);
  EXPECT_EQ(judge(neighbours, find_join(neighbours, Kind::inside, {}), {}), std::nullopt);
}

}  // namespace
}  // namespace klingv2a::join
