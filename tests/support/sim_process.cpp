// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sim_process.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "sim_client.h"

namespace klingv2a::test {
namespace {

constexpr std::chrono::seconds kDeadline{90};          // with sanitizers, on a loaded machine
constexpr std::chrono::milliseconds kBetweenLooks{5};  // the process has no way to wake us
constexpr std::string_view kReady = "base-url ";
constexpr std::string_view kScheme = "http://";

std::string read_line(GDataInputStream* output) {
  const GCharPtr text(g_data_input_stream_read_line(output, nullptr, nullptr, nullptr));
  return text ? text.get() : "";
}

}  // namespace

SimProcess::SimProcess(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<const char*> words{program.c_str()};
  for (const auto& argument : arguments) words.push_back(argument.c_str());
  words.push_back(nullptr);
  process_ = GObjectPtr<GSubprocess>::adopt(g_subprocess_newv(words.data(), G_SUBPROCESS_FLAGS_STDOUT_PIPE, nullptr));
  if (!process_) throw std::runtime_error("cannot start " + program);
  const auto output =
      GObjectPtr<GDataInputStream>::adopt(g_data_input_stream_new(g_subprocess_get_stdout_pipe(process_.get())));
  // It says first that it is a simulation.
  for (std::string line = read_line(output.get()); !line.empty(); line = read_line(output.get())) {
    if (!line.starts_with(kReady)) continue;
    base_url_ = line.substr(kReady.size());
    return;
  }
  throw std::runtime_error(program + " did not come up");
}

SimProcess::~SimProcess() {
  kill();
}

void SimProcess::kill() {
  g_subprocess_force_exit(process_.get());
  g_subprocess_wait(process_.get(), nullptr, nullptr);
}

std::string SimProcess::port() const {
  const auto colon = base_url_.find(':', kScheme.size());
  return base_url_.substr(colon + 1, base_url_.find('/', colon) - colon - 1);
}

std::string SimProcess::admin(const std::string& method, const std::string& path, const std::string& body) const {
  const auto host = base_url_.substr(0, base_url_.find('/', kScheme.size()));
  return http_call({method, host + path, {}, body}).body;
}

void SimProcess::add_fault(const std::string& json) const {
  const auto answer = admin("POST", "/sim/faults", json);
  if (!answer.starts_with("added")) throw std::runtime_error("no fault " + json + ": " + answer);
}

void SimProcess::clear_faults() const {
  (void)admin("DELETE", "/sim/faults", {});
}

std::string SimProcess::ledger() const {
  return admin("GET", "/sim/ledger", {});
}

int SimProcess::count(const std::string& part) const {
  const auto text = ledger();
  int found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

bool SimProcess::wait_for(const std::string& part, int wanted) const {
  const auto until = std::chrono::steady_clock::now() + kDeadline;
  while (count(part) < wanted) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return true;
}

}  // namespace klingv2a::test
