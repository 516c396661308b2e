// SPDX-License-Identifier: LGPL-2.1-or-later
#include "starving.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace klingv2a {

namespace {

constexpr Seconds kWarning{5};
// A slow source is a good one; and yet what is stuck is to end well before the time-out, which is the service's.
constexpr double kStarvedPart = 0.1;
constexpr Seconds kStarvedLeast{15}, kStarvedMost{120};

}  // namespace

Seconds Arrivals::since() const noexcept {
  if (taking_) return Seconds(0);
  const SteadyTime last{SteadyTime::duration{last_.load()}};
  return std::chrono::steady_clock::now() - last;
}

Seconds starved_after(Seconds timeout) {
  return std::min(timeout, std::clamp(timeout * kStarvedPart, kStarvedLeast, kStarvedMost));
}

Seconds starving_after(Seconds timeout) {
  return std::min(kWarning, starved_after(timeout));
}

// Which of the causes it is cannot be seen from here.
Error starving(unsigned clip, Seconds waited) {
  ErrorDetails details =
      make_error(
          ErrorKind::input, Phase::hold,
          "no frame has arrived for " + std::to_string(std::lround(waited.count())) + " s while clip " +
              std::to_string(clip) + " is held",
          "this may be a slow machine or source (a longer timeout waits longer: for a frame a tenth of it, 15 to "
          "120 s); a live video that has not ended with EOS; a branch that goes past klingv2a to the same muxer, "
          "or a tee before klingv2a, which block the demuxer: lead each such branch through klingv2a's companion "
          "pads (d.audio_0 ! k.sink_0  k.src_0 ! mux.), or put a queue with max-size-time=0 max-size-bytes=0 "
          "max-size-buffers=0 into each")
          .details();
  details.retryable = true;
  return Error(std::move(details));
}

}  // namespace klingv2a
