// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Programme loudness and true peak of 48 kHz sound, by libebur128 (ITU-R BS.1770, EBU R 128). One thread.
#pragma once

#include <ebur128.h>

#include <memory>
#include <span>

#include "mix/channels.h"

namespace klingv2a::mix {

class Meter {
 public:
  enum class Peaks { measured, ignored };  // measuring them takes most of the time
  explicit Meter(const Layout& layout, Peaks peaks = Peaks::measured);

  // Interleaved. Throws std::bad_alloc.
  void add(std::span<const float> samples);
  // Integrated, in LUFS. -infinity for silence, and for less than the 0.4 s that the measurement needs.
  [[nodiscard]] double loudness() const;
  // Of the loudest channel, in dBTP. -infinity for digital silence, and when peaks are ignored.
  [[nodiscard]] double true_peak() const;

 private:
  struct Destroy {
    void operator()(ebur128_state* state) const { ebur128_destroy(&state); }
  };
  std::unique_ptr<ebur128_state, Destroy> state_;
};

}  // namespace klingv2a::mix
