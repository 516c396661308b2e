// SPDX-License-Identifier: LGPL-2.1-or-later
//
// --simulate keeps its journal, so that everything that the real one promises can be tried: a rerun, a resume, tasks.
// It never touches the real one.
#include <csignal>
#include <filesystem>

#include "cli_run.h"

namespace klingv2a::test {
namespace {

class CliSimulate : public Cli {
 protected:
  // No service, no key, no journal but its own.
  [[nodiscard]] Environment environment() const override {
    return {{"KLINGV2A_API_KEY", ""}, {"KLINGV2A_BASE_URL", ""}, {"XDG_STATE_HOME", folder_.file("state")}};
  }
  [[nodiscard]] ToolRun dub(const std::string& name, const std::string& how = "--simulate=0") const {
    return run({"dub", clip(), "-o", out(name), how, "--json"});
  }
  [[nodiscard]] std::string state(const std::string& name) const { return folder_.file("state/klingv2a/" + name); }
  // Nobody has its ledger.
  [[nodiscard]] bool service_is_gone() const {
    return run_program({"flock", "-n", state("simulation/ledger"), "true"}).exit_code == 0;
  }
};

TEST_F(CliSimulate, RerunAsksForNothing) {
  const ToolRun first = dub("one.mp4");
  ASSERT_EQ(first.exit_code, 0) << first.output << first.errors;
  EXPECT_EQ(first.last("$.stats.simulated-tasks"), "1");
  EXPECT_EQ(first.last("$.stats.origin"), "submitted");
  EXPECT_TRUE(service_is_gone());
  const ToolRun second = dub("two.mp4");
  ASSERT_EQ(second.exit_code, 0) << second.output << second.errors;
  EXPECT_EQ(second.last("$.stats.origin"), "kept");
  EXPECT_EQ(second.last("$.stats.simulated-tasks"), "0");
  EXPECT_EQ(second.last("$.settings.max-kept-bytes"), "") << "nobody has set it";
  for (const ToolRun& ran : {first, second}) {
    EXPECT_EQ(ran.last("$.money.paid-tasks"), "0");
    EXPECT_EQ(ran.last("$.stats.paid-tasks"), "") << "one word, one meaning";
    EXPECT_EQ(ran.last("$.paid"), "no");
  }
  const ToolRun third = run({"dub", clip(), "-o", out("three.mp4"), "--simulate"});
  EXPECT_TRUE(holds(third.errors, "no task was asked for, as it was there")) << third.errors;
  EXPECT_FALSE(std::filesystem::exists(state("journal.sqlite")));
  EXPECT_FALSE(std::filesystem::exists(state("journal-simulated.sqlite")));
}

TEST_F(CliSimulate, AfreshNothingIsKnown) {
  ASSERT_EQ(dub("one.mp4").exit_code, 0);
  const ToolRun fresh = dub("two.mp4", "--simulate-fresh");
  EXPECT_EQ(fresh.exit_code, 0) << fresh.output << fresh.errors;
  EXPECT_EQ(fresh.last("$.stats.origin"), "submitted");
  EXPECT_EQ(run({"tasks", "list", "--simulate", "--json"}).json_lines().size(), 1U);
}

TEST_F(CliSimulate, CancelledTaskIsListedAndTheNextRunGoesOnWithIt) {
  const auto tool = start({"dub", clip(), "-o", out(), "--simulate=3600"});
  ASSERT_TRUE(tool->wait_for("waiting for the task"));
  EXPECT_EQ(run({"dub", clip(40), "-o", out("x.mp4"), "--simulate-fresh"}).exit_code, 15) << "it is in use";
  tool->send(SIGINT);
  const ToolRun cancelled = tool->wait();
  EXPECT_EQ(cancelled.exit_code, 130) << cancelled.errors;
  const std::string id = run({"tasks", "--simulate", "--json"}).last("$.task-id");
  ASSERT_NE(id, "");
  EXPECT_TRUE(holds(cancelled.errors, "klingv2a tasks fetch " + id + " -o sound.wav --wait --simulate"))
      << cancelled.errors;
  EXPECT_EQ(run({"tasks", "show", id, "--simulate", "--json"}).last("$.state"), "submitted");
  const ToolRun again = dub("out.mp4");
  EXPECT_EQ(again.exit_code, 0) << again.output << again.errors;
  EXPECT_EQ(again.last("$.stats.origin"), "resumed");
  EXPECT_EQ(run({"tasks", "fetch", id, "-o", out("sound.wav"), "--simulate"}).exit_code, 0);
  EXPECT_EQ(run({"tasks", "adopt", id, "1", "--simulate"}).exit_code, 23) << "it has a task";
  EXPECT_EQ(run({"tasks", "forget", id, "--yes", "--simulate"}).exit_code, 0);
  EXPECT_TRUE(run({"tasks", "--simulate", "--json"}).json_lines().empty());
  EXPECT_EQ(run({"tasks", "--simulate", "--journal", "/x"}).exit_code, 2);
}

TEST_F(CliSimulate, TwoAtOnceUseOneService) {
  const auto first = start({"dub", clip(), "-o", out("one.mp4"), "--simulate=3600"});
  ASSERT_TRUE(first->wait_for("processing")) << "the service has its video";
  const auto second = start({"dub", clip(40), "-o", out("two.mp4"), "--simulate"});
  ASSERT_TRUE(second->wait_for("waiting for the task"));
  first->send(SIGKILL);  // who has started the service
  (void)first->wait();
  second->send(SIGINT);
  EXPECT_EQ(second->wait().exit_code, 130);
  // It looks for users now and then. Who comes before it has ended finds it, and its tasks take an hour.
  ASSERT_EQ(run_program({"flock", "-w", "30", state("simulation/ledger"), "true"}).exit_code, 0);
  EXPECT_EQ(run({"tasks", "--simulate", "--json"}).json_lines().size(), 2U);
  const ToolRun again = dub("one.mp4");
  EXPECT_EQ(again.exit_code, 0) << again.output << again.errors;
}

}  // namespace
}  // namespace klingv2a::test
