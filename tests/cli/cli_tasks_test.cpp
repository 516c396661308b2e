// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The journal, for people: a task that was left running is listed, shown, fetched and forgotten, and nothing of that
// is paid.
#include <csignal>
#include <filesystem>

#include "cli_run.h"
#include "decoded.h"

namespace klingv2a::test {
namespace {

class CliTasks : public Cli {
 protected:
  // A run that is cancelled while its task is under way.
  void leave_a_task() {
    service_.set_task_time(std::chrono::hours(1));
    const auto tool = start({"dub", clip(), "-o", out(), "--sound-effect-prompt", "rain on tin"});
    ASSERT_TRUE(tool->wait_for("waiting for the task") && fetched());
    tool->send(SIGINT);
    ASSERT_EQ(tool->wait().exit_code, 130);
    ASSERT_EQ(service_.paid_tasks().size(), 1U);
  }
  void end_the_task() {
    service_.set_task_time(std::chrono::milliseconds(0));
    ASSERT_TRUE(service_.wait_until(
        [](const sim::Service& sim) { return sim.paid_tasks().front().status == "succeed"; }, kDeadline));
  }
};

TEST_F(CliTasks, LeftTaskIsListedShownFetchedAndForgotten) {
  leave_a_task();
  const ToolRun list = run({"tasks"});
  EXPECT_EQ(list.exit_code, 0) << list.errors;
  EXPECT_TRUE(holds(list.output, "submitted") && holds(list.output, task_id()) && holds(list.output, "rain on tin"))
      << list.output;
  const ToolRun json = run({"tasks", "list", "--json"});
  EXPECT_EQ(json.last("$.task-id"), task_id());
  EXPECT_NEAR(std::stod(json.last("$.clip-seconds")), 3, 0.002);
  EXPECT_EQ(run({"tasks", "show", task_id(), "--json"}).last("$.request.sound_effect_prompt"), "rain on tin");

  const std::string sound = out("sound.wav");
  const ToolRun early = run({"tasks", "fetch", task_id(), "-o", sound, "--json"});
  EXPECT_EQ(early.exit_code, 20) << early.output << early.errors;
  EXPECT_EQ(early.last("$.kind"), "still-running");
  EXPECT_FALSE(std::filesystem::exists(sound));

  end_the_task();
  const ToolRun fetched = run({"tasks", "fetch", task_id(), "-o", sound, "--json"});
  EXPECT_EQ(fetched.exit_code, 0) << fetched.output << fetched.errors;
  EXPECT_EQ(fetched.last("$.origin"), "resumed");
  EXPECT_EQ(sound_of_file(sound).length(), 3 * 48000);
  EXPECT_EQ(run({"tasks", "fetch", task_id(), "-o", sound}).exit_code, 4) << "it exists";
  const ToolRun again = run({"tasks", "fetch", task_id(), "-o", sound, "-y", "--json"});
  EXPECT_EQ(again.last("$.origin"), "kept");

  EXPECT_EQ(run({"tasks", "forget", task_id()}).exit_code, 2) << "nobody was asked";
  const ToolRun forgotten = run({"tasks", "forget", task_id(), "--yes", "--json"});
  EXPECT_EQ(forgotten.exit_code, 0);
  EXPECT_EQ(forgotten.last("$.forgotten"), task_id());
  EXPECT_TRUE(holds(run({"tasks"}).output, "no task"));
  EXPECT_EQ(run({"tasks", "show", task_id()}).exit_code, 23);
  EXPECT_EQ(service_.paid_tasks().size(), 1U);
}

// The POST went out, its answer did not come, and this gateway cannot be asked. Somebody finds the task in its console.
TEST_F(CliTasks, TaskThatWasFoundInTheConsoleIsAdoptedAndTheNextRunGoesOnWithIt) {
  service_.add_fault({.on = On::submit, .what = Do::reset, .paid = true});
  const std::vector<std::string> line{"dub", clip(), "-o", out(), "--video-id", "sim-3s", "--json"};
  const ToolRun lost = run(line);
  ASSERT_EQ(lost.exit_code, 18) << lost.output << lost.errors;
  const std::string external = lost.last("$.error.external-task-id");
  const std::string advice = lost.last("$.error.advice");
  EXPECT_TRUE(holds(advice, "klingv2a tasks adopt " + external + " TASK-ID")) << advice;
  EXPECT_TRUE(holds(advice, "console") && !holds(advice, "GET ")) << advice;
  const ToolRun again = run(line);
  EXPECT_EQ(again.exit_code, 18) << again.output;
  EXPECT_TRUE(holds(again.last("$.error.advice"), "klingv2a tasks adopt " + external)) << again.output;
  EXPECT_TRUE(holds(again.last("$.error.advice"), "resubmit")) << again.output;

  EXPECT_EQ(run({"tasks", "adopt", external, "1234567890"}).exit_code, 23) << "the service does not know it";
  EXPECT_EQ(run({"tasks", "adopt", "nobody", task_id()}).exit_code, 23) << "no such row";
  EXPECT_EQ(run({"tasks", "adopt", external, ""}).exit_code, 2);
  EXPECT_EQ(run({"tasks", "adopt", external}).exit_code, 2);
  const ToolRun adopted = run({"tasks", "adopt", external, task_id(), "--json"});
  EXPECT_EQ(adopted.exit_code, 0) << adopted.output << adopted.errors;
  EXPECT_EQ(adopted.last("$.adopted"), task_id());
  EXPECT_EQ(adopted.last("$.paid"), "no");
  EXPECT_EQ(run({"tasks", "show", task_id(), "--json"}).last("$.state"), "submitted");
  const ToolRun done = run(line);
  EXPECT_EQ(done.exit_code, 0) << done.output << done.errors;
  EXPECT_EQ(done.last("$.paid"), "no");
  EXPECT_EQ(service_.paid_tasks().size(), 1U);
}

TEST_F(CliTasks, TaskOfAnotherRowIsNotAdopted) {
  ASSERT_EQ(run({"dub", clip(40), "-o", out("other.mp4")}).exit_code, 0);
  const std::string other = task_id();
  service_.add_fault({.on = On::submit, .what = Do::reset, .paid = true});
  const ToolRun lost = run({"dub", clip(), "-o", out(), "--json"});
  ASSERT_EQ(lost.exit_code, 18) << lost.output;
  const ToolRun refused = run({"tasks", "adopt", lost.last("$.error.external-task-id"), other, "--json"});
  EXPECT_EQ(refused.exit_code, 23) << refused.output;
  EXPECT_TRUE(holds(refused.last("$.error.message"), "another row")) << refused.output;
  EXPECT_EQ(run({"tasks", "adopt", other, task_id()}).exit_code, 23) << "that row has a task";
}

// As a script types it whose variable is not set: a row that has no task_id is not meant by it.
TEST_F(CliTasks, EmptyIdMeansNoRow) {
  service_.add_fault({.on = On::submit, .what = Do::reset, .paid = true});
  ASSERT_EQ(run({"dub", clip(), "-o", out(), "--video-id", "sim-3s"}).exit_code, 18) << "a row without a task_id";
  const std::string before = run({"tasks", "list"}).output;
  for (const std::vector<std::string>& line : {std::vector<std::string>{"tasks", "forget", "", "--yes"},
                                               {"tasks", "show", ""},
                                               {"tasks", "fetch", "", "-o", out("sound.wav")}})
    EXPECT_EQ(run(line).exit_code, 2) << ::testing::PrintToString(line);
  EXPECT_EQ(count_of("\n", run({"tasks", "list"}).output), count_of("\n", before));
}

TEST_F(CliTasks, TroubleAtTheServiceHasItsExitCode) {
  leave_a_task();
  service_.add_fault({.on = On::query, .what = Do::error_code, .times = -1, .code = "5000"});
  const ToolRun ran = run({"tasks", "fetch", task_id(), "-o", out("sound.wav"), "--json"});
  EXPECT_EQ(ran.exit_code, 16) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.kind"), "service");
}

TEST_F(CliTasks, FetchWaitsWhenAsked) {
  leave_a_task();
  const auto tool = start({"tasks", "fetch", task_id(), "-o", out("sound.wav"), "--wait"});
  ASSERT_TRUE(tool->wait_for(": processing"));
  end_the_task();
  EXPECT_EQ(tool->wait().exit_code, 0);
  EXPECT_EQ(sound_of_file(out("sound.wav")).length(), 3 * 48000);
}

TEST_F(CliTasks, CancelledFetchEndsAtOnceAndLeavesNoFile) {
  leave_a_task();
  const auto tool = start({"tasks", "fetch", task_id(), "-o", out("sound.wav"), "--wait"});
  ASSERT_TRUE(tool->wait_for(": processing"));
  tool->send(SIGINT);
  EXPECT_EQ(tool->wait().exit_code, 130);
  EXPECT_TRUE(files_in().empty());
}

TEST_F(CliTasks, TaskOfALivingProcessIsNotForgotten) {
  service_.set_task_time(std::chrono::hours(1));
  const auto tool = start({"dub", clip(), "-o", out()});
  ASSERT_TRUE(tool->wait_for("waiting for the task"));
  EXPECT_TRUE(holds(run({"tasks"}).output, "in work"));
  const ToolRun forget = run({"tasks", "forget", task_id(), "--yes", "--json"});
  EXPECT_EQ(forget.exit_code, 20) << forget.output << forget.errors;
  EXPECT_EQ(run({"tasks", "fetch", task_id(), "-o", out("sound.wav")}).exit_code, 20);
  EXPECT_EQ(run({"tasks", "adopt", task_id(), "1234567890"}).exit_code, 20);
  tool->send(SIGINT);
  EXPECT_EQ(tool->wait().exit_code, 130);
}

}  // namespace
}  // namespace klingv2a::test
