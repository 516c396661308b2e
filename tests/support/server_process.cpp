// SPDX-License-Identifier: LGPL-2.1-or-later
#include "server_process.h"

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace klingv2a::test {
namespace {

constexpr std::chrono::seconds kDeadline{60};
constexpr std::chrono::milliseconds kBetweenLooks{5};

}  // namespace

std::string contents_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

ServerProcess::ServerProcess(const std::vector<std::string>& command, const std::string& log,
                             const std::string& ready_file) {
  std::vector<const char*> words{"setpriv", "--pdeathsig", "KILL"};
  for (const std::string& word : command) words.push_back(word.c_str());
  words.push_back(nullptr);
  const auto launcher = GObjectPtr<GSubprocessLauncher>::adopt(g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE));
  g_subprocess_launcher_set_stdout_file_path(launcher.get(), "/dev/null");
  g_subprocess_launcher_set_stderr_file_path(launcher.get(), log.c_str());
  process_ = GObjectPtr<GSubprocess>::adopt(g_subprocess_launcher_spawnv(launcher.get(), words.data(), nullptr));
  if (!process_) throw std::runtime_error("cannot start " + command.front());
  const auto give_up_at = std::chrono::steady_clock::now() + kDeadline;
  while (contents_of(ready_file).empty()) {
    if (!g_subprocess_get_identifier(process_.get()) || std::chrono::steady_clock::now() > give_up_at) {
      throw std::runtime_error(command.front() + " does not come up: " + contents_of(log));
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

ServerProcess::~ServerProcess() {
  g_subprocess_force_exit(process_.get());
  g_subprocess_wait(process_.get(), nullptr, nullptr);
}

}  // namespace klingv2a::test
