// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From the peak of each frame to its gain:
//   1. needed: ceiling / peak, or 1
//   2. the minimum over a window from kHold frames back to kLook frames ahead, so that the gain is down in time
//   3. release: upwards fast from far below, so that a click does not take what follows with it, and slowly at last
//   4. two moving averages of together kLook frames: a curve without corners. Every value they take in at a peak is
//      already low enough (2), so the average is, too.
#include "mix/limiter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace klingv2a::mix {

namespace {

constexpr double kRate = 48000;
constexpr std::size_t kAverage = 96;           // 2 ms, twice
constexpr std::int64_t kLook = 2 * kAverage;   // 4 ms
constexpr std::int64_t kHold = 480;            // 10 ms: half a period of 50 Hz
constexpr double kReleaseSeconds = 0.06;       // the time constant of the way up
constexpr double kLastRise = 1 / (2 * kRate);  // a frame: so that it does arrive at 1
constexpr std::size_t kBlock = 1024;           // frames
const double kRelease = 1 - std::exp(-1 / (kReleaseSeconds * kRate));
constexpr std::uint64_t kOne = 1ULL << 40;

// The interpolation: three phases between two samples, each of kTaps samples around them.
constexpr std::size_t kTaps = 32;
constexpr std::size_t kDelay = kTaps / 2;  // samples that must follow
constexpr std::size_t kPhases = 3;
using Phase = std::array<float, kTaps>;

// A sinc under a Kaiser window.
double bessel_i0(double x) {
  double sum = 1, term = 1;
  for (int k = 1; k < 40; ++k) {
    term *= (x / 2 / k) * (x / 2 / k);
    sum += term;
  }
  return sum;
}

double tap(double distance) {
  constexpr double kBeta = 6;
  const double relative = distance / (kTaps / 2.0);
  const double window = bessel_i0(kBeta * std::sqrt(std::max(0.0, 1 - relative * relative))) / bessel_i0(kBeta);
  const double angle = std::numbers::pi * distance;
  return std::sin(angle) / angle * window;
}

std::array<Phase, kPhases> make_phases() {
  std::array<Phase, kPhases> phases{};
  for (std::size_t phase = 0; phase < kPhases; ++phase)
    for (std::size_t k = 0; k < kTaps; ++k)
      phases[phase][k] = static_cast<float>(
          tap(static_cast<double>(k) - (kTaps / 2.0 - 1) - static_cast<double>(phase + 1) / (kPhases + 1)));
  return phases;
}

const std::array<Phase, kPhases> kPhaseTaps = make_phases();

// The interpolated value is at most this many times the largest sample around it.
double largest_gain() {
  double largest = 1;
  for (const auto& phase : kPhaseTaps) {
    double sum = 0;
    for (const float value : phase) sum += std::abs(value);
    largest = std::max(largest, sum);
  }
  return largest;
}
const double kLargestGain = largest_gain();

// The outer loop is over the taps, so that the inner one runs over neighbours.
void interpolate(const Phase& taps, const float* line, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0F);
  for (std::size_t k = 0; k < kTaps; ++k) {
    const float factor = taps[k];
    for (std::size_t n = 0; n < out.size(); ++n) out[n] += factor * line[n + k];
  }
}

std::uint64_t slide(std::vector<std::uint64_t>& window, std::uint64_t& sum, std::int64_t frame, std::uint64_t value) {
  auto& oldest = window[static_cast<std::size_t>(frame) % kAverage];
  sum = sum - oldest + value;
  oldest = value;
  return sum / kAverage;
}

}  // namespace

Limiter::Limiter(std::size_t channels, double ceiling)
    : channels_(channels),
      ceiling_(ceiling),
      history_(channels, std::vector<float>(kTaps - 1, 0.0F)),
      first_window_(kAverage, kOne),
      second_window_(kAverage, kOne),
      first_sum_(kAverage * kOne),
      second_sum_(kAverage * kOne) {}

std::size_t Limiter::latency() noexcept {
  return kDelay + static_cast<std::size_t>(kLook);
}

void Limiter::add(std::span<const float> interleaved, std::vector<float>& gains) {
  while (!interleaved.empty()) {
    const std::size_t count = std::min(interleaved.size(), kBlock * channels_);
    add_block(interleaved.first(count), gains);
    interleaved = interleaved.subspan(count);
  }
}

// between_[n] becomes the largest value between the frames n and n + 1, peaks_[n] that of frame n itself, where frame 0
// lies kDelay frames before the block's first.
void Limiter::find_peaks(std::span<const float> interleaved, std::size_t channel) {
  const std::size_t frames = interleaved.size() / channels_;
  auto& history = history_[channel];
  line_ = history;
  for (std::size_t n = 0; n < frames; ++n) line_.push_back(interleaved[n * channels_ + channel]);
  history.assign(line_.end() - static_cast<std::ptrdiff_t>(kTaps - 1), line_.end());
  for (std::size_t n = 0; n < frames; ++n) peaks_[n] = std::max(peaks_[n], std::abs(line_[n + kTaps / 2 - 1]));
  float loudest = 0;
  for (const float sample : line_) loudest = std::max(loudest, std::abs(sample));
  if (loudest * kLargestGain <= ceiling_) return;  // no need to look
  std::array<float, kBlock> values;                // NOLINT(cppcoreguidelines-pro-type-member-init): written below
  for (const auto& taps : kPhaseTaps) {
    interpolate(taps, line_.data(), std::span(values).first(frames));
    for (std::size_t n = 0; n < frames; ++n) between_[n] = std::max(between_[n], std::abs(values[n]));
  }
}

void Limiter::add_block(std::span<const float> interleaved, std::vector<float>& gains) {
  const std::size_t frames = interleaved.size() / channels_;
  peaks_.assign(frames, 0);
  between_.assign(frames, 0);
  for (std::size_t channel = 0; channel < channels_; ++channel) find_peaks(interleaved, channel);
  const auto late = static_cast<std::int64_t>(latency());
  for (std::size_t n = 0; n < frames; ++n, ++frame_) {
    const double peak = std::max({peaks_[n], between_[n], last_between_});
    last_between_ = between_[n];
    const float gain = smoothed(peak > ceiling_ ? ceiling_ / peak : 1);
    if (frame_ >= late) gains.push_back(gain);
  }
}

float Limiter::smoothed(double needed) {
  while (!lows_.empty() && lows_.back().gain >= needed) lows_.pop_back();
  lows_.push_back({needed, frame_});
  while (lows_.front().frame < frame_ - kLook - kHold) lows_.pop_front();
  released_ = std::min({1.0, released_ + (1 - released_) * kRelease + kLastRise, lows_.front().gain});
  const auto value = static_cast<std::uint64_t>(released_ * static_cast<double>(kOne));
  const auto first = slide(first_window_, first_sum_, frame_, value);
  const auto second = slide(second_window_, second_sum_, frame_, first);
  return static_cast<float>(static_cast<double>(second) / static_cast<double>(kOne));
}

}  // namespace klingv2a::mix
