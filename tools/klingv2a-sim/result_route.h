// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where results are read: whose link it is, whether it still lives, and which part of the file is asked for.
//
// Threads: the server thread only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "answer.h"
#include "envelope.h"
#include "faults.h"
#include "ledger.h"

namespace klingv2a::sim {

constexpr std::string_view kResults = "/results/";  // where the paths of results begin

class ResultRoute {
 public:
  // Ledger and faults outlive it. `ranges`: parts may be asked for.
  ResultRoute(bool ranges, Ledger& ledger, FaultQueue& faults) : ranges_(ranges), ledger_(ledger), faults_(faults) {}

  // To a request below kResults.
  [[nodiscard]] Answer answer(const Dialect& dialect, const Request& request);

 private:
  [[nodiscard]] Answer file_for(const SimTask& task, const Request& request, const std::string& name);
  [[nodiscard]] Answer file_under_fault(const Dialect& dialect, const SimTask& task, const Fault& fault,
                                        Request request, Answer whole);
  [[nodiscard]] Answer part(const Request& request, Answer whole) const;

  const bool ranges_;
  Ledger& ledger_;
  FaultQueue& faults_;
};

}  // namespace klingv2a::sim
