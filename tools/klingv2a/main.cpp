// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2a: parse, dispatch, and say what went wrong. Everything else is in the file of its name.
#include <csignal>
#include <cstdio>
#include <iostream>

#include "klingv2a/command_line.h"
#include "klingv2a/commands.h"
#include "klingv2a/exit_code.h"

namespace klingv2a::cli {
namespace {

struct Dispatch {
  int operator()(const HelpText& help) const {
    std::cout << help.text << std::flush;
    return kExitOk;
  }
  int operator()(const DubOptions& options) const { return run_dub(options); }
  int operator()(const CheckOptions& options) const { return run_check(options); }
  int operator()(const TasksOptions& options) const { return run_tasks(options); }
};

int run(int argc, const char* const* argv) {
  try {
    return std::visit(Dispatch{}, parse_command_line(argc, argv));
  } catch (const UsageError& wrong) {
    std::cerr << "klingv2a: " << wrong.what() << "\nklingv2a --help says what can be typed\n";
    return kExitUsage;
  } catch (const Error& error) {
    std::cerr << "klingv2a: " << to_string(error.kind()) << ": " << error.what();
    if (!error.details().advice.empty()) std::cerr << ": " << error.details().advice;
    std::cerr << "\n";
    return exit_code_of(error.kind());
  } catch (const std::exception& failure) {
    std::cerr << "klingv2a: " << failure.what() << "\n";
    return kExitOther;
  }
}

}  // namespace
}  // namespace klingv2a::cli

int main(int argc, char** argv) {
  // Whoever reads our output may go away: that is an error of the write then, told like any other.
  std::signal(SIGPIPE, SIG_IGN);
  return klingv2a::cli::run(argc, argv);
}
