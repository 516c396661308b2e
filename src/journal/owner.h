// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who has a row, and whether he still lives. An owner of this machine whose process is gone is dead at once; any other
// is dead when his beat has not grown for a while by *our own* monotonic clock, in which it was looked at all the time:
// while the store is away nobody can beat. No clock is ever compared with another one's, so that clocks may jump.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "clock.h"
#include "journal/row.h"

namespace klingv2a::journal {

inline constexpr Seconds kBeat{2};       // an owner's heartbeat
inline constexpr Seconds kDeadAfter{8};  // without one; an owner may miss three of them
// Between a row's confirmation and the first byte of its POST; much less than what a take-over waits for.
inline constexpr Seconds kConfirmWithin{1};
static_assert(kConfirmWithin * 4 < kDeadAfter);

// A token for one run of this process: it names machine, process and run.
[[nodiscard]] std::string make_owner();

// True when `owner` is of this machine and its process is gone.
[[nodiscard]] bool is_gone(const std::string& owner);

// True when `owner` is a process of this machine that lives, whether its beat grows or not.
[[nodiscard]] bool is_here(const std::string& owner);

// Watches the owners of rows. One thread.
class Watch {
 public:
  explicit Watch(Clock& clock) : clock_(clock) {}
  // Is the row's owner alive, as far as can be told by now? False for a row without one. To be asked at least every two
  // beats: a longer time without a look says nothing about him.
  [[nodiscard]] bool is_alive(const Row& row);

 private:
  struct Seen {
    std::int64_t beat = 0;
    Seconds since{0};
    Seconds last_look{0};
  };
  Clock& clock_;
  std::map<std::string, Seen> seen_;
};

}  // namespace klingv2a::journal
