// SPDX-License-Identifier: LGPL-2.1-or-later
//
// When a video that does not go on counts as stuck: how long nothing may arrive while frames are held, and what is said
// then.
//
// Threads: any; Arrivals has atomics only.
#pragma once

#include <atomic>
#include <chrono>

#include "clock.h"
#include "error.h"

namespace klingv2a {

// When something came in last. What is being taken in does not starve, however long that waits.
class Arrivals {
 public:
  // The streaming thread is inside; so it is known when it comes back, too.
  class Taking {
   public:
    explicit Taking(Arrivals& arrivals) noexcept : arrivals_(arrivals) { arrivals_.taking_ = true; }
    ~Taking() {
      arrivals_.note();
      arrivals_.taking_ = false;
    }
    Taking(const Taking&) = delete;
    Taking& operator=(const Taking&) = delete;

   private:
    Arrivals& arrivals_;
  };

  void note() noexcept { last_ = std::chrono::steady_clock::now().time_since_epoch().count(); }
  [[nodiscard]] Seconds since() const noexcept;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  std::atomic<SteadyTime::rep> last_ = std::chrono::steady_clock::now().time_since_epoch().count();
  std::atomic<bool> taking_ = false;
};

// So long nothing may arrive: until there is a warning, and until the clip is given up. `timeout`: the property.
[[nodiscard]] Seconds starving_after(Seconds timeout);
[[nodiscard]] Seconds starved_after(Seconds timeout);
// Nothing has arrived for so long while this clip is held.
[[nodiscard]] Error starving(unsigned clip, Seconds waited);

}  // namespace klingv2a
