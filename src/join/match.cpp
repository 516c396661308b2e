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
      : format_(format),
        fft_(kLength),
        window_(kLength),
        time_(kLength),
        frequency_(kLength / 2 + 1),
        change_(frequency_.size()) {
    for (std::size_t i = 0; i < window_.size(); ++i)
      window_[i] = static_cast<float>(std::sin(std::numbers::pi * (static_cast<double>(i) + 0.5) / kLength));
    for (std::size_t bin = 0; bin < frequency_.size(); ++bin)
      match_db_.push_back(at_frequency(match_db, static_cast<double>(bin) * format.rate / kLength));
  }

  // `strength`: 0 to 1, of the decibels. The window begins at `begin`, which may lie before the sound.
  void add_window(std::span<const float> from, std::span<float> to, std::int64_t begin, double strength) {
    set_strength(strength);
    for (int channel = 0; channel < format_.channels; ++channel) {
      read(from, begin, channel);
      fft_.forward(time_.data(), frequency_.data());
      for (std::size_t bin = 0; bin < frequency_.size(); ++bin) {
        frequency_[bin].r *= change_[bin];
        frequency_[bin].i *= change_[bin];
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
  void set_strength(double strength) {
    if (strength == strength_) return;
    strength_ = strength;
    std::ranges::transform(match_db_, change_.begin(),
                           [&](double db) { return static_cast<float>(std::pow(10, db * strength / 20) - 1); });
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
  double strength_ = 0;
  std::vector<float> change_;  // of each bin, with that strength
};

// No further than it takes to fade.
Reach shortened(Reach reach, const Format& format) {
  const auto longest = format.frames_in(kMatchSeconds);
  return {reach.full, std::clamp(reach.gone, reach.full - longest, reach.full + longest)};
}

// The share of the way on which it does not fade yet: what is nearest to the join is compared most.
constexpr double kHold = 0.25;

double strength_at(std::int64_t frame, const Reach& reach) {
  const auto way = static_cast<double>(reach.full - reach.gone) * (1 - kHold);
  const double progress = std::clamp(static_cast<double>(frame - reach.gone) / way, 0.0, 1.0);
  return (1 - std::cos(std::numbers::pi * progress)) / 2;
}

struct Windows {
  std::int64_t first, end;  // frames where they begin
};

// Those that touch the sound and do not reach beyond `gone`. One begins at `full`, so that a part of a sound has the
// same ones as the whole.
Windows windows_of(std::int64_t frames, const Reach& reach) {
  const bool fades_in = reach.gone < reach.full;
  const auto from = fades_in ? std::max<std::int64_t>(reach.gone, 1 - kLength) : 1 - kLength;
  const auto until = fades_in ? frames : std::min(frames, reach.gone - kLength + 1);
  const auto past = (from - reach.full) % kHop;  // of C++: negative for what lies before `full`
  return {from + (past > 0 ? kHop - past : -past), until};
}

}  // namespace

Bands match_for(const Bands& earlier, const Bands& later) {
  auto match = difference(earlier, later);
  for (auto& value : match) value = std::clamp(value, -kMostMatchDb, kMostMatchDb);
  return match;
}

void apply_match(std::span<float> samples, const Format& format, const Bands& match_db, Reach reach) {
  reach = shortened(reach, format);
  if (reach.gone == reach.full) return;
  const auto frames = format.frames_of(samples.size());
  const auto [first, end] = windows_of(frames, reach);
  const auto touched = std::max<std::int64_t>(0, first);
  const auto count = std::min(frames, end + kLength) - touched;
  if (count <= 0) return;
  const auto part = samples.subspan(format.samples_of(touched), format.samples_of(count));
  const std::vector<float> original(part.begin(), part.end());
  Filter filter(format, match_db);
  for (auto begin = first; begin < end; begin += kHop)
    filter.add_window(original, part, begin - touched, strength_at(begin + kLength / 2, reach));
}

}  // namespace klingv2a::join
