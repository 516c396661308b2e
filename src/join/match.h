// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Brings a sound's spectrum nearer to another's, and lets go of it again: a filter of up to 6 dB in bands of a third of
// an octave, which fades out. What comes after it stays as it is, to the last bit. Pure functions; any thread.
#pragma once

#include "join/sound.h"
#include "join/spectrum.h"

namespace klingv2a::join {

inline constexpr double kMostMatchDb = 6;
inline constexpr double kMatchSeconds = 2;

// What `later` lacks to be like `earlier` (powers), each band within kMostMatchDb.
[[nodiscard]] Bands match_for(const Bands& earlier, const Bands& later);

// `samples` is a whole sound; the filter is in full force up to frame `full_until`, and gone kMatchSeconds later.
void apply_match(std::span<float> samples, const Format& format, const Bands& match_db, std::int64_t full_until);

}  // namespace klingv2a::join
