// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/mastering.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "error.h"
#include "mix/meter.h"

namespace klingv2a::mix {

namespace {

constexpr std::size_t kBlockFrames = 4096;
constexpr int kMaxRounds = 8;
constexpr int kGainRounds = 6;  // the others, if it takes them, only see to the peaks
// The correction goes on until the result is this near: what encoders and other meters differ by still has room in
// kLoudnessTolerance.
constexpr double kNearEnough = 0.05;
// Meters interpolate differently, and so read peaks between samples differently: the limiter stays this far below.
constexpr double kPeakMarginDb = 0.15;
constexpr double kLeastSlope = 0.25;  // LU a dB: a step of the gain is at most four times what is missing
constexpr double kCorrectionMarginDb = 0.02;

void throw_if(const std::atomic<bool>& cancelled) {
  if (cancelled) throw make_error(ErrorKind::cancelled, Phase::decode, "the mix was stopped");
}

struct Reading {
  double loudness, true_peak;
};

template <typename Reader>
Reading measure(Reader& reader, const Layout& layout, const std::atomic<bool>& cancelled) {
  Meter meter(layout);
  std::vector<float> block(kBlockFrames * layout.size());
  while (const std::size_t frames = reader.read(block)) {
    throw_if(cancelled);
    meter.add(std::span(block).first(frames * layout.size()));
  }
  return {meter.loudness(), meter.true_peak()};
}

bool is_near(const Mastering& result, double target, double tolerance) {
  return std::abs(result.loudness_after - target) <= tolerance;
}

double wanted_gain(const MasterSettings& settings, const Mastering& result) {
  if (settings.gain_db) return *settings.gain_db;
  if (settings.loudness == 0 || !result.measured) return 0;
  return std::min(settings.loudness - result.loudness_before, kMaxGainDb);
}

// Without a limiter the result is known without another pass.
bool is_linear(const MasterSettings& settings, Mastering& result) {
  result.loudness_after = result.loudness_before + result.gain_db;
  result.true_peak_after = result.true_peak_before + result.gain_db;
  return result.true_peak_after <= usual_limit(settings.true_peak);
}

// One pass with the limiter.
void try_limited(const std::shared_ptr<const Programme>& programme, Mastering& result,
                 const std::atomic<bool>& cancelled) {
  Player player(programme, result);
  const auto reading = measure(player, programme->layout, cancelled);
  result.loudness_after = reading.loudness;
  result.true_peak_after = reading.true_peak;
  result.limited_frames = player.limited_frames();
  ++result.passes;
}

// One round: the gain that was tried, and what came of it.
struct Attempt {
  double gain_db, loudness;
};

// The more the limiter works, the less loudness a dB of gain brings: reckons with what it brought since the attempt
// `before`, in the first round with all of it. Where that is next to nothing more gain would only flatten the sound, so
// it stays.
double next_gain(const MasterSettings& settings, const Mastering& result, const std::optional<Attempt>& before) {
  const double missing = settings.loudness - result.loudness_after;
  if (std::abs(missing) <= kNearEnough) return result.gain_db;
  const double slope = before ? (result.loudness_after - before->loudness) / (result.gain_db - before->gain_db) : 1;
  if (slope < kLeastSlope && missing > 0) return result.gain_db;
  return std::min(result.gain_db + missing / std::clamp(slope, kLeastSlope, 1.0), kMaxGainDb);
}

// Returns false when nothing is left to correct.
bool correct(const MasterSettings& settings, bool adjusts, double& limit_db, const std::optional<Attempt>& before,
             Mastering& result) {
  const double excess = result.true_peak_after - settings.true_peak;
  if (excess > 0) limit_db -= excess + kCorrectionMarginDb;
  const double gain = adjusts ? next_gain(settings, result, before) : result.gain_db;
  if (excess <= 0 && gain == result.gain_db) return false;
  result.gain_db = gain;
  result.limit_db = limit_db;
  return true;
}

void limit(const std::shared_ptr<const Programme>& programme, const MasterSettings& settings, Mastering& result,
           const std::atomic<bool>& cancelled) {
  double limit_db = usual_limit(settings.true_peak);
  result.limit_db = limit_db;
  std::optional<Attempt> before;
  try_limited(programme, result, cancelled);
  for (int round = 1; round < kMaxRounds; ++round) {
    const Attempt now{result.gain_db, result.loudness_after};
    const bool adjusts = settings.loudness != 0 && !settings.gain_db && result.measured && round < kGainRounds;
    if (!correct(settings, adjusts, limit_db, before, result)) return;
    // A round that only lowers the ceiling tells nothing about the gain.
    if (now.gain_db != result.gain_db) before = now;
    try_limited(programme, result, cancelled);
  }
}

}  // namespace

double usual_limit(double true_peak) {
  return true_peak - kPeakMarginDb;
}

Player::Player(const std::shared_ptr<const Programme>& programme, const Mastering& mastering)
    : reader_(programme),
      channels_(programme->layout.size()),
      gain_(static_cast<float>(factor(mastering.gain_db))),
      left_(programme->frames()) {
  if (mastering.limit_db) stage_.emplace(channels_, mastering.gain_db, *mastering.limit_db);
}

std::size_t Player::read_plain(std::span<float> interleaved) {
  const std::size_t frames = reader_.read(interleaved);
  apply(gain_, interleaved.first(frames * channels_));
  return frames;
}

std::size_t Player::read(std::span<float> interleaved) {
  if (!stage_) return read_plain(interleaved);
  const auto frames = static_cast<std::size_t>(
      std::min<std::int64_t>(left_, static_cast<std::int64_t>(interleaved.size() / channels_)));
  look_ahead(frames);
  stage_->take(interleaved.first(frames * channels_));
  left_ -= static_cast<std::int64_t>(frames);
  return frames;
}

void Player::look_ahead(std::size_t frames) {
  block_.resize(kBlockFrames * channels_);
  while (stage_->ready() < frames) {
    const std::size_t count = reader_.read(block_);
    if (count > 0)
      stage_->add(std::span(block_).first(count * channels_));
    else
      stage_->finish();
  }
}

double loudness_of(const MixSound& sound, const std::atomic<bool>& cancelled) {
  Meter meter(sound.layout, Meter::Peaks::ignored);
  const std::size_t channels = sound.layout.size();
  std::vector<float> block(kBlockFrames * channels);
  for (std::int64_t at = 0; at < sound.track->frames(); at += static_cast<std::int64_t>(kBlockFrames)) {
    throw_if(cancelled);
    const auto count = std::min<std::int64_t>(sound.track->frames() - at, static_cast<std::int64_t>(kBlockFrames));
    const auto part = std::span(block).first(static_cast<std::size_t>(count) * channels);
    sound.track->read(at, part);
    meter.add(part);
  }
  return meter.loudness();
}

Mastering master(const std::shared_ptr<const Programme>& programme, const MasterSettings& settings,
                 const std::atomic<bool>& cancelled) {
  Mastering result;
  result.frames = programme->frames();
  ProgrammeReader reader(programme);
  const auto before = measure(reader, programme->layout, cancelled);
  result.passes = 1;
  result.ducked_frames = reader.ducked_frames();
  result.loudness_before = before.loudness;
  result.true_peak_before = before.true_peak;
  result.measured = std::isfinite(before.loudness);
  result.gain_db = wanted_gain(settings, result);
  if (!is_linear(settings, result)) limit(programme, settings, result, cancelled);
  result.reached = settings.loudness != 0 && result.measured && is_near(result, settings.loudness, kLoudnessTolerance);
  return result;
}

}  // namespace klingv2a::mix
