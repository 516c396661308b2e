// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The life of a link to a task's results: from the query that gives it out until it has expired or was used up. It
// never comes back to life; a later query gives out another one.
//
// Pure values; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace klingv2a::sim {

struct LinkRules {
  std::chrono::milliseconds life{0};  // 0: for ever
  int fetches = 0;                    // 0: no limit
};

struct Link {
  std::string signature;       // must come back in the results' query string; empty: none was given out yet
  std::int64_t issued_ms = 0;  // Unix milliseconds
  int fetches = 0;
  bool dead = false;  // before its time

  [[nodiscard]] bool is_alive(const LinkRules& rules, std::int64_t now_ms) const {
    const bool expired = rules.life.count() > 0 && now_ms >= issued_ms + rules.life.count();
    const bool used_up = rules.fetches > 0 && fetches >= rules.fetches;
    return !signature.empty() && !dead && !expired && !used_up;
  }
};

}  // namespace klingv2a::sim
