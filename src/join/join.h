// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Two neighbouring sounds become one without a seam: where they are faded, and how the later one is brought to the
// earlier one's level and spectrum. Found once, kept, and done again the same way. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "join/sound.h"
#include "join/spectrum.h"

namespace klingv2a::join {

enum class Kind {
  at_change,  // at a shot change, or to a silent neighbour: a fade of 40 ms, and nothing else
  inside,     // inside a shot: nobody may hear it
};

inline constexpr double kMostGainDb = 6;

struct Join {
  Kind kind = Kind::inside;
  std::int64_t begin = 0, length = 0;  // the fade: frames, from the beginning of the overlap
  double correlation = 0;              // of the two there, see law.h
  double gain_db = 0;                  // of the later sound up to the fade's end; released until the sound's end
  bool is_matched = false;             // the later sound's spectrum ...
  Bands match_db{};                    // ... by this, see match.h
};

// Throws std::bad_alloc.
[[nodiscard]] Join find_join(const Neighbours& neighbours, Kind kind);

// The later sound as the join wants it: of the same length, and unchanged for `at_change`.
[[nodiscard]] std::vector<float> fitted_later(const Neighbours& neighbours, const Join& join);

// The fade alone: join.length frames. `neighbours.later` is the fitted one.
[[nodiscard]] std::vector<float> faded(const Neighbours& neighbours, const Join& join);

// Both as one: earlier.frames() + later.frames() - overlap. `neighbours.later` is the fitted one.
[[nodiscard]] std::vector<float> joined(const Neighbours& neighbours, const Join& join);

}  // namespace klingv2a::join
