// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What people are told of a join: where to listen, and why. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "join/row_joiner.h"

namespace klingv2a::join {

struct ReportedJoin {
  double border_s = 0;                // of the timeline: where the one clip ends and the other begins
  double fade_s = 0, fade_end_s = 0;  // ... where the one is faded into the other
  Kind kind = Kind::inside;
  double correlation = 0;                         // of the two there: the law of the fade, see law.h
  double earlier_gain_db = 0, later_gain_db = 0;  // what was done to their levels
  bool is_matched = false;                        // ... to one's spectrum
  std::optional<Figures> figures;                 // with percentiles; nothing: too little sound to judge it
  std::vector<std::string> faults;                // what is wrong with it, in words: empty when nobody will hear it
};

[[nodiscard]] ReportedJoin report_of(const MadeJoin& made);

// How near the worst of its figures comes to what is heard: 1 is the limit. 0 for one that was not judged.
[[nodiscard]] double nearness(const ReportedJoin& join);

// Those with faults first, the more the earlier; then those that could not be judged; then by their worst figure. Of
// equal ones, in the order of the row.
void sort_worst_first(std::vector<ReportedJoin>& joins);

}  // namespace klingv2a::join
