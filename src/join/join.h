// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Two neighbouring sounds become one without a seam: where they are faded, and how the one is brought to the other's
// level and spectrum. Found once, kept, and done again the same way. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "join/fit.h"
#include "join/profile.h"
#include "join/sound.h"

namespace klingv2a::join {

enum class Kind {
  at_change,  // at a shot change, or to a silent neighbour: a fade of 40 ms, and nothing else
  inside,     // inside a shot: nobody may hear it
};

// One of the two.
enum class Side { earlier, later };

inline constexpr double kShortFade = 0.04;  // seconds: at a change
inline constexpr double kLongFade = static_cast<double>(kFadeBlocks) / kBlocksPerSecond;

struct Join {
  Kind kind = Kind::inside;
  int rate = 0;                        // what its frames are counted in
  std::int64_t begin = 0, length = 0;  // the fade: frames, from the border
  double correlation = 0;              // of the two there, see law.h
  // In a row that is joined for the first time, the later sound is fitted. The earlier one is, where it is another take
  // than before and the later one has to stay as it is.
  Fit earlier, later;
  friend bool operator==(const Join&, const Join&) = default;
};

// `own`: see figures.h. `fitted`: which of the two may be changed; what was done to the other one is done already.
// Throws std::bad_alloc.
[[nodiscard]] Join find_join(const Neighbours& neighbours, Kind kind, const Places& own, Side fitted = Side::later);

// A sound as the join wants it, of the same length.
[[nodiscard]] std::vector<float> fitted_earlier(const Neighbours& neighbours, const Join& join);
[[nodiscard]] std::vector<float> fitted_later(const Neighbours& neighbours, const Join& join);

// The fade alone: join.length frames. Both sounds are the fitted ones.
[[nodiscard]] std::vector<float> faded(const Neighbours& neighbours, const Join& join);

// Both as one: earlier.frames() + later.frames() - overlap. Both sounds are the fitted ones.
[[nodiscard]] std::vector<float> joined(const Neighbours& neighbours, const Join& join);

}  // namespace klingv2a::join
