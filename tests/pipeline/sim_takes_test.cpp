// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Takes of the simulated service that differ, as those of a real one do: in level and spectrum, and alike only over the
// same pictures. Joins are tried on them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "klingv2a-sim/ledger_lines.h"
#include "klingv2a-sim/take_noise.h"
#include "sim_fixture.h"

namespace klingv2a::test {
namespace {

constexpr const char* kWav = "$.data.task_result.audios[0].url_wav";
constexpr std::size_t kRate = 48000;

// Pictures that change all the time.
const ClipOptions kMoving{.seconds = 4, .gop = 30, .flash_frames = {45}, .kbit_s = 20000};

using Samples = std::vector<double>;

double mean_square(const Samples& samples) {
  return std::inner_product(samples.begin(), samples.end(), samples.begin(), 0.0) / static_cast<double>(samples.size());
}

double level_db(const Samples& samples) {
  return 10 * std::log10(mean_square(samples));
}

double correlation(const Samples& a, const Samples& b) {
  const std::size_t length = std::min(a.size(), b.size());
  const double product = std::inner_product(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(length), b.begin(), 0.0);
  return product / static_cast<double>(length) / std::sqrt(mean_square(a) * mean_square(b));
}

// What a low frequency has less of, in dB, than all.
double brightness_db(const Samples& samples) {
  Samples differences(samples.size());
  std::adjacent_difference(samples.begin(), samples.end(), differences.begin());
  return level_db(differences) - level_db(samples);
}

Samples part(const Samples& samples, double from_s, double to_s) {
  const auto at = [](double seconds) { return static_cast<std::ptrdiff_t>(seconds * kRate); };
  return {samples.begin() + at(from_s), samples.begin() + at(to_s)};
}

class SimTakes : public SimFixture {
 protected:
  void run_with(const sim::TakesDiffer& takes, bool clicks = false) {
    sim::Options options = quick();
    options.sound = {.channels = 1, .clicks = clicks, .takes = takes};
    options.sound.takes.on = true;
    run(options);
  }
  [[nodiscard]] DecodedSound sound_of(const std::string& task_id) const {
    return decode_sound(get_result(json_at(succeeded(task_id), kWav)).body, "wavparse");
  }
  // The sound of the next task for the clip.
  [[nodiscard]] Samples take() {
    const auto sound = sound_of(submit_clip());
    return {sound.samples.begin(), sound.samples.end()};
  }
};

TEST_F(SimTakes, TheSameVideoHasTheSameTakesAgainInTheirOrder) {
  hold(kMoving);
  run_with({});
  const Samples first = take(), second = take();
  EXPECT_NE(first, second);
  run_with({});
  (void)sound_of(submit(R"("video_id":"sim-3s")"));
  EXPECT_EQ(take(), first) << "whatever else was asked for";
  EXPECT_EQ(take(), second);
}

TEST_F(SimTakes, TakesOverTheSamePicturesShareWhatWasAskedFor) {
  hold(kMoving);
  for (const double wanted : {0.0, 0.4, 1.0}) {
    run_with({.level_db = 0, .tilt_db = 0, .correlation = wanted});
    const Samples first = take(), second = take();
    EXPECT_NEAR(correlation(first, second), wanted, 0.12);
  }
}

TEST_F(SimTakes, AnotherMomentOfTheSameVideoSharesNothing) {
  hold(kMoving);
  run_with({.level_db = 0, .tilt_db = 0, .correlation = 1});
  const Samples first = take(), second = take();
  EXPECT_GT(correlation(part(first, 0.5, 2.5), part(second, 0.5, 2.5)), 0.8);
  EXPECT_LT(std::abs(correlation(part(first, 0.5, 2.5), part(second, 1.5, 3.5))), 0.1);
}

TEST_F(SimTakes, LevelsAndSpectraLieWithinTheirRange) {
  hold({.seconds = 3});
  run_with({.level_db = 12, .tilt_db = 4, .correlation = 0});
  std::vector<double> levels, brightness;
  for (int i = 0; i < 12; ++i) {
    const Samples samples = take();
    levels.push_back(level_db(samples));
    brightness.push_back(brightness_db(samples));
  }
  const auto [quietest, loudest] = std::ranges::minmax(levels);
  EXPECT_GT(loudest - quietest, 6);
  EXPECT_LT(loudest - quietest, 18) << "and what the spectra add";
  const auto [darkest, brightest] = std::ranges::minmax(brightness);
  EXPECT_GT(brightest - darkest, 4);
}

TEST_F(SimTakes, TakesThatDifferInNothingAreAlikeInLevelAndSpectrum) {
  hold({.seconds = 3});
  run_with({.level_db = 0, .tilt_db = 0, .correlation = 0});
  const Samples first = take(), second = take();
  EXPECT_NEAR(level_db(first), level_db(second), 1);
  EXPECT_NEAR(brightness_db(first), brightness_db(second), 1);
  EXPECT_NEAR(level_db(first), 20 * std::log10(0.02 * 32768), 1.5);
  EXPECT_LT(std::abs(correlation(first, second)), 0.1);
}

TEST_F(SimTakes, ClicksAreKeptUnlessTheyAreNotWanted) {
  hold({.seconds = 3, .flash_frames = {45}});
  run_with({}, true);
  EXPECT_EQ(sound_of(submit_clip()).clicks(), std::vector<std::int64_t>{45 * static_cast<int>(kRate) / 30});
  run_with({}, false);
  EXPECT_TRUE(sound_of(submit_clip()).clicks().empty());
  EXPECT_TRUE(sim_->paid_tasks().back().clicks.empty());
}

// What a task that was accepted is to sound like outlives the process.
TEST(SimTakesLedger, KnowsHowATaskDiffers) {
  sim::SimTask task;
  task.paid.body = R"({"video_id":"sim-3s"})";
  task.sound = {.clicks = false, .takes = {.on = true, .level_db = 3.5, .tilt_db = 1, .correlation = 0.25}};
  std::string line = sim::line_of(task);
  const auto sound = std::get<sim::SimTask>(sim::read_line(line)).sound;
  EXPECT_FALSE(sound.clicks);
  EXPECT_TRUE(sound.takes.on);
  EXPECT_EQ(sound.takes.level_db, 3.5);
  EXPECT_EQ(sound.takes.tilt_db, 1);
  EXPECT_EQ(sound.takes.correlation, 0.25);
  for (const char* name : {"\"clicks\":false", "\"takes\""}) {
    const auto at = line.find(name);
    ASSERT_NE(at, std::string::npos) << line;
    line.insert(at + 1, "no_");
  }
  const auto older = std::get<sim::SimTask>(sim::read_line(line)).sound;
  EXPECT_TRUE(older.clicks);
  EXPECT_FALSE(older.takes.on);
}

// Pictures that have nothing to do with each other.
std::vector<std::uint8_t> picture(std::uint64_t number) {
  sim::Chance chance(number);
  std::vector<std::uint8_t> pixels(32 * 18);
  for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(100 + 50 * chance.within_one());
  return pixels;
}

// Sees these pictures, 25 a second; each is `off` from what it was.
Samples take_over(int from, int to, std::uint64_t seed, int off = 0) {
  sim::TakeNoise noise({.on = true, .level_db = 0, .tilt_db = 0, .correlation = 1}, seed, kRate);
  Samples samples;
  for (int number = from; number < to; ++number) {
    auto pixels = picture(static_cast<std::uint64_t>(number) + 1);
    for (std::size_t i = 0; i < pixels.size(); i += 2) pixels[i] = static_cast<std::uint8_t>(pixels[i] + off);
    noise.see(sim::look_of(pixels, {}));
    for (std::size_t i = 0; i < kRate / 25; ++i) samples.push_back(noise.next());
  }
  return samples;
}

TEST(SimTakeNoise, WhatIsSharedGoesWithThePicturesWhereverAClipBegins) {
  const Samples earlier = take_over(0, 100, 1), later = take_over(75, 175, 2);
  EXPECT_GT(correlation(part(earlier, 3.2, 4), part(later, 0.2, 1)), 0.9);
  EXPECT_LT(std::abs(correlation(part(earlier, 0, 4), part(later, 0, 4))), 0.1);
}

TEST(SimTakeNoise, ACopyThatWasCodedAgainSharesNearlyAll) {
  EXPECT_GT(correlation(take_over(0, 100, 1), take_over(0, 100, 2, 1)), 0.85);
  EXPECT_LT(correlation(take_over(0, 100, 1), take_over(0, 100, 2, 40)), 0.3);
}

// A shared part would be the same noise with each frame: a tone.
TEST(SimTakeNoise, AStillPictureSharesNothing) {
  sim::TakeNoise noise({.on = true, .level_db = 0, .tilt_db = 0, .correlation = 1}, 1, kRate);
  Samples samples;
  for (int frame = 0; frame < 100; ++frame) {
    noise.see(sim::look_of(picture(1), picture(1)));
    for (std::size_t i = 0; i < kRate / 25; ++i) samples.push_back(noise.next());
  }
  EXPECT_LT(std::abs(correlation(part(samples, 0, 3), part(samples, 0.04, 3.04))), 0.1);
}

TEST(SimTakeNoise, APictureThatComesAgainIsNoNews) {
  EXPECT_EQ(sim::look_of(picture(1), picture(1)).repeats, 1);
  EXPECT_LT(sim::look_of(picture(1), picture(2)).repeats, 0.01);
  EXPECT_EQ(sim::look_of(picture(1), {}).repeats, 0);
}

}  // namespace
}  // namespace klingv2a::test
