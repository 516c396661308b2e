// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The user's own files: links, pipes, names that are not UTF-8, one file under two names, what earlier runs have left.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "cli_run.h"
#include "error.h"
#include "klingv2a/output_check.h"
#include "klingv2a/output_file.h"
#include "klingv2a/report.h"
#include "raw_server.h"

namespace klingv2a::test {
namespace {

class CliFiles : public Cli {
 protected:
  [[nodiscard]] std::string in(const std::string& name = "in.mp4") const {
    const std::string path = folder_.file(name);
    if (!std::filesystem::exists(path)) std::filesystem::copy_file(clip(), path);
    return path;
  }
  // As typed into bash, where $K is the tool and $DIR the test's folder; ended after 10 s.
  ToolRun typed(const std::string& command) const {
    return to_run(run_program({"timeout", "10", "bash", "-c", command}, with(environment())));
  }
  [[nodiscard]] std::size_t paid() const { return service_.paid_tasks().size(); }

 private:
  static ToolRun to_run(const ProgramResult& ended) { return {ended.exit_code, ended.output, ended.errors}; }
  [[nodiscard]] Environment with(Environment all) const {
    all["K"] = KLINGV2A_PROGRAM;
    all["DIR"] = folder_.path();
    return all;
  }
};

TEST_F(CliFiles, ALinkIsDubbedLikeWhatItLeadsTo) {
  std::filesystem::create_symlink(clip(), folder_.file("link.mp4"));
  const ToolRun ran = run({"dub", folder_.file("link.mp4"), "-o", out(), "--json", "--report"});
  EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.input.xxh128"), cli::facts_of_file(clip())->checksum);
}

TEST_F(CliFiles, AHashThatFailsIsAWarningAndNoFailure) {
  const std::string file = in();
  const cli::FileJob job{.in = folder_.file("gone.mp4"), .out = file};
  cli::RunReport facts{.job = job};
  cli::hash_files(facts, file);
  EXPECT_TRUE(facts.outcome.ok());
  ASSERT_EQ(facts.outcome.warnings.size(), 1U);
  EXPECT_TRUE(holds(facts.outcome.warnings.front().text, "gone.mp4"));
  EXPECT_TRUE(facts.output.has_value());
}

TEST_F(CliFiles, ANameThatIsNotUtf8IsDubbedToldAndDoneBefore) {
  std::filesystem::create_directory(folder_.file("clips"));
  (void)in("clips/caf\xe9.mp4");
  const std::vector<std::string> words{"dub", folder_.file("clips"), "--out-dir", folder_.file("done"), "--json"};
  for (const char* counted : {"$.counts.done", "$.counts.skipped"}) {
    const ToolRun ran = run(words);
    EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
    EXPECT_EQ(ran.last(counted), "1") << ran.output;
    EXPECT_TRUE(g_utf8_validate(ran.output.c_str(), -1, nullptr));
  }
  EXPECT_TRUE(std::filesystem::exists(folder_.file("done/caf\xe9.mp4")));
  EXPECT_EQ(run({words[0], words[1], words[2], words[3]}).exit_code, 0) << "the table, too";
  EXPECT_EQ(paid(), 1U);
}

// A worker gets its settings byte by byte: another journal would be one that knows nothing of what was paid.
TEST_F(CliFiles, AJournalWhoseNameIsNotUtf8IsTheWorkersToo) {
  const std::string journal = folder_.file("journal\xe9.sqlite");
  const ToolRun ran = run({"dub", in(), "--out-dir", folder_.file("done"), "--journal", journal});
  EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
  EXPECT_TRUE(holds(run({"tasks", "--journal", journal}).output, task_id()));
}

TEST_F(CliFiles, NothingIsWrittenOverAnotherFileOfTheRun) {
  const std::string video = in(), before = cli::facts_of_file(video)->checksum, link = folder_.file("link.mp4");
  std::filesystem::create_symlink(video, link);
  const std::string events = folder_.file("events.json"), key = folder_.file("key");
  ASSERT_TRUE(g_file_set_contents(key.c_str(), "sim-key\n", -1, nullptr));
  const std::vector<std::vector<std::string>> lines{
      {"--json=" + video},
      {"--json=" + link},
      {"--report=" + video},
      {"--json=" + out()},
      {"--json=" + folder_.file("x/../out.mp4")},
      {"--report=" + out()},
      {"--json=" + events, "--report=" + events},
      {"--report", "--json=" + out("out.mp4.klingv2a.json")},
      {"--json=" + key, "--api-key-file=" + key},
  };
  for (const auto& more : lines) {
    std::vector<std::string> words{"dub", video, "-o", out(), "-y"};
    words.insert(words.end(), more.begin(), more.end());
    const ToolRun ran = run(words);
    EXPECT_EQ(ran.exit_code, 23) << ::testing::PrintToString(more) << ran.output << ran.errors;
    EXPECT_EQ(cli::facts_of_file(video)->checksum, before) << ::testing::PrintToString(more);
  }
  EXPECT_EQ(text_of_file(key), "sim-key\n");
  EXPECT_EQ(run({"check", video, "--json=" + video}).exit_code, 23);
  EXPECT_EQ(cli::facts_of_file(video)->checksum, before);
  EXPECT_TRUE(service_.requests().empty());
}

TEST_F(CliFiles, SeveralVideosAreNotWrittenOverEither) {
  std::filesystem::create_directory(folder_.file("clips"));
  const std::string video = in("clips/a.mp4"), before = cli::facts_of_file(video)->checksum;
  const std::string manifest = folder_.file("jobs.jsonl"), line = R"({"in":"clips/a.mp4"})";
  ASSERT_TRUE(g_file_set_contents(manifest.c_str(), line.c_str(), -1, nullptr));
  const std::vector<std::vector<std::string>> lines{
      {folder_.file("clips"), "--json=" + video},
      {folder_.file("clips"), "--report=" + video},
      {folder_.file("clips"), "--report=" + folder_.file("done/a.mp4")},
      {manifest, "--json=" + manifest},
      {manifest, "--report=" + manifest},
  };
  for (const auto& more : lines) {
    std::vector<std::string> words{"dub", "--out-dir", folder_.file("done"), "-y"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(run(words).exit_code, 23) << ::testing::PrintToString(more);
    EXPECT_EQ(cli::facts_of_file(video)->checksum, before) << ::testing::PrintToString(more);
    EXPECT_EQ(text_of_file(manifest), line);
  }
  EXPECT_TRUE(service_.requests().empty());
}

// ---- OUT changes between the start and the POST

class CliLater : public CliFiles {
 protected:
  // What happens while the proxy is published, which takes a second try.
  [[nodiscard]] ToolRun dub_while(const std::string& out, const std::function<void()>& happens) {
    store_.add(reply(503, "later", "Retry-After: 1\r\n"));
    store_.set_default(reply(201, ""));
    const auto running =
        start({"dub", clip(), "-o", out, "--json", "--no-publish-check", "--publish", store_.url("/{name}.mp4")});
    EXPECT_TRUE(store_.wait_for_requests(1, kDeadline));
    happens();
    return running->wait();
  }
  RawServer store_;
};

TEST_F(CliLater, AFolderThatHasGoneIsFoundBeforePaying) {
  std::filesystem::create_directory(out("later"));
  const ToolRun ran = dub_while(out("later/o.mp4"), [&] { std::filesystem::remove_all(out("later")); });
  EXPECT_EQ(ran.exit_code, 22) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.error.paid"), "no") << ran.output;
  EXPECT_TRUE(holds(ran.output, "later/o.mp4")) << ran.output;
  EXPECT_EQ(service_.paid_tasks().size(), 0U);
}

TEST_F(CliLater, AFileThatSomebodyHasMadeThereStays) {
  const ToolRun ran = dub_while(out(), [&] { std::ofstream(out()) << "mine"; });
  EXPECT_EQ(ran.exit_code, 4) << ran.output << ran.errors;
  EXPECT_EQ(text_of_file(out()), "mine");
  EXPECT_EQ(service_.paid_tasks().size(), 0U);
}

TEST_F(CliLater, WhatIsAsItWasIsPaid) {
  const ToolRun ran = dub_while(out(), [] {});
  EXPECT_EQ(service_.paid_tasks().size(), 1U) << ran.output << ran.errors;
}

TEST(OutputCheck, RoomThatIsNotThereIsNamed) {
  const TemporaryFolder folder;
  const std::string path = folder.file("o.mp4");
  cli::OutputFile file(path, false);
  cli::OutputCheck good(path, file.part(), false, 1000), large(path, file.part(), false, std::uint64_t{1} << 60U);
  EXPECT_EQ(good.check_again(), "");
  EXPECT_NO_THROW(good.throw_found());
  EXPECT_NE(large.check_again(), "");
  EXPECT_THROW(large.throw_found(), Error);
}

TEST_F(CliFiles, APlaceWhereNoReportCanLieIsFoundBeforePaying) {
  const ToolRun one = run({"dub", in(), "-o", out(), "--json", "--report=" + folder_.file("no/such/report.json")});
  EXPECT_EQ(one.exit_code, 22) << one.output << one.errors;
  EXPECT_EQ(one.last("$.kind"), "disk") << one.output;
  const ToolRun folder = run({"dub", in(), "-o", out(), "--json", "--report=" + folder_.path().string()});
  EXPECT_EQ(folder.exit_code, 22) << folder.output << folder.errors;
  const ToolRun many = run({"dub", in(), "--out-dir", out("done"), "--json", "--report=" + in() + "/report.json"});
  EXPECT_EQ(many.exit_code, 22) << many.output << many.errors;
  EXPECT_TRUE(service_.requests().empty());
}

TEST_F(CliFiles, AReportThatCannotBeWrittenInTheEndLeavesTheOutputDone) {
  service_.set_task_time(std::chrono::hours(1));
  const std::string place = folder_.file("reports");
  for (const bool many : {false, true}) {
    std::filesystem::create_directory(place);
    std::vector<std::string> words{"dub",           in(), "--json", "--report=" + place + "/report.json", "--take",
                                   many ? "1" : "0"};
    words.insert(words.end(), {many ? "--out-dir" : "-o", many ? folder_.file("done") : out()});
    const auto tool = start(words);
    ASSERT_TRUE(tool->wait_for("waiting for the task") && fetched());
    std::filesystem::remove_all(place);
    service_.set_task_time(std::chrono::milliseconds(0));
    const ToolRun ran = tool->wait();
    EXPECT_EQ(ran.exit_code, 22) << ran.output << ran.errors;
    EXPECT_EQ(ran.last("$.event"), "result") << ran.output;
    EXPECT_EQ(ran.last("$.exit-code"), "22") << ran.output;
    EXPECT_TRUE(holds(ran.output, "\"event\":\"warning\"")) << ran.output;
    EXPECT_EQ(ran.last(many ? "$.counts.done" : "$.ok"), many ? "1" : "true") << ran.output;
    EXPECT_TRUE(std::filesystem::exists(many ? folder_.file("done/in.mp4") : out()));
    service_.set_task_time(std::chrono::hours(1));
  }
}

TEST_F(CliFiles, APipeByNameIsRefusedWithWhatToTypeInstead) {
  ASSERT_EQ(::mkfifo(folder_.file("ff").c_str(), 0600), 0);
  for (const char* command : {"$K dub $DIR/ff -o $DIR/out.mp4", "$K check $DIR/ff",
                              "$K dub <(sleep 20) -o $DIR/out.mp4", "$K dub /dev/zero -o $DIR/out.mp4"}) {
    const ToolRun ran = typed(command);
    EXPECT_EQ(ran.exit_code, 13) << command << ran.output << ran.errors;
    EXPECT_NE(holds(ran.output + ran.errors, "- < "), holds(command, "zero")) << ran.output << ran.errors;
  }
  EXPECT_TRUE(service_.requests().empty());
  const ToolRun good = typed("cat " + in() + " >$DIR/ff & $K dub - -o $DIR/out.mkv < $DIR/ff");
  EXPECT_EQ(good.exit_code, 0) << good.output << good.errors;
}

// What is not there is reported alike.
TEST_F(CliFiles, CheckAndDubSayTheSameOfAMissingFile) {
  const std::string missing = folder_.file("missing.mp4");
  const ToolRun check = run({"check", missing, "--json"}), dub = run({"dub", missing, "-o", out(), "--json"});
  EXPECT_EQ(check.exit_code, 13);
  EXPECT_EQ(check.last("$.error.message"), dub.last("$.error.message"));
}

// A gateway on loopback takes real money, and nothing tells it from a simulation but --simulate.
TEST_F(CliFiles, TasksOfAServiceOnThisMachineCountAsPaid) {
  const ToolRun ran = run({"dub", in(), "-o", out(), "--json"});
  EXPECT_EQ(ran.last("$.paid"), "yes") << ran.output;
  EXPECT_EQ(ran.last("$.money.paid-tasks"), "1");
  EXPECT_EQ(ran.last("$.simulated"), "false");
  const ToolRun many = run({"dub", in(), "--out-dir", folder_.file("done"), "--take", "1"});
  EXPECT_TRUE(holds(many.output, "about 0.035 USD")) << many.output;
}

TEST_F(CliFiles, SimulationOfSeveralVideosSaysSo) {
  const ToolRun ran =
      run({"dub", in(), "--out-dir", folder_.file("done"), "--simulate=0", "--json"}, {{"KLINGV2A_BASE_URL", ""}});
  EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.simulated"), "true");
  EXPECT_EQ(ran.last("$.estimate-usd"), "0.0");
  EXPECT_EQ(ran.last("$.files[0].paid"), "no");
  EXPECT_EQ(json_at(text_of_file(folder_.file("done/in.mp4.klingv2a.json")), "$.service"), "simulated");
}

TEST_F(CliFiles, TheLastJsonLineIsTheResultAlsoWhenNothingHasBegun) {
  std::filesystem::create_directory(folder_.file("empty"));
  std::filesystem::create_directory(folder_.file("other"));
  const std::string manifest = folder_.file("jobs.jsonl");
  ASSERT_TRUE(g_file_set_contents(manifest.c_str(), "no json", -1, nullptr));
  struct Line {
    std::vector<std::string> words;
    std::string kind, code;
  };
  const std::vector<Line> lines{
      {{"dub", manifest, "--out-dir", out("done")}, "usage", "2"},
      {{"dub", folder_.file("empty"), "--out-dir", out("done")}, "usage", "2"},
      {{"dub", in(), in("other/in.mp4"), "--out-dir", out("done")}, "usage", "2"},
      {{"dub", in(), "-o", out(), "--api-key-file", "/no/key"}, "credentials", "10"},
      {{"dub", in(), "-o", in(), "-y"}, "settings", "23"},
      {{"check", in(), "--api-key-file", "/no/key"}, "credentials", "10"},
      {{"tasks", "show", "no-such-task"}, "settings", "23"},
      {{"tasks", "forget", "no-such-task"}, "settings", "23"},
  };
  for (const Line& line : lines) {
    std::vector<std::string> words = line.words;
    words.emplace_back("--json");
    const ToolRun ran = run(words);
    EXPECT_EQ(std::to_string(ran.exit_code), line.code) << ::testing::PrintToString(words) << ran.output << ran.errors;
    EXPECT_EQ(ran.last("$.event"), "result") << ::testing::PrintToString(words);
    EXPECT_EQ(ran.last("$.kind"), line.kind) << ran.output;
    EXPECT_EQ(ran.last("$.exit-code"), line.code) << ran.output;
    EXPECT_EQ(ran.last("$.error.paid"), "no");
  }
}

TEST_F(CliFiles, AFolderThatCannotBeReadIsTroubleOfTheInput) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads every folder";
  std::filesystem::create_directory(folder_.file("shut"));
  ASSERT_EQ(::chmod(folder_.file("shut").c_str(), 0), 0);
  const ToolRun ran = run({"dub", folder_.file("shut"), "--out-dir", out("done"), "--json"});
  EXPECT_EQ(ran.exit_code, 13) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.kind"), "input");
}

TEST_F(CliFiles, WhatAKilledRunHasLeftIsRemovedAndWhatALivingOneWritesIsKept) {
  const std::string left = folder_.file(".out.mp4.part-abcdef"), living = folder_.file(".out.mp4.part-ghijkl");
  const std::string other = folder_.file(".out.mp4.partial");
  for (const std::string& file : {left, living, other})
    ASSERT_TRUE(g_file_set_contents(file.c_str(), "x", -1, nullptr));
  const int fd = ::open(living.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(fd, LOCK_EX), 0);
  const ToolRun ran = run({"dub", in(), "-o", out()});
  EXPECT_EQ(ran.exit_code, 0) << ran.errors;
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_TRUE(std::filesystem::exists(living));
  EXPECT_TRUE(std::filesystem::exists(other));
  ::close(fd);
}

TEST_F(CliFiles, AKilledRunsOwnPartIsRemovedByTheNext) {
  service_.set_task_time(std::chrono::hours(1));
  {
    const auto tool = start({"dub", in(), "-o", out()});
    ASSERT_TRUE(tool->wait_for("waiting for the task") && fetched());
    const ToolRun while_it_lives = run({"dub", folder_.file("nowhere.mp4"), "-o", out()});
    EXPECT_EQ(while_it_lives.exit_code, 15);
    EXPECT_EQ(files_in().size(), 3U) << "its part and its lock are kept: " << ::testing::PrintToString(files_in());
  }
  EXPECT_EQ(files_in().size(), 3U) << "killed";
  EXPECT_EQ(run({"dub", folder_.file("nowhere.mp4"), "-o", out()}).exit_code, 13);
  EXPECT_EQ(files_in(), std::vector<std::string>{"in.mp4"});
}

TEST_F(CliFiles, AFolderThatIsNotThereIsNoVideoWithoutAName) {
  const ToolRun ran = run({"dub", folder_.file("missing/"), "--out-dir", folder_.file("done"), "--json"});
  EXPECT_EQ(ran.exit_code, 13) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.event"), "result");
  EXPECT_FALSE(std::filesystem::exists(folder_.file("done")));
}

TEST_F(CliFiles, SilenceInsteadOfASoundShowsInTheSummary) {
  service_.add_fault({.on = On::submit, .what = Do::fail_task, .times = -1, .message = "too dark"});
  const ToolRun ran = run({"dub", in(), "--out-dir", out("done"), "--on-failure", "silence", "--json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.files[0].state"), "silence") << ran.output;
  EXPECT_TRUE(holds(ran.last("$.files[0].message"), "too dark")) << ran.output;
  EXPECT_EQ(ran.last("$.counts.silence"), "1");
  const ToolRun told = run({"dub", in(), "--out-dir", out("again"), "--on-failure", "silence", "--take", "1"});
  EXPECT_TRUE(holds(told.output, "1 with silence instead of a sound")) << told.output;
}

}  // namespace
}  // namespace klingv2a::test
