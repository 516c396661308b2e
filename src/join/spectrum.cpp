// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/spectrum.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace klingv2a::join {

namespace {

constexpr double kSilence = 1e-12;  // power; -120 dB
constexpr int kFftLength = 4096;

// Long enough to tell the lowest bands apart.
int fft_length(int rate) {
  int length = kFftLength;
  while (length < rate / 16) length *= 2;
  return length;
}

std::size_t bin_of(double frequency, int rate, int length) {
  const double bin = std::round(frequency * length / rate);
  return static_cast<std::size_t>(std::clamp(bin, 1.0, length / 2.0));
}

}  // namespace

double band_center(std::size_t band) {
  return 1000 * std::exp2((static_cast<double>(band) - 13) / 3);
}

double to_db(double power) {
  return 10 * std::log10(std::max(power, kSilence));
}

Bands difference(const Bands& a, const Bands& b) {
  Bands result{};
  std::ranges::transform(a, b, result.begin(), [](double x, double y) { return to_db(x) - to_db(y); });
  const double mean = std::accumulate(result.begin(), result.end(), 0.0) / kBands;
  for (auto& value : result) value -= mean;
  return result;
}

double distance(const Bands& a, const Bands& b) {
  const auto differences = difference(a, b);
  return std::sqrt(std::inner_product(differences.begin(), differences.end(), differences.begin(), 0.0) / kBands);
}

Fft::Fft(int length)
    : length_(length), forward_(gst_fft_f32_new(length, FALSE)), backward_(gst_fft_f32_new(length, TRUE)) {}

void Fft::forward(const float* time, GstFFTF32Complex* frequency) {
  gst_fft_f32_fft(forward_.get(), time, frequency);
}

void Fft::backward(const GstFFTF32Complex* frequency, float* time) {
  gst_fft_f32_inverse_fft(backward_.get(), frequency, time);
  std::for_each(time, time + length_, [this](float& value) { value /= static_cast<float>(length_); });
}

BandMeter::BandMeter(int rate)
    : fft_(fft_length(rate)),
      window_(static_cast<std::size_t>(fft_.length())),
      time_(window_.size()),
      frequency_(window_.size() / 2 + 1) {
  const auto length = static_cast<double>(fft_.length());
  for (std::size_t i = 0; i < window_.size(); ++i)
    window_[i] = static_cast<float>(0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / length));
  for (std::size_t band = 0; band <= kBands; ++band)
    first_bin_[band] = bin_of(band_center(band) * std::exp2(-1.0 / 6), rate, fft_.length());
}

void BandMeter::add(const Sound& sound, std::int64_t frame, Bands& power) {
  for (int channel = 0; channel < sound.format.channels; ++channel) {
    read(sound, frame - fft_.length() / 2, channel);
    fft_.forward(time_.data(), frequency_.data());
    add_powers(power);
  }
}

void BandMeter::read(const Sound& sound, std::int64_t begin, int channel) {
  const auto first = std::max<std::int64_t>(begin, 0), last = std::min(begin + fft_.length(), sound.frames());
  std::ranges::fill(time_, 0.0F);
  for (auto frame = first; frame < last; ++frame) {
    const auto i = static_cast<std::size_t>(frame - begin);
    time_[i] = sound.samples[sound.format.samples_of(frame) + static_cast<std::size_t>(channel)] * window_[i];
  }
}

// A band above half the rate, or narrower than a bin, has the power of its first bin.
void BandMeter::add_powers(Bands& power) const {
  for (std::size_t band = 0; band < kBands; ++band) {
    const auto last = std::max(first_bin_[band] + 1, std::min(first_bin_[band + 1], frequency_.size()));
    for (auto bin = first_bin_[band]; bin < last; ++bin) {
      const double real = static_cast<double>(frequency_[bin].r), imaginary = static_cast<double>(frequency_[bin].i);
      power[band] += real * real + imaginary * imaginary;
    }
  }
}

Bands BandMeter::measure(const Sound& sound) {
  Bands power{};
  const auto quarter = fft_.length() / 4;
  for (std::int64_t frame = quarter; frame < sound.frames(); frame += 2 * quarter) add(sound, frame, power);
  return power;
}

}  // namespace klingv2a::join
