// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The command-line tool as a process, against a simulated service in the test. Used by the test's thread.
#pragma once

#include <gio/gio.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gobject_ptr.h"
#include "pipeline_run.h"
#include "program.h"
#include "sim_client.h"
#include "temporary_folder.h"
#include "test_clip.h"

namespace klingv2a::test {

using Environment = std::map<std::string, std::string>;

// One run that has ended.
struct ToolRun {
  int exit_code = -1;
  std::string output, errors;
  // Each line of the output; every one must be a JSON object.
  [[nodiscard]] std::vector<std::string> json_lines() const;
  // Of the last line: json_at().
  [[nodiscard]] std::string last(const std::string& path) const;
};

// One that is under way, in a process group of its own. Its output streams go to files, so that it never waits for us.
class ToolProcess {
 public:
  // `feed`: stdin is a pipe that stays open and empty until this object goes; else there is none.
  ToolProcess(const std::vector<std::string>& arguments, const Environment& environment, bool feed = false);
  ~ToolProcess();  // kills it
  ToolProcess(const ToolProcess&) = delete;
  ToolProcess& operator=(const ToolProcess&) = delete;

  void send(int signal) const { g_subprocess_send_signal(process_.get(), signal); }
  [[nodiscard]] std::string pid() const { return g_subprocess_get_identifier(process_.get()); }
  [[nodiscard]] GOutputStream* input() const { return g_subprocess_get_stdin_pipe(process_.get()); }
  // Until what it has said holds `text` so often; false when it ends before, or after 30 s.
  [[nodiscard]] bool wait_for(const std::string& text, int times = 1) const;
  // Until it has ended.
  [[nodiscard]] ToolRun wait() const;

 private:
  const TemporaryFolder folder_;
  GObjectPtr<GSubprocess> process_;
};

// A simulated service, a journal, a folder and a clip of 3 s for each test.
class Cli : public ::testing::Test {
 protected:
  using On = sim::Fault::On;
  using Do = sim::Fault::Do;
  static constexpr std::chrono::seconds kDeadline{30};
  static constexpr const char* kKey = "sim-key";

  explicit Cli(const sim::Options& options = quick_service()) : service_(options) {}

  [[nodiscard]] virtual Environment environment() const;
  [[nodiscard]] ToolRun run(const std::vector<std::string>& arguments, const Environment& more = {}) const;
  [[nodiscard]] std::unique_ptr<ToolProcess> start(const std::vector<std::string>& arguments, bool feed = false) const;
  static std::string clip() { return test_clip({.seconds = 3, .flash_frames = {20, 61}}); }
  // Another clip each, small and quick to make.
  static std::string clip(int number) { return test_clip({.seconds = 3, .flash_frames = {number}}); }
  [[nodiscard]] std::string out(const std::string& name = "out.mp4") const { return folder_.file(name); }
  [[nodiscard]] std::vector<std::string> files_in(const std::string& folder = {}) const;
  [[nodiscard]] bool posted(int times = 1) const;
  // Has the service got the last task's video? What serves it goes with the tool, and the task would fail.
  [[nodiscard]] bool fetched() const;
  // A key in the service's answers, such as task ids.
  [[nodiscard]] std::string task_id() const { return service_.paid_tasks().back().task_id; }

  const TemporaryFolder folder_;
  sim::Service service_;
};

[[nodiscard]] bool holds(const std::string& text, const std::string& part);
[[nodiscard]] int count_of(const std::string& part, const std::string& text);
[[nodiscard]] std::string text_of_file(const std::string& path);
[[nodiscard]] std::string shell(const std::string& command, const Environment& environment, int& exit_code);

}  // namespace klingv2a::test
