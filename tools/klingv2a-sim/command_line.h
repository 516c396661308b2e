// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2a-sim's command line as the values that Service takes.
//
// Runs once, on the main thread, before there are others.
#pragma once

#include <string>

#include "service.h"

namespace klingv2a::sim {

struct CommandLine {
  Options options;
  std::string port_file;     // empty: none
  std::string while_locked;  // a file: the service ends when nobody holds a lock on it; empty: on a signal only
};

// --help ends the process. Throws std::invalid_argument, whose text says what is wrong.
[[nodiscard]] CommandLine parse_command_line(int argc, char** argv);

}  // namespace klingv2a::sim
