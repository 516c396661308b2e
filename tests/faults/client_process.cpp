// SPDX-License-Identifier: LGPL-2.1-or-later
#include "client_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace klingv2a::test {
namespace {

constexpr const char* kLongestRun = "120";  // seconds
constexpr std::chrono::seconds kLongestWay{60};
constexpr int kBetweenLooksMs = 20;  // at what it has done: it cannot wake us

// An instrumented plugin needs the sanitizer's library first.
std::string preloads() {
  const char* sanitizer = g_getenv("KLINGV2A_TEST_PRELOAD");
  return (sanitizer && *sanitizer ? std::string(sanitizer) + ":" : "") + KLINGV2A_FAULT_POINTS ":" KLINGV2A_CLOCK_SHIFT;
}

int make_fifo(const std::string& path) {
  ::unlink(path.c_str());
  // Both ways, so that neither side has to wait for the other one to open it.
  const int fd = ::mkfifo(path.c_str(), S_IRUSR | S_IWUSR) == 0 ? ::open(path.c_str(), O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) throw std::runtime_error("no FIFO " + path);
  return fd;
}

std::string contents_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

ClientProcess::ClientProcess(const std::vector<std::string>& command, std::map<std::string, std::string> environment,
                             std::string folder, const std::string& below, const Point& point)
    : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  for (const char* file : {"/points", "/said"}) std::filesystem::remove(folder_ + file);
  reached_ = make_fifo(folder_ + "/fifo.reached");
  go_ = make_fifo(folder_ + "/fifo.go");
  environment["LD_PRELOAD"] = preloads();
  environment["KLINGV2A_TEST_POINTS_BELOW"] = below;
  environment["KLINGV2A_TEST_POINTS_LIST"] = folder_ + "/points";
  if (point.what != Point::Do::nothing) environment["KLINGV2A_TEST_POINTS_AT"] = point.at;
  if (point.what == Point::Do::hold) environment["KLINGV2A_TEST_POINTS_FIFOS"] = folder_ + "/fifo";
  environment["KLINGV2A_TEST_POINTS_NTH"] = std::to_string(point.nth);
  if (const char* options = g_getenv("ASAN_OPTIONS"); options && *options)
    environment["ASAN_OPTIONS"] = std::string(options) + ":detect_leaks=0";

  const auto launcher =
      GObjectPtr<GSubprocessLauncher>::adopt(g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDERR_MERGE));
  g_subprocess_launcher_set_stdout_file_path(launcher.get(), (folder_ + "/said").c_str());
  for (const auto& [name, value] : environment)
    g_subprocess_launcher_setenv(launcher.get(), name.c_str(), value.c_str(), TRUE);
  std::vector<const char*> words{"timeout", "--kill-after=5", kLongestRun};
  for (const std::string& word : command) words.push_back(word.c_str());
  words.push_back(nullptr);
  process_ = GObjectPtr<GSubprocess>::adopt(g_subprocess_launcher_spawnv(launcher.get(), words.data(), nullptr));
  if (!process_) throw std::runtime_error("cannot start gst-launch-1.0");
}

ClientProcess::~ClientProcess() {
  wake();
  // Its guardian hands this on, and kills what does not listen.
  g_subprocess_send_signal(process_.get(), SIGTERM);
  g_subprocess_wait(process_.get(), nullptr, nullptr);
  ::close(reached_);
  ::close(go_);
}

bool ClientProcess::wait_until_held() {
  const auto give_up_at = std::chrono::steady_clock::now() + kLongestWay;
  pollfd descriptor{.fd = reached_, .events = POLLIN, .revents = 0};
  while (::poll(&descriptor, 1, kBetweenLooksMs) == 0)
    if (has_ended() || std::chrono::steady_clock::now() > give_up_at) return false;
  return true;
}

void ClientProcess::go_on() const {
  (void)!::write(go_, "g", 1);
}

// timeout(1) leads a process group of its own.
void ClientProcess::signal_group(int number) const {
  if (!has_ended()) ::kill(-std::atoi(g_subprocess_get_identifier(process_.get())), number);
}

void ClientProcess::stand_still() const {
  signal_group(SIGSTOP);
}

void ClientProcess::wake() const {
  signal_group(SIGCONT);
}

int ClientProcess::wait() {
  g_subprocess_wait(process_.get(), nullptr, nullptr);
  if (g_subprocess_get_if_signaled(process_.get())) return 128 + g_subprocess_get_term_sig(process_.get());
  return g_subprocess_get_exit_status(process_.get());
}

std::string ClientProcess::said() const {
  return contents_of(folder_ + "/said");
}

std::vector<std::string> ClientProcess::points() const {
  std::ifstream file(folder_ + "/points");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

int ClientProcess::passed(const std::string& part) const {
  return static_cast<int>(
      std::ranges::count_if(points(), [&](const std::string& line) { return line.find(part) != std::string::npos; }));
}

bool ClientProcess::wait_until_passed(const std::string& part, int times) const {
  const auto give_up_at = std::chrono::steady_clock::now() + kLongestWay;
  while (passed(part) < times) {
    if (has_ended() || std::chrono::steady_clock::now() > give_up_at) return false;
    ::poll(nullptr, 0, kBetweenLooksMs);
  }
  return true;
}

}  // namespace klingv2a::test
