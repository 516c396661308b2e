// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The same folder over and over, whatever the run before has left, killed at any point: a rerun ends well, pays nothing
// twice, and no report ever says something else than what lies beside it. Two at once: cli_together_test.cpp.
#include <csignal>
#include <filesystem>

#include "cli_folder.h"
#include "klingv2a/hidden_name.h"
#include "klingv2a/work_lock.h"
#include "put_server.h"

namespace klingv2a::test {
namespace {

namespace fs = std::filesystem;

// ---- one after the other, whatever the one before has left

// The video lies in a store that outlives the client: with serve:// a task is made of nothing when its client is killed
// before the service has fetched.
class CliAgain : public CliFolder {
 protected:
  CliAgain() { always_ = {"--publish", store_.publish()}; }
  // Killed while the POST was out, a run leaves a task that may exist or not, and this service gives no list of tasks.
  // The user looks, and says which.
  void ask_the_console() {
    const ToolRun ran = run(words());
    if (ran.exit_code != 18) return;
    const auto tasks = service_.paid_tasks();
    if (tasks.empty()) {
      EXPECT_EQ(run(words({"--on-unknown", "resubmit"})).exit_code, 0);
    } else {
      EXPECT_EQ(run({"tasks", "adopt", tasks.front().external_task_id, tasks.front().task_id}).exit_code, 0);
    }
  }

 private:
  PutServer store_;
};

class CliLeft : public CliFolder {
 protected:
  void SetUp() override {
    ASSERT_EQ(run(words()).exit_code, 0);
    before_ = text_of_file(done(kFile));
  }
  void expect_green_and_untouched() {
    expect_green();
    EXPECT_TRUE(text_of_file(done(kFile)) == before_) << "the output was written again";
  }
  std::string before_;
};

TEST_F(CliLeft, NothingIsSkipped) {
  expect_green_and_untouched();
}

// As the loser of a race wrote it over the winner's.
TEST_F(CliLeft, ReportOfAFailureBesideAWholeOutput) {
  write(report(), R"({"ok":false,"kind":"settings","exit-code":23,"error":{"kind":"settings","message":"exists"},)"
                  R"("output":{"xxh128":"00000000000000000000000000000000"}})");
  expect_green_and_untouched();
}

TEST_F(CliLeft, NoReport) {
  fs::remove(report());
  expect_green_and_untouched();
}

TEST_F(CliLeft, ReportThatIsNone) {
  for (const char* text : {"", "{\"ok\":true}", "no JSON \xff"}) {
    write(report(), text);
    expect_green_and_untouched();
  }
}

TEST_F(CliLeft, ReportWithoutItsName) {
  fs::rename(report(), cli::hidden_name(report(), "report"));
  expect_green_and_untouched();
}

TEST_F(CliLeft, HiddenReportOfSomethingElse) {
  write(cli::hidden_name(report(), "report"), R"({"ok":true,"output":{"xxh128":"0"}})");
  fs::remove(report());
  expect_green_and_untouched();
}

TEST_F(CliLeft, NoOutput) {
  fs::remove(done(kFile));
  expect_green();
}

TEST_F(CliLeft, PartsAndLocks) {
  fs::remove(report());
  write(done(std::string(".") + kFile + ".part-AbCdEf"), "half");
  write(cli::lock_of_folder(done()), "process 1 on elsewhere since ever\n");
  write(cli::lock_of_output(done(kFile)), "");
  expect_green_and_untouched();
}

// It could be had for nothing, and is another one.
TEST_F(CliLeft, OutputOfSomebodyElse) {
  for (const std::string& text : {std::string("mine"), std::string(), text_of_file(clip(40))}) {
    write(done(kFile), text);
    const std::string told = text_of_file(report());
    const ToolRun ran = run(words());
    EXPECT_NE(ran.exit_code, 0);
    EXPECT_TRUE(holds(ran.last("$.files[0].message"), "exists")) << ran.output;
    EXPECT_TRUE(text_of_file(done(kFile)) == text) << "it was written over";
    EXPECT_EQ(text_of_file(report()), told);
  }
  EXPECT_EQ(service_.paid_tasks().size(), 1U);
}

// Nobody can say whether it is this job's without paying.
TEST_F(CliLeft, OutputWithoutAReportIsNotPaidForAgain) {
  fs::remove(report());
  const ToolRun ran = run(words({"--take", "1"}));
  EXPECT_NE(ran.exit_code, 0);
  EXPECT_TRUE(holds(ran.last("$.files[0].message"), "exists")) << ran.output;
  EXPECT_EQ(service_.paid_tasks().size(), 1U);
  EXPECT_TRUE(text_of_file(done(kFile)) == before_);
}

TEST_F(CliLeft, FailureLeavesTheReportOfTheOutputThatIsThere) {
  const ToolRun ran = run({"dub", in(kFile), "-o", done(kFile), "-y", "--report", "--take", "2", "--json"},
                          {{"KLINGV2A_API_KEY", "wrong"}});
  EXPECT_EQ(ran.exit_code, 10) << ran.output << ran.errors;
  expect_whole();
}

// ---- killed

TEST_F(CliAgain, KilledAtAnyPointItGoesOn) {
  int killed = 0;
  for (const char* event : {"proxy", "submit", "\"task\"", "download", "file-result"}) {
    const auto tool = start(words());
    if (tool->wait_for(event)) ++killed;
    tool->send(SIGKILL);
    EXPECT_NE(tool->wait().exit_code, 15);
  }
  EXPECT_GE(killed, 1);
  ask_the_console();
  expect_green();
}

}  // namespace
}  // namespace klingv2a::test
