// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The spectrum of a sound in bands of a third of an octave, and how far two spectra are from each other. By GStreamer's
// FFT library, which knows nothing of pipelines.
//
// One thread.
#pragma once

#include <gst/fft/gstfftf32.h>

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "join/sound.h"

namespace klingv2a::join {

// From 50 Hz to 16 kHz.
inline constexpr std::size_t kBands = 26;
// Power of each band, summed over the channels; or decibels.
using Bands = std::array<double, kBands>;

[[nodiscard]] double band_center(std::size_t band);  // Hz
[[nodiscard]] double to_db(double power);            // -120 for silence

// How the shapes of two spectra (powers) differ: the root mean square of the bands' differences in dB, without the
// difference in level.
[[nodiscard]] double distance(const Bands& a, const Bands& b);
// The differences themselves, without the difference in level: what `b` lacks to be like `a`, in dB.
[[nodiscard]] Bands difference(const Bands& a, const Bands& b);

// A real FFT of one length, and its inverse.
class Fft {
 public:
  // `length`: even, and a product of 2, 3 and 5.
  explicit Fft(int length);
  [[nodiscard]] int length() const noexcept { return length_; }
  // `time`: length() values; `frequency`: length() / 2 + 1.
  void forward(const float* time, GstFFTF32Complex* frequency);
  // As forward() got them: scaled back.
  void backward(const GstFFTF32Complex* frequency, float* time);

 private:
  struct Free {
    void operator()(GstFFTF32* fft) const { gst_fft_f32_free(fft); }
  };
  int length_;
  std::unique_ptr<GstFFTF32, Free> forward_, backward_;
};

class BandMeter {
 public:
  explicit BandMeter(int rate);
  // Adds the power of what lies around `frame`: as much as the FFT takes, or less at the sound's ends.
  void add(const Sound& sound, std::int64_t frame, Bands& power);
  // The mean over a whole sound.
  [[nodiscard]] Bands measure(const Sound& sound);

 private:
  void read(const Sound& sound, std::int64_t begin, int channel);
  void add_powers(Bands& power) const;

  Fft fft_;
  std::vector<float> window_, time_;
  std::vector<GstFFTF32Complex> frequency_;
  std::array<std::size_t, kBands + 1> first_bin_{};
};

}  // namespace klingv2a::join
