// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a worker says of its file in the end: the report of a run (report.h), read once from its JSON. Plain values.
#pragma once

#include <optional>
#include <string>

#include "json_text.h"

namespace klingv2a::cli {

struct WorkerResult {
  struct Failure {
    std::string kind, message;
  };

  bool ok = false;       // the output is complete, whatever the exit code is
  bool skipped = false;  // it was there before
  bool silence = false;  // on-failure=silence came about
  std::string paid;      // "no", "yes", "maybe"
  double estimate_usd = 0, seconds = 0;
  std::optional<Failure> failure;
  std::string warnings;  // all of them, separated by "; "
};

[[nodiscard]] WorkerResult read_worker_result(JsonObject* report);

}  // namespace klingv2a::cli
