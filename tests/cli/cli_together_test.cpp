// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Two runs at once that would write to one folder, or to one file: one is at work, the other one says so, or waits.
#include <csignal>

#include "cli_folder.h"

namespace klingv2a::test {
namespace {

class CliTogether : public CliFolder {
 protected:
  CliTogether() : CliFolder(2) {}
  // A run that waits for its tasks.
  [[nodiscard]] std::unique_ptr<ToolProcess> start_and_wait(const std::vector<std::string>& all, int tasks) {
    service_.set_task_time(std::chrono::hours(1));
    auto tool = start(all);
    EXPECT_TRUE(tool->wait_for("waiting for the task", tasks));
    return tool;
  }
  void end_tasks() { service_.set_task_time(std::chrono::milliseconds(0)); }
};

TEST_F(CliTogether, SecondFolderRunIsToldWhoIsAtWorkAndBothAreGreenInTheEnd) {
  const auto first = start_and_wait(words({"--report"}), 2);
  const ToolRun second = run(words({"--report"}));
  EXPECT_EQ(second.exit_code, 15) << second.output << second.errors;
  const std::string message = second.last("$.error.message");
  EXPECT_TRUE(holds(message, "process " + first->pid() + " on " + g_get_host_name() + " since 20")) << message;
  EXPECT_TRUE(holds(message, done())) << message;
  EXPECT_EQ(second.last("$.error.retryable"), "true");
  EXPECT_EQ(second.last("$.paid"), "no");
  end_tasks();
  EXPECT_EQ(first->wait().exit_code, 0);
  EXPECT_EQ(json_at(text_of_file(done("klingv2a-report.json")), "$.counts.done"), "2");
  const ToolRun third = run(words());
  EXPECT_EQ(third.exit_code, 0) << third.output;
  EXPECT_EQ(third.last("$.counts.skipped"), "2") << third.output;
  EXPECT_EQ(service_.paid_tasks().size(), 2U);
  expect_whole();
}

TEST_F(CliTogether, SecondFolderRunWaitsWhenAsked) {
  const auto first = start_and_wait(words(), 2);
  const auto second = start(words({"--wait"}));
  ASSERT_TRUE(second->wait_for("waiting: process " + first->pid()));
  end_tasks();
  EXPECT_EQ(first->wait().exit_code, 0);
  const ToolRun ran = second->wait();
  EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.counts.skipped"), "2") << ran.output;
  EXPECT_EQ(service_.paid_tasks().size(), 2U);
}

TEST_F(CliTogether, WaitingEndsByCtrlCAndByItsTime) {
  const auto first = start_and_wait(words(), 2);
  EXPECT_EQ(run(words({"--wait=0"})).exit_code, 15);
  EXPECT_EQ(run(words({"--wait=1"})).exit_code, 15);
  const auto second = start(words({"--wait"}));
  ASSERT_TRUE(second->wait_for("waiting: process"));
  second->send(SIGINT);
  EXPECT_EQ(second->wait().exit_code, 130);
  EXPECT_EQ(run(words({"--wait=soon"})).exit_code, 2);
}

// Its workers hear of it, and end; meanwhile they may still have their outputs.
TEST_F(CliTogether, KilledRunIsInNobodysWay) {
  const auto first = start_and_wait(words(), 2);
  first->send(SIGKILL);
  EXPECT_EQ(first->wait().exit_code, 128 + SIGKILL);
  end_tasks();
  const ToolRun second = run(words());
  EXPECT_EQ(second.exit_code, 0) << second.output << second.errors;
  EXPECT_EQ(service_.paid_tasks().size(), 2U);
  expect_whole();
}

TEST_F(CliTogether, OneOutputIsWorkedOnByOneRun) {
  const std::vector<std::string> line{"dub", in(kFile), "-o", out(), "--report", "--json"};
  const auto first = start_and_wait(line, 1);
  const ToolRun second = run(line);
  EXPECT_EQ(second.exit_code, 15) << second.output << second.errors;
  EXPECT_TRUE(holds(second.last("$.error.message"), "process " + first->pid())) << second.output;
  auto with_y = line;
  with_y.insert(with_y.end(), {"-y", "--wait"});
  const auto third = start(with_y);
  ASSERT_TRUE(third->wait_for("waiting: process " + first->pid()));
  end_tasks();
  EXPECT_EQ(first->wait().exit_code, 0);
  EXPECT_EQ(third->wait().exit_code, 0);
  const std::string hash = cli::facts_of_file(out())->checksum;
  EXPECT_EQ(json_at(text_of_file(out("out.mp4.klingv2a.json")), "$.output.xxh128"), hash);
  EXPECT_EQ(service_.paid_tasks().size(), 1U);
}

TEST_F(CliTogether, OtherOutputsOfAFolderAreNobodysBusiness) {
  const auto first = start_and_wait({"dub", in(kFile), "-o", out("one.mp4")}, 1);
  end_tasks();
  EXPECT_EQ(run({"dub", in("clip-1.mp4"), "-o", out("two.mp4")}).exit_code, 0);
  EXPECT_EQ(first->wait().exit_code, 0);
}

}  // namespace
}  // namespace klingv2a::test
