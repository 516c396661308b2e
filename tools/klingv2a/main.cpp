// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2a: parse, dispatch, and say what went wrong. Everything else is in the file of its name.
#include <csignal>
#include <cstdio>

#include "klingv2a/command_line.h"
#include "klingv2a/commands.h"
#include "klingv2a/exit_code.h"
#include "klingv2a/outcome.h"
#include "klingv2a/standard_streams.h"
#include "visible_text.h"

namespace klingv2a::cli {
namespace {

struct Dispatch {
  int operator()(const HelpText& help) const {
    output.write(help.text);
    return output.finish(kExitOk);
  }
  int operator()(const DubOptions& options) const { return run_dub(options, output); }
  int operator()(const CheckOptions& options) const { return run_check(options, output); }
  int operator()(const TasksOptions& options) const { return run_tasks(options, output); }

  TextSink& output;
};

int complain(const std::string& text, int exit_code) {
  (void)std::fprintf(stderr, "klingv2a: %s\n", visible(text).c_str());
  return exit_code;
}

int run(int argc, const char* const* argv) {
  StandardStreams streams;
  try {
    return std::visit(Dispatch{streams.output()}, parse_command_line(argc, argv));
  } catch (const UsageError& wrong) {
    return complain(std::string(wrong.what()) + "\nklingv2a --help says what can be typed", kExitUsage);
  } catch (const Error& error) {
    const Trouble trouble = to_trouble(error);
    return complain(trouble.kind + ": " + trouble.text, exit_code_of(trouble.kind));
  } catch (const std::exception& failure) {
    return complain(failure.what(), kExitOther);
  }
}

}  // namespace
}  // namespace klingv2a::cli

int main(int argc, char** argv) {
  // Whoever reads our output may go away, and a file may become too large (ulimit -f): those are errors of the write
  // then, reported like any other.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return klingv2a::cli::run(argc, argv);
}
