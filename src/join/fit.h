// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is done to one of two neighbours so that nobody hears where it begins or ends: its level and its spectrum are
// brought to the other's at the join, and let go of further away. Pure functions; any thread.
//
//   the later sound's    ====full\________gone-------
//   the earlier one's                 -------gone________/full====
#pragma once

#include <cstdint>
#include <span>

#include "join/sound.h"
#include "join/spectrum.h"

namespace klingv2a::join {

inline constexpr double kMostGainDb = 6;

struct Fit {
  double gain_db = 0;       // within kMostGainDb; fades evenly, in decibels
  bool is_matched = false;  // the spectrum ...
  Bands match_db{};         // ... by this, see match.h; fades within kMatchSeconds
  // Frames, from the border. In force from `full` on, towards the join and across it; nothing is changed from `gone`
  // on, away from the join. The later sound has full < gone, the earlier one gone < full; both are 0 where nothing is
  // done.
  std::int64_t full = 0, gone = 0;
  friend bool operator==(const Fit&, const Fit&) = default;
};

// `border`: the border's frame in `samples`, which may be a part of the sound. Throws std::bad_alloc.
void apply_fit(std::span<float> samples, const Format& format, const Fit& fit, std::int64_t border);

}  // namespace klingv2a::join
