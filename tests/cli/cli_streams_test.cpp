// SPDX-License-Identifier: LGPL-2.1-or-later
//
// stdout is for what the command has to say, and what cannot be written is no success: full disks, readers that go
// away, streams that are closed, and libraries that print.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>

#include "cli_run.h"
#include "klingv2a/exit_code.h"
#include "klingv2a/output_file.h"
#include "klingv2a/text_sink.h"

namespace klingv2a::test {
namespace {

class CliStreams : public Cli {
 protected:
  // As typed into bash, where $K is the tool, $IN a clip and $DIR the test's folder; ended after 40 s.
  ToolRun typed(const std::string& command, const Environment& more = {}) const {
    Environment all = environment();
    all["K"] = KLINGV2A_PROGRAM;
    all["IN"] = clip();
    all["DIR"] = folder_.path();
    for (const auto& [name, value] : more) all[name] = value;
    const ProgramResult ran = run_program({"timeout", "40", "bash", "-c", command}, all);
    return {ran.exit_code, ran.output, ran.errors};
  }
  void expect_disk(const std::string& command) const {
    const ToolRun ran = typed(command);
    EXPECT_EQ(ran.exit_code, 22) << command << ran.output << ran.errors;
    EXPECT_TRUE(holds(ran.errors, "cannot write")) << command << ran.errors;
  }
};

TEST_F(CliStreams, WhatCannotBeWrittenToStdoutIsNoSuccess) {
  ASSERT_EQ(run({"dub", clip(), "-o", out("first.mp4")}).exit_code, 0) << "a row for tasks";
  for (const char* command : {"--help", "--version", "dub --help", "tasks --help", "tasks", "tasks --json", "check $IN",
                              "check $IN --json", "dub $IN -o $DIR/json.mp4 --json"})
    for (const char* where : {">/dev/full", ">&-"}) {
      expect_disk("$K " + std::string(command) + " " + where);
      std::filesystem::remove(folder_.file("json.mp4"));
    }
  EXPECT_EQ(typed("$K dub $IN -o - > /dev/full").exit_code, 22);
  EXPECT_EQ(typed("$K dub $IN -o - --json > $DIR/out.mkv 2> /dev/full").exit_code, 22);
  expect_disk("mkdir -p $DIR/in; cp $IN $DIR/in; $K dub $DIR/in --out-dir $DIR/done > /dev/full");
}

TEST_F(CliStreams, ARunWhoseEventsCannotBeWrittenKeepsItsOutput) {
  expect_disk("$K dub $IN -o $DIR/out.mp4 --json=/dev/full");
  EXPECT_TRUE(std::filesystem::exists(out()));
  EXPECT_EQ(service_.paid_tasks().size(), 1U);
}

TEST_F(CliStreams, AReaderThatGoesAwayIsTold) {
  for (const char* command : {"--help", "tasks --help", "check $IN --json"}) {
    const ToolRun ran = typed("$K " + std::string(command) + " | true; echo ${PIPESTATUS[0]}");
    EXPECT_TRUE(ran.output == "22\n" || ran.output == "0\n") << ran.output << "it may have been quicker";
  }
  const ToolRun gone = typed("$K check $IN --json | head -c 1 > /dev/null; echo ${PIPESTATUS[0]}");
  EXPECT_EQ(gone.output, "22\n") << gone.errors;
}

TEST_F(CliStreams, AReportThatCannotLieThereIsFoundBeforePaying) {
  expect_disk("$K dub $IN -o $DIR/out.mp4 --report=/dev/full");
  expect_disk("$K dub $IN -o /dev/full");
  EXPECT_TRUE(service_.paid_tasks().empty());
  struct stat status {};
  ASSERT_EQ(::stat("/dev/full", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode)) << "it has been replaced";
}

// README's own advice must not spoil what programs read.
TEST_F(CliStreams, NothingThatLibrariesPrintIsOnStdout) {
  const Environment loud{{"G_MESSAGES_DEBUG", "all"}, {"GST_DEBUG", "3"}, {"GST_DEBUG_FILE", "-"}};
  for (const char* command : {"check $IN --json", "dub $IN -o $DIR/out.mp4 --json -y", "tasks list --json"}) {
    const ToolRun ran = typed("$K " + std::string(command), loud);
    EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
    EXPECT_FALSE(ran.json_lines().empty()) << "each line is a JSON object";
    const bool says_much = !std::string_view(command).starts_with("tasks");
    EXPECT_TRUE(!says_much || holds(ran.errors, "DEBUG")) << command;
  }
  const ToolRun video = typed("$K dub $IN -o - --take 1", loud);
  EXPECT_EQ(video.exit_code, 0) << video.errors;
  EXPECT_EQ(video.output.substr(0, 4), "\x1a\x45\xdf\xa3");
  const ToolRun many = typed("mkdir -p $DIR/in; cp $IN $DIR/in; $K dub $DIR/in --out-dir $DIR/done --json", loud);
  EXPECT_EQ(many.exit_code, 0) << many.output;
  EXPECT_EQ(many.last("$.counts.done"), "1");
  const ToolRun simulated = typed("$K dub $IN -o $DIR/sim.mp4 --json --simulate=1", loud);
  EXPECT_EQ(simulated.exit_code, 0) << simulated.errors;
  EXPECT_EQ(simulated.last("$.simulated"), "true");
}

TEST_F(CliStreams, ClosedStreamsDoNoHarm) {
  const ToolRun ran = typed("$K dub $IN -o $DIR/out.mp4 <&- >&- 2>&-");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(out()));
}

TEST(TextSink, RemembersTheFirstFailure) {
  cli::TextSink full(::open("/dev/full", O_WRONLY | O_CLOEXEC), "the device");
  full.write("");
  EXPECT_EQ(cli::TextSink(::open("/dev/null", O_WRONLY | O_CLOEXEC), "nothing").finish(3), 3);
  full.write("text");
  EXPECT_EQ(full.finish(cli::kExitOk), cli::exit_code_of(ErrorKind::disk));
  cli::TextSink closed(-1, "none");
  closed.write("text");
  EXPECT_EQ(closed.finish(cli::kExitUsage), cli::kExitUsage) << "what went wrong first counts";
}

}  // namespace
}  // namespace klingv2a::test
