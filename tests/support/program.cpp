// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.h"

#include <glib.h>
#include <sys/wait.h>

#include <memory>
#include <stdexcept>

#include "gobject_ptr.h"

namespace klingv2a::test {
namespace {

using StringsPtr = std::unique_ptr<char*, Deleter<g_strfreev>>;

StringsPtr environment_with(const std::map<std::string, std::string>& more) {
  StringsPtr environment(g_get_environ());
  for (const auto& [name, value] : more)
    environment.reset(g_environ_setenv(environment.release(), name.c_str(), value.c_str(), TRUE));
  return environment;
}

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

std::vector<std::string> split(const std::string& command_line) {
  int count = 0;
  char** raw = nullptr;
  if (!g_shell_parse_argv(command_line.c_str(), &count, &raw, nullptr)) throw std::runtime_error(command_line);
  const StringsPtr words(raw);
  return {raw, raw + count};
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& arguments,
                          const std::map<std::string, std::string>& environment, std::chrono::seconds deadline) {
  // coreutils ends a program that does not come back, so that no test hangs.
  std::vector<std::string> all{"timeout", "--kill-after=5", std::to_string(deadline.count())};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& argument : all) argv.push_back(argument.data());
  argv.push_back(nullptr);
  char *output = nullptr, *errors = nullptr;
  int status = 0;
  GError* error = nullptr;
  g_spawn_sync(nullptr, argv.data(), environment_with(environment).get(), G_SPAWN_SEARCH_PATH, nullptr, nullptr,
               &output, &errors, &status, &error);
  const GCharPtr owned_output(output), owned_errors(errors);
  const GErrorPtr owned_error(error);
  if (error) throw std::runtime_error(error->message);
  return {exit_code_of(status), output, errors};
}

ProgramResult gst_launch(const std::string& command_line, const std::map<std::string, std::string>& environment,
                         std::chrono::seconds deadline) {
  auto all = environment;
  // An instrumented plugin needs the sanitizer's library from the start. What a program that is not instrumented leaks
  // by itself is not ours to judge.
  const char* preload = g_getenv("KLINGV2A_TEST_PRELOAD");
  const char* options = g_getenv("ASAN_OPTIONS");
  if (preload && *preload) all["LD_PRELOAD"] = preload;
  if (options && *options) all["ASAN_OPTIONS"] = std::string(options) + ":detect_leaks=0";
  return run_program(split("gst-launch-1.0 " + command_line), all, deadline);
}

}  // namespace klingv2a::test
