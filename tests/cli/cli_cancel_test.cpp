// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Ctrl-C, wherever a run is: nothing is submitted any more, no half file is left, and what goes on at the service is
// told. It never sends EOS: that would complete a partial clip, and pay for it.
#include <csignal>
#include <filesystem>

#include "cli_run.h"

namespace klingv2a::test {
namespace {

class CliCancel : public Cli {
 protected:
  std::unique_ptr<ToolProcess> start_dub(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"dub", clip(), "-o", out()};
    words.insert(words.end(), more.begin(), more.end());
    return start(words);
  }
  void expect_cancelled(const ToolRun& ran) {
    EXPECT_EQ(ran.exit_code, 130) << ran.errors;
    EXPECT_TRUE(files_in().empty()) << ::testing::PrintToString(files_in());
  }
};

TEST_F(CliCancel, WhileTheClipComesInCostsNothing) {
  const auto tool = start({"dub", "-", "-o", out()}, true);
  const std::string clip = test_clip_bytes({.seconds = 3, .container = ClipOptions::Container::mkv});
  // The clip is not complete: the pipe stays open.
  ASSERT_TRUE(g_output_stream_write_all(tool->input(), clip.data(), clip.size() / 2, nullptr, nullptr, nullptr));
  ASSERT_TRUE(g_output_stream_flush(tool->input(), nullptr, nullptr));
  ASSERT_TRUE(tool->wait_for("taking in the clip"));
  tool->send(SIGINT);
  const ToolRun ran = tool->wait();
  expect_cancelled(ran);
  EXPECT_TRUE(holds(ran.errors, "cancelled")) << ran.errors;
  EXPECT_TRUE(service_.requests().empty());
}

TEST_F(CliCancel, WhileThePostIsOutMayHaveCost) {
  service_.add_fault({.on = On::submit, .what = Do::hang});
  const auto tool = start_dub({"--json"});
  ASSERT_TRUE(posted());
  tool->send(SIGTERM);
  const ToolRun ran = tool->wait();
  expect_cancelled(ran);
  EXPECT_EQ(ran.last("$.kind"), "cancelled");
  EXPECT_EQ(ran.last("$.error.paid"), "maybe") << ran.output;
  EXPECT_NE(ran.last("$.error.external-task-id"), "");
}

TEST_F(CliCancel, WhileATaskRunsNamesItAndTheNextRunGoesOnWithIt) {
  service_.add_fault({.on = On::submit, .what = Do::never_finish});
  {
    const auto tool = start_dub();
    ASSERT_TRUE(tool->wait_for("waiting for the task") && fetched());
    tool->send(SIGINT);
    const ToolRun ran = tool->wait();
    expect_cancelled(ran);
    EXPECT_TRUE(holds(ran.errors, "tasks fetch " + task_id())) << ran.errors;
  }
  const ToolRun next = run({"dub", clip(), "-o", out(), "--json", "--timeout", "1"});
  EXPECT_EQ(next.exit_code, 20);
  EXPECT_EQ(next.last("$.error.task-id"), task_id());
  EXPECT_EQ(service_.paid_tasks().size(), 1U);
}

TEST_F(CliCancel, WhileTheSoundIsDownloadedAndTheTerminalGoes) {
  service_.add_fault({.on = On::result, .what = Do::hang, .times = -1});
  const auto tool = start_dub();
  ASSERT_TRUE(tool->wait_for("downloading"));
  tool->send(SIGHUP);
  const ToolRun ran = tool->wait();
  expect_cancelled(ran);
  EXPECT_TRUE(holds(ran.errors, task_id())) << ran.errors;
}

// A worker that does not end cannot keep the tool from ending.
TEST_F(CliCancel, SecondCtrlCEndsAtOnce) {
  service_.add_fault({.on = On::submit, .what = Do::never_finish});
  std::filesystem::create_directory(out("in"));
  std::filesystem::copy_file(clip(), out("in/a.mp4"));
  const auto tool = start({"dub", out("in"), "--out-dir", out("done"), "--json"});
  ASSERT_TRUE(tool->wait_for("waiting for the task"));
  const std::string worker = run_program({"ps", "-o", "pid=", "--ppid", tool->pid()}).output;
  ASSERT_EQ(run_program({"bash", "-c", "kill -STOP " + worker}).exit_code, 0);
  tool->send(SIGINT);
  ASSERT_TRUE(tool->wait_for("cancelling"));
  tool->send(SIGINT);
  EXPECT_EQ(tool->wait().exit_code, 128 + SIGINT);
  (void)run_program({"bash", "-c", "kill -KILL " + worker});
}

// The simulated service goes with the tool, however that ends.
TEST_F(CliCancel, KilledToolTakesTheSimulatedServiceWithIt) {
  const auto tool = start({"dub", clip(), "-o", out(), "--simulate=60"});
  ASSERT_TRUE(tool->wait_for("waiting for the task"));
  const std::string child = run_program({"ps", "-o", "pid=", "--ppid", tool->pid()}).output;
  ASSERT_NE(child, "") << "there is no service";
  tool->send(SIGKILL);
  (void)tool->wait();
  const auto is_there = [&] {
    return run_program({"bash", "-c", "kill -0 " + child.substr(0, child.find('\n'))}).exit_code == 0;
  };
  const auto until = std::chrono::steady_clock::now() + kDeadline;
  while (is_there() && std::chrono::steady_clock::now() < until) {
  }
  EXPECT_FALSE(is_there());
}

TEST_F(CliCancel, NoKeyIsInACommandLine) {
  service_.add_fault({.on = On::submit, .what = Do::never_finish});
  std::filesystem::create_directory(out("in"));
  std::filesystem::copy_file(clip(), out("in/a.mp4"));
  ASSERT_TRUE(g_file_set_contents(out("key").c_str(), kKey, -1, nullptr));
  const auto tool = start({"dub", out("in"), "--out-dir", out("done"), "--api-key-file", out("key"), "--callback-url",
                           "https://hooks.invalid/s3cret"});
  ASSERT_TRUE(posted());
  const std::string all = run_program({"ps", "-e", "-o", "args", "--no-headers", "-ww"}).output;
  EXPECT_TRUE(holds(all, "dub --worker")) << all;
  for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end + 1) {
    end = std::min(all.find('\n', begin), all.size());
    const std::string line = all.substr(begin, end - begin);
    if (!holds(line, "--worker")) continue;
    EXPECT_FALSE(holds(line, kKey) || holds(line, "s3cret")) << line;
  }
  tool->send(SIGINT);
  EXPECT_EQ(tool->wait().exit_code, 130);
}

}  // namespace
}  // namespace klingv2a::test
