// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Several videos: one that fails does not stop the others, what is done is not done again, and no more tasks are under
// way than the account may have.
#include <csignal>
#include <filesystem>

#include "cli_run.h"

namespace klingv2a::test {
namespace {

class CliMany : public Cli {
 protected:
  CliMany() : Cli(quick_service()) {
    std::filesystem::create_directory(in());
    for (int i = 0; i < 3; ++i) std::filesystem::copy_file(clip(10 + i), in("clip-" + std::to_string(i) + ".mp4"));
  }
  [[nodiscard]] std::string in(const std::string& name = {}) const { return folder_.file("in/" + name); }
  [[nodiscard]] std::string done(const std::string& name = {}) const { return folder_.file("done/" + name); }
  ToolRun dub_folder(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"dub", in(), "--out-dir", done(), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
};

TEST_F(CliMany, OneBadFileDoesNotStopTheOthersAndARerunDoesOnlyWhatIsLeft) {
  ASSERT_TRUE(g_file_set_contents(in("clip-1.mp4").c_str(), "no video", -1, nullptr));
  const ToolRun first = dub_folder({"--jobs", "2", "--max-tasks", "1", "--report"});
  EXPECT_EQ(first.exit_code, 3) << first.output << first.errors;
  EXPECT_EQ(first.last("$.kind"), "some-failed");
  EXPECT_EQ(first.last("$.counts.done"), "2");
  EXPECT_EQ(first.last("$.counts.failed"), "1");
  EXPECT_EQ(first.last("$.files[1].kind"), "input") << first.output;
  EXPECT_EQ(json_at(text_of_file(done("klingv2a-report.json")), "$.counts.done"), "2");
  EXPECT_EQ(service_.most_in_flight(), 1) << "two processes, one limit";

  std::filesystem::copy_file(clip(11), in("clip-1.mp4"), std::filesystem::copy_options::overwrite_existing);
  const ToolRun second = run({"dub", in(), "--out-dir", done()});
  EXPECT_EQ(second.exit_code, 0) << second.errors;
  EXPECT_TRUE(holds(second.output, "1 done, 2 skipped, 0 failed")) << second.output;
  EXPECT_TRUE(holds(second.output, "skipped, done before")) << second.output;
  EXPECT_EQ(service_.paid_tasks().size(), 3U);

  // An output that somebody has changed is not taken for ours, and not overwritten.
  ASSERT_TRUE(g_file_set_contents(done("clip-0.mp4").c_str(), "mine", -1, nullptr));
  const ToolRun third = dub_folder();
  EXPECT_EQ(third.exit_code, 3);
  EXPECT_EQ(third.last("$.files[0].kind"), "exists") << third.output;
  EXPECT_EQ(text_of_file(done("clip-0.mp4")), "mine");
  EXPECT_EQ(json_at(text_of_file(done("clip-0.mp4.klingv2a.json")), "$.ok"), "true") << "the report that told it";
}

TEST_F(CliMany, ManifestGivesEachFileItsOwnPrompt) {
  const std::string manifest = in("jobs.jsonl");
  ASSERT_TRUE(g_file_set_contents(manifest.c_str(),
                                  "{\"in\":\"clip-0.mp4\",\"sound-effect-prompt\":\"rain on tin\"}\n"
                                  "{\"in\":\"clip-0.mp4\",\"out\":\"other.mkv\",\"sound-effect-prompt\":\"wind\"}\n",
                                  -1, nullptr));
  const ToolRun ran = run({"dub", manifest, "--out-dir", done(), "--json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
  ASSERT_EQ(service_.paid_tasks().size(), 2U);
  const std::string both = service_.paid_tasks()[0].body + service_.paid_tasks()[1].body;
  EXPECT_TRUE(holds(both, "rain on tin") && holds(both, "wind")) << both;
  EXPECT_TRUE(std::filesystem::exists(done("other.mkv")));
}

TEST_F(CliMany, AllThatFailAlikeGiveTheirExitCode) {
  const ToolRun ran = run({"dub", in(), "--out-dir", done(), "--json"}, {{"KLINGV2A_API_KEY", "wrong"}});
  EXPECT_EQ(ran.exit_code, 10) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.counts.failed"), "3");
  EXPECT_TRUE(files_in(done()).empty() || !std::filesystem::exists(done("clip-0.mp4")));
}

TEST_F(CliMany, ProcessThatCrashesCostsItsFileOnly) {
  service_.add_fault({.on = On::submit, .what = Do::never_finish});
  const auto tool = start({"dub", in("clip-0.mp4"), in("clip-1.mp4"), "--out-dir", done(), "--jobs", "1", "--json"});
  ASSERT_TRUE(posted());
  const std::string worker = run_program({"ps", "-o", "pid=", "--ppid", tool->pid()}).output;
  ASSERT_EQ(run_program({"bash", "-c", "kill -SEGV " + worker}).exit_code, 0) << worker;
  const ToolRun ran = tool->wait();
  EXPECT_EQ(ran.exit_code, 3) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.files[0].kind"), "other");
  EXPECT_EQ(ran.last("$.files[0].paid"), "maybe") << ran.output;
  EXPECT_EQ(ran.last("$.files[1].kind"), "ok");
}

// Its last words may be lost with it, so nobody knows that it had not come to the POST.
TEST_F(CliMany, ProcessThatIsKilledBeforeItSaysWhereItIsMayHavePaid) {
  const auto tool = start({"dub", in("clip-0.mp4"), in("clip-1.mp4"), "--out-dir", done(), "--jobs", "1", "--json"});
  ASSERT_TRUE(tool->wait_for("clip-0.mp4: begun"));
  const std::string worker = run_program({"ps", "-o", "pid=", "--ppid", tool->pid()}).output;
  ASSERT_EQ(run_program({"bash", "-c", "kill -KILL " + worker}).exit_code, 0) << worker;
  const ToolRun ran = tool->wait();
  EXPECT_EQ(ran.last("$.files[0].paid"), "maybe") << ran.output;
  EXPECT_TRUE(holds(ran.last("$.files[0].message"), "not paid again")) << ran.output;
}

TEST_F(CliMany, CtrlCIsPassedOnAndNothingMoreBegins) {
  service_.add_fault({.on = On::submit, .what = Do::never_finish, .times = -1});
  const auto tool = start({"dub", in(), "--out-dir", done(), "--jobs", "2", "--json"});
  ASSERT_TRUE(tool->wait_for("waiting for the task", 2));
  tool->send(SIGINT);
  const ToolRun ran = tool->wait();
  EXPECT_EQ(ran.exit_code, 130) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.counts.not-begun"), "1") << ran.output;
  EXPECT_EQ(ran.last("$.files[0].kind"), "cancelled") << ran.output;
  EXPECT_NE(ran.last("$.files[0].task-id"), "") << ran.output;
  EXPECT_EQ(service_.paid_tasks().size(), 2U);
}

}  // namespace
}  // namespace klingv2a::test
