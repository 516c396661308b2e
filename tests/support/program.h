// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Runs other programs in tests: ffmpeg, and gst-launch-1.0 as a user would type it.
//
// Blocking; any thread.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "temporary_folder.h"

namespace klingv2a::test {

struct ProgramResult {
  int exit_code = -1;  // 124: the deadline came; 128 + N: signal N
  std::string output, errors;
};

// Throws std::runtime_error when it cannot be started. `environment` is added to this process's own.
[[nodiscard]] ProgramResult run_program(const std::vector<std::string>& arguments,
                                        const std::map<std::string, std::string>& environment = {},
                                        std::chrono::seconds deadline = std::chrono::seconds(60));

// As typed after "gst-launch-1.0", with quotes as a shell has them. Loads the plugin in a sanitizer's build, too.
[[nodiscard]] ProgramResult gst_launch(const std::string& command_line,
                                       const std::map<std::string, std::string>& environment = {},
                                       std::chrono::seconds deadline = std::chrono::seconds(60));

}  // namespace klingv2a::test
