// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli_run.h"

#include <json-glib/json-glib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace klingv2a::test {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{5};

// Ctrl-C is for a group: the test's own must not get it.
void in_a_group_of_its_own(gpointer) {
  ::setpgid(0, 0);
}

}  // namespace

std::vector<std::string> ToolRun::json_lines() const {
  std::vector<std::string> lines;
  std::istringstream text(output);
  for (std::string line; std::getline(text, line);) {
    const std::unique_ptr<JsonNode, Deleter<json_node_unref>> node(json_from_string(line.c_str(), nullptr));
    EXPECT_TRUE(node && JSON_NODE_HOLDS_OBJECT(node.get())) << line;
    lines.push_back(line);
  }
  return lines;
}

std::string ToolRun::last(const std::string& path) const {
  const auto lines = json_lines();
  return lines.empty() ? "" : json_at(lines.back(), path);
}

ToolProcess::ToolProcess(const std::vector<std::string>& arguments, const Environment& environment, bool feed) {
  const auto launcher = GObjectPtr<GSubprocessLauncher>::adopt(
      g_subprocess_launcher_new(feed ? G_SUBPROCESS_FLAGS_STDIN_PIPE : G_SUBPROCESS_FLAGS_NONE));
  for (const auto& [name, value] : environment)
    g_subprocess_launcher_setenv(launcher.get(), name.c_str(), value.c_str(), TRUE);
  g_subprocess_launcher_set_stdout_file_path(launcher.get(), folder_.file("stdout").c_str());
  g_subprocess_launcher_set_stderr_file_path(launcher.get(), folder_.file("stderr").c_str());
  g_subprocess_launcher_set_child_setup(launcher.get(), in_a_group_of_its_own, nullptr, nullptr);
  std::vector<const char*> words{KLINGV2A_PROGRAM};
  for (const std::string& argument : arguments) words.push_back(argument.c_str());
  words.push_back(nullptr);
  process_ = GObjectPtr<GSubprocess>::adopt(g_subprocess_launcher_spawnv(launcher.get(), words.data(), nullptr));
  if (!process_) throw std::runtime_error("the tool does not start");
}

ToolProcess::~ToolProcess() {
  g_subprocess_force_exit(process_.get());
  g_subprocess_wait(process_.get(), nullptr, nullptr);
}

bool ToolProcess::wait_for(const std::string& text, int times) const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const auto said = [this] { return text_of_file(folder_.file("stdout")) + text_of_file(folder_.file("stderr")); };
  while (count_of(text, said()) < times) {
    if (std::chrono::steady_clock::now() > until || !g_subprocess_get_identifier(process_.get())) return false;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return true;
}

ToolRun ToolProcess::wait() const {
  g_subprocess_wait(process_.get(), nullptr, nullptr);
  constexpr int kSignals = 128;
  const int status = g_subprocess_get_status(process_.get());
  return {WIFSIGNALED(status) ? kSignals + WTERMSIG(status) : WEXITSTATUS(status), text_of_file(folder_.file("stdout")),
          text_of_file(folder_.file("stderr"))};
}

Environment Cli::environment() const {
  return {{"KLINGV2A_API_KEY", kKey}, {"KLINGV2A_BASE_URL", service_.base_url()}};
}

ToolRun Cli::run(const std::vector<std::string>& arguments, const Environment& more) const {
  std::vector<std::string> words{KLINGV2A_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  Environment all = environment();
  for (const auto& [name, value] : more) all[name] = value;
  const ProgramResult result = run_program(words, all);
  return {result.exit_code, result.output, result.errors};
}

std::unique_ptr<ToolProcess> Cli::start(const std::vector<std::string>& arguments, bool feed) const {
  return std::make_unique<ToolProcess>(arguments, environment(), feed);
}

std::vector<std::string> Cli::files_in(const std::string& folder) const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.empty() ? folder_.path().string() : folder))
    names.push_back(entry.path().filename().string());
  return names;
}

bool Cli::posted(int times) const {
  return service_.wait_until([times](const sim::Service& sim) { return sim.count("POST", "/") >= times; }, kDeadline);
}

bool Cli::fetched() const {
  const auto is_fetched = [](const sim::Service& sim) {
    const auto tasks = sim.paid_tasks();
    return !tasks.empty() && !tasks.back().video_sha256.empty();
  };
  return service_.wait_until(is_fetched, kDeadline);
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

int count_of(const std::string& part, const std::string& text) {
  int found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

std::string text_of_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string shell(const std::string& command, const Environment& environment, int& exit_code) {
  const ProgramResult result = run_program({"bash", "-c", "set -o pipefail; " + command}, environment);
  exit_code = result.exit_code;
  return result.output + result.errors;
}

}  // namespace klingv2a::test
