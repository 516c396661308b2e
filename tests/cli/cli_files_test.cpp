// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The user's own files: links, pipes, names that are not UTF-8, one file under two names, what earlier runs have left.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "cli_run.h"
#include "klingv2a/report.h"

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
  cli::RunFacts facts{.job = job};
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

// What is not there is told alike.
TEST_F(CliFiles, CheckAndDubSayTheSameOfAMissingFile) {
  const std::string missing = folder_.file("missing.mp4");
  const ToolRun check = run({"check", missing, "--json"}), dub = run({"dub", missing, "-o", out(), "--json"});
  EXPECT_EQ(check.exit_code, 13);
  EXPECT_EQ(check.last("$.error.message"), dub.last("$.error.message"));
}

}  // namespace
}  // namespace klingv2a::test
