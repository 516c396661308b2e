// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The last JSON line is the result, however a command ends: also when it ends before it has begun. Main thread.
#pragma once

#include <functional>

#include "reporter.h"

namespace klingv2a::cli {

// The result of a command that came to nothing. `kind`: as the exit code is called.
[[nodiscard]] JsonText failed_result(const std::string& kind, int exit_code, const Trouble& error);

// Runs `run` and returns its exit code. With `json`, what it throws is reported as the result; without, it is thrown
// on: main() reports to people.
[[nodiscard]] int with_last_word(bool json, Reporter& reporter, const std::function<int()>& run);

}  // namespace klingv2a::cli
