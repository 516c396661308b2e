// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Brings a sound's spectrum nearer to another's, and lets go of it again: a filter of up to 8 dB in bands of a third of
// an octave, which fades in or out. (Two dB an octave, from 50 Hz to 16 kHz, are 8 dB on each side of the middle.)
// What lies beyond it stays as it is, to the last bit. Pure functions; any thread.
#pragma once

#include "join/sound.h"
#include "join/spectrum.h"

namespace klingv2a::join {

inline constexpr double kMostMatchDb = 8;
inline constexpr double kMatchSeconds = 2;  // until it is gone

// What `later` lacks to be like `earlier` (powers), each band within kMostMatchDb.
[[nodiscard]] Bands match_for(const Bands& earlier, const Bands& later);

// Where a filter is in force, in frames: from `full` on; and where it is gone, to one side of that or the other.
struct Reach {
  std::int64_t full = 0, gone = 0;  // may lie outside the sound
};

// What lies beyond `gone` is not touched, and nothing is changed further than kMatchSeconds from `full`.
void apply_match(std::span<float> samples, const Format& format, const Bands& match_db, Reach reach);

}  // namespace klingv2a::join
