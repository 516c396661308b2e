// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The limits of names, and those that a shell sets (ulimit): what is allowed works, and what is not is an error that
// says what is lacking and leaves nothing behind.
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "cli_run.h"
#include "klingv2a/file_job.h"
#include "klingv2a/human_text.h"
#include "klingv2a/output_file.h"
#include "klingv2a/resource_limits.h"

namespace klingv2a::test {
namespace {

class CliLimits : public Cli {
 protected:
  // In a shell with a limit.
  [[nodiscard]] ToolRun limited(const std::string& limit, const std::string& name = "out.mp4") const {
    Environment all = environment();
    all["K"] = KLINGV2A_PROGRAM;
    all["IN"] = clip();
    all["OUT"] = out(name);
    const ProgramResult ran =
        run_program({"bash", "-c", "ulimit " + limit + "; exec $K dub $IN -o $OUT --json --report"}, all);
    return {ran.exit_code, ran.output, ran.errors};
  }
  // A name of so many bytes that ends in .mp4.
  static std::string name_of(std::size_t bytes, const std::string& letter) {
    constexpr std::size_t kSuffix = 4;
    std::string name;
    while (name.size() + letter.size() + kSuffix <= bytes) name += letter;
    return name + std::string(bytes - kSuffix - name.size(), 'x') + ".mp4";
  }
};

TEST_F(CliLimits, ANameMayBeAsLongAsANameCanBe) {
  for (const std::size_t bytes : {244U, 255U}) {
    for (const char* letter : {"n", "\xe2\x9c\x93"}) {
      const std::string name = name_of(bytes, letter);
      ASSERT_EQ(name.size(), bytes);
      const ToolRun ran = run({"dub", clip(), "-o", out(name), "--report", "--json"});
      EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
      EXPECT_TRUE(std::filesystem::exists(out(name)));
      const std::string report = cli::report_beside(out(name));
      EXPECT_EQ(json_at(text_of_file(report), "$.ok"), "true") << report;
      EXPECT_EQ(files_in().size(), 2U) << ::testing::PrintToString(files_in());
      std::filesystem::remove(out(name));
      std::filesystem::remove(report);
    }
  }
  EXPECT_EQ(run({"dub", clip(), "-o", out(name_of(256, "n"))}).exit_code, 22);
}

TEST_F(CliLimits, AFolderAndItsRerunTakeLongNamesToo) {
  std::filesystem::create_directory(out("in"));
  const std::string name = name_of(255, "\xc3\xa9");
  std::filesystem::copy_file(clip(), out("in/" + name));
  for (const char* counted : {"$.counts.done", "$.counts.skipped"}) {
    const ToolRun ran = run({"dub", out("in"), "--out-dir", out("done"), "--json"});
    EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
    EXPECT_EQ(ran.last(counted), "1") << ran.output;
  }
  EXPECT_EQ(service_.paid_tasks().size(), 1U);
}

TEST(LongNames, PartsAndReportsStayNames) {
  constexpr std::size_t kLongest = 255;
  const auto length = [](const std::string& path) { return std::filesystem::path(path).filename().string().size(); };
  for (std::size_t bytes = 200; bytes <= kLongest; ++bytes) {
    const std::string one = "/f/" + std::string(bytes, 'a'), other = "/f/" + std::string(bytes - 1, 'a') + "b";
    EXPECT_LE(length(cli::part_pattern(one)), kLongest);
    EXPECT_LE(length(cli::report_beside(one)), kLongest);
    EXPECT_NE(cli::report_beside(one), cli::report_beside(other)) << bytes;
    EXPECT_NE(cli::part_pattern(one), cli::part_pattern(other)) << bytes;
    EXPECT_TRUE(cli::report_beside(one).ends_with(cli::kReportSuffix));
  }
  EXPECT_EQ(cli::part_pattern("/f/out.mp4"), "/f/.out.mp4.part-XXXXXX");
  EXPECT_EQ(cli::report_beside("out.mp4"), "out.mp4.klingv2a.json");
  EXPECT_EQ(cli::cut_at_character("a\xc3\xa9", 2), "a");
  EXPECT_EQ(cli::cut_at_character("a\xc3\xa9", 3), "a\xc3\xa9");
}

// bash counts in KiB.
TEST_F(CliLimits, AFileThatMayNotGrowIsAnErrorOfTheDiskAndLeavesNothing) {
  const auto size = std::filesystem::file_size(clip());
  for (const std::uintmax_t kib : {std::uintmax_t{1}, size / 1024 / 2, size / 1024 + 1}) {
    const ToolRun ran = limited("-f " + std::to_string(kib));
    EXPECT_EQ(ran.exit_code, 22) << kib << ran.output << ran.errors;
    EXPECT_TRUE(holds(ran.last("$.error.message"), "ulimit -f")) << ran.output;
    for (const std::string& file : files_in()) EXPECT_EQ(file, "out.mp4.klingv2a.json") << "what is left";
    std::filesystem::remove(out("out.mp4.klingv2a.json"));
  }
}

TEST_F(CliLimits, WhatIsLackingIsSaidBeforePaying) {
  const std::vector<std::pair<std::string, std::string>> limits{{"-v 500000", "ulimit -v"}, {"-n 30", "ulimit -n"}};
  for (const auto& [limit, said] : limits) {
    const ToolRun ran = limited(limit);
    EXPECT_EQ(ran.exit_code, 23) << limit << ran.output << ran.errors;
    EXPECT_TRUE(holds(ran.last("$.error.message"), said)) << ran.output << ran.errors;
    EXPECT_FALSE(std::filesystem::exists(out()));
  }
  EXPECT_TRUE(service_.paid_tasks().empty());
}

TEST_F(CliLimits, ALinkThatLeadsNowhereIsRefusedBeforePaying) {
  std::filesystem::create_symlink(out("gone/x.mp4"), out("dangling.mp4"));
  std::filesystem::create_symlink(out("loop.mp4"), out("loop.mp4"));
  for (const char* name : {"dangling.mp4", "loop.mp4"}) {
    for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{{}, {"-y"}}) {
      std::vector<std::string> words{"dub", clip(), "-o", out(name), "--json"};
      words.insert(words.end(), more.begin(), more.end());
      const ToolRun ran = run(words);
      EXPECT_EQ(ran.exit_code, 22) << ran.output << ran.errors;
      EXPECT_TRUE(holds(ran.last("$.error.message"), "leads nowhere")) << ran.output;
    }
  }
  EXPECT_TRUE(service_.paid_tasks().empty());
}

// A disk of its own is mounted at `disk_`.
class CliDisk : public CliLimits {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(disk_);
    std::vector<std::string> trial = apart_;
    trial.insert(trial.end(), {"mount", "-t", "tmpfs", "tmpfs", disk_});
    if (const auto tried = run_program(trial); tried.exit_code != 0)
      GTEST_SKIP() << "no disk can be mounted: " << tried.errors;
  }
  ProgramResult dub_on(const std::string& options) const {
    Environment all = environment();
    all["K"] = KLINGV2A_PROGRAM;
    all["IN"] = clip();
    all["AT"] = disk_;
    std::vector<std::string> words = apart_;
    words.insert(words.end(),
                 {"bash", "-c", "mount -t tmpfs -o " + options + " tmpfs $AT && exec $K dub $IN -o $AT/o.mp4 --json"});
    return run_program(words, all);
  }
  const std::vector<std::string> apart_{"unshare", "--user", "--map-root-user", "--mount"};
  const std::string disk_ = out("small");
};

TEST_F(CliDisk, WhereNothingCanBeWrittenIsSaidBeforePaying) {
  // No room for all of it; not even for its beginning; no inode; read-only.
  const std::pair<const char*, const char*> disks[] = {{"size=2m", "o.mp4 may need"},
                                                       {"size=4k", "o.mp4"},
                                                       {"nr_inodes=1", "o.mp4: No space left on device"},
                                                       {"ro", "o.mp4: Read-only file system"}};
  for (const auto& [options, said] : disks) {
    const ProgramResult ran = dub_on(options);
    EXPECT_EQ(ran.exit_code, 22) << options << ran.output << ran.errors;
    EXPECT_TRUE(holds(ran.output, said)) << options << ran.output;
  }
  EXPECT_TRUE(service_.paid_tasks().empty());
}

// As a user who may do less than root, whoever runs the test.
TEST_F(CliLimits, AFolderWithoutRightsIsSaidBeforePaying) {
  namespace fs = std::filesystem;
  for (const char* name : {"closed", "home"}) fs::create_directory(out(name));
  fs::copy_file(clip(), out("in.mp4"));
  fs::permissions(folder_.path().string(), fs::perms(0755));
  fs::permissions(out("closed"), fs::perms(0555));
  std::vector<std::string> words;
  if (::geteuid() == 0) {
    constexpr uid_t kNobody = 65534;
    ASSERT_EQ(::chown(out("home").c_str(), kNobody, kNobody), 0);
    words = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
  }
  Environment all = environment();
  for (const char* name : {"HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"}) all[name] = out("home");
  std::vector<std::string> trial = words;
  trial.insert(trial.end(), {KLINGV2A_PROGRAM, "--version"});
  if (run_program(trial, all).exit_code != 0) GTEST_SKIP() << "another user cannot run what is built here";
  words.insert(words.end(), {KLINGV2A_PROGRAM, "dub", out("in.mp4"), "-o", out("closed/o.mp4"), "--json"});
  const ProgramResult ran = run_program(words, all);
  EXPECT_EQ(ran.exit_code, 22) << ran.output << ran.errors;
  EXPECT_TRUE(holds(ran.output, "closed/o.mp4: Permission denied")) << ran.output;
  EXPECT_TRUE(service_.paid_tasks().empty());
}

TEST(ResourceLimits, WhatIsGrantedIsFound) {
  EXPECT_NO_THROW(cli::check_resources(KLINGV2A_PROGRAM));
}

}  // namespace
}  // namespace klingv2a::test
