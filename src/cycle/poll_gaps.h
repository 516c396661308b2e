// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How long to wait between two looks at a task: 2 s first, then a fifth longer each time up to 10 s. Tasks take
// minutes, so a steady fast poll would only cost the service; the jitter keeps several clips apart.
#pragma once

#include <algorithm>

#include "clock.h"

namespace klingv2a::cycle {

class PollGaps {
 public:
  // The next gap, ± 10 %.
  [[nodiscard]] Seconds next(Clock& clock) {
    const Seconds gap = length_ * (0.9 + 0.2 * clock.random());
    length_ = std::min(length_ * 1.2, Seconds(10));
    return gap;
  }

 private:
  Seconds length_{2};
};

}  // namespace klingv2a::cycle
