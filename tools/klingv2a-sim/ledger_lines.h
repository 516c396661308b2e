// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The ledger's JSON: what GET /sim/ledger answers, and the lines of the ledger file, which say about a task also what
// nobody but the service itself needs, to go on with it after its own restart.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "ledger.h"

namespace klingv2a::sim {

[[nodiscard]] std::string line_of(const SimTask& task);
[[nodiscard]] std::string line_of(const SeenRequest& request);
// The task comes without its results. Throws std::invalid_argument when it is no line of a ledger.
[[nodiscard]] std::variant<SimTask, SeenRequest> read_line(const std::string& line);

// {"tasks":[…],"requests":[…],"most_in_flight":N}
[[nodiscard]] std::string ledger_json(const std::vector<SimTask>& tasks, const std::vector<SeenRequest>& requests,
                                      int most_in_flight);

}  // namespace klingv2a::sim
