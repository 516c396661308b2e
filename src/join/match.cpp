// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/match.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace klingv2a::join {

namespace {

constexpr int kLength = 2048, kHop = kLength / 2;

// Adds to a sound what the filter changes of it, window by window: where it changes nothing, nothing is touched.
class Filter {
 public:
  Filter(const Format& format, const Bands& match_db)
      : format_(format), fft_(kLength), window_(kLength), time_(kLength), frequency_(kLength / 2 + 1) {
    for (std::size_t i = 0; i < window_.size(); ++i)
      window_[i] = static_cast<float>(std::sin(std::numbers::pi * (static_cast<double>(i) + 0.5) / kLength));
    for (std::size_t bin = 0; bin < frequency_.size(); ++bin)
      match_db_.push_back(at_frequency(match_db, static_cast<double>(bin) * format.rate / kLength));
  }

  // `strength`: 0 to 1, of the decibels. The window begins at `begin`, which may lie before the sound.
  void add_window(std::span<const float> from, std::span<float> to, std::int64_t begin, double strength) {
    for (int channel = 0; channel < format_.channels; ++channel) {
      read(from, begin, channel);
      fft_.forward(time_.data(), frequency_.data());
      for (std::size_t bin = 0; bin < frequency_.size(); ++bin) {
        const auto change = static_cast<float>(std::pow(10, match_db_[bin] * strength / 20) - 1);
        frequency_[bin].r *= change;
        frequency_[bin].i *= change;
      }
      fft_.backward(frequency_.data(), time_.data());
      add(to, begin, channel);
    }
  }

 private:
  // Straight between the bands' centres, on a logarithmic scale; level outside them.
  static double at_frequency(const Bands& match_db, double frequency) {
    const double band = 13 + 3 * std::log2(std::max(frequency, 1.0) / 1000);
    const double place = std::clamp(band, 0.0, kBands - 1.0);
    const auto below = std::min(static_cast<std::size_t>(place), kBands - 2);
    return std::lerp(match_db[below], match_db[below + 1], place - static_cast<double>(below));
  }
  [[nodiscard]] std::size_t sample(std::int64_t frame, int channel) const {
    return format_.samples_of(frame) + static_cast<std::size_t>(channel);
  }
  void read(std::span<const float> from, std::int64_t begin, int channel) {
    const auto frames = format_.frames_of(from.size());
    for (int i = 0; i < kLength; ++i) {
      const auto frame = begin + i;
      const bool is_inside = frame >= 0 && frame < frames;
      time_[static_cast<std::size_t>(i)] =
          is_inside ? from[sample(frame, channel)] * window_[static_cast<std::size_t>(i)] : 0;
    }
  }
  void add(std::span<float> to, std::int64_t begin, int channel) const {
    const auto frames = format_.frames_of(to.size());
    for (int i = 0; i < kLength; ++i) {
      const auto frame = begin + i;
      if (frame < 0 || frame >= frames) continue;
      to[sample(frame, channel)] += time_[static_cast<std::size_t>(i)] * window_[static_cast<std::size_t>(i)];
    }
  }

  const Format format_;
  Fft fft_;
  std::vector<float> window_, time_;
  std::vector<GstFFTF32Complex> frequency_;
  std::vector<double> match_db_;
};

double strength_at(double seconds_after) {
  if (seconds_after <= 0) return 1;
  if (seconds_after >= kMatchSeconds) return 0;
  return (1 + std::cos(std::numbers::pi * seconds_after / kMatchSeconds)) / 2;
}

}  // namespace

Bands match_for(const Bands& earlier, const Bands& later) {
  auto match = difference(earlier, later);
  for (auto& value : match) value = std::clamp(value, -kMostMatchDb, kMostMatchDb);
  return match;
}

void apply_match(std::span<float> samples, const Format& format, const Bands& match_db, std::int64_t full_until) {
  const auto end = std::min(format.frames_of(samples.size()), full_until + format.frames_in(kMatchSeconds));
  const std::vector<float> original(samples.begin(), samples.end());
  Filter filter(format, match_db);
  for (std::int64_t begin = -kHop; begin + kLength / 2 < end; begin += kHop) {
    const auto centre = begin + kLength / 2 - full_until;
    filter.add_window(original, samples, begin, strength_at(static_cast<double>(centre) / format.rate));
  }
}

}  // namespace klingv2a::join
