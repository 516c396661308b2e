// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One video: what is written, where, and what is reported of it. The sound is paid for once for all tests here, so that
// none of them waits for a task that another one has had.
#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>

#include "cli_run.h"
#include "decoded.h"
#include "klingv2a/report.h"

namespace klingv2a::test {
namespace {

// The journal is the suite's, not the test's.
class CliDub : public Cli {
 protected:
  static void SetUpTestSuite() {
    home().emplace();
    shared_service().emplace(quick_service());
  }
  static void TearDownTestSuite() {
    shared_service().reset();
    home().reset();
  }
  static std::optional<TemporaryFolder>& home() {
    static std::optional<TemporaryFolder> folder;
    return folder;
  }
  static std::optional<sim::Service>& shared_service() {
    static std::optional<sim::Service> service;
    return service;
  }
  [[nodiscard]] Environment environment() const override {
    return {{"KLINGV2A_API_KEY", kKey},
            {"KLINGV2A_BASE_URL", shared_service()->base_url()},
            {"KLINGV2A_JOURNAL", home()->file("journal.sqlite")},
            {"XDG_CACHE_HOME", home()->file("cache")}};
  }
  ToolRun dub(const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"dub", clip(), "-o", out(name)};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  std::string probe(const std::string& file, const std::string& entries) {
    return run_program({"ffprobe", "-v", "error", "-show_entries", entries, "-of", "compact", file}).output;
  }
  int shell(const std::string& command) {
    int exit_code = -1;
    Environment all = environment();
    all["K"] = KLINGV2A_PROGRAM;
    all["IN"] = clip();
    all["DIR"] = folder_.path();
    said_ = test::shell(command, all, exit_code);
    return exit_code;
  }
  std::string said_;
};

TEST_F(CliDub, VideoIsTheSameAndTheSoundIsThere) {
  const ToolRun ran = dub("out.mp4");
  ASSERT_EQ(ran.exit_code, 0) << ran.errors;
  EXPECT_EQ(hashes(packets_of_file(out(), "qtdemux")), hashes(packets_of_file(clip(), "qtdemux")));
  EXPECT_NEAR(static_cast<double>(sound_of_file(out()).length()), 3 * 48000, 1024);
  EXPECT_EQ(files_in(), std::vector<std::string>{"out.mp4"});
  EXPECT_TRUE(holds(ran.errors, "at a service on this machine")) << ran.errors;
}

TEST_F(CliDub, SuffixChoosesTheContainer) {
  for (const auto& [name, format] : {std::pair{"out.mkv", "matroska"}, {"out.mov", "mov"}, {"out.ts", "mpegts"}}) {
    const ToolRun ran = dub(name);
    EXPECT_EQ(ran.exit_code, 0) << ran.errors;
    EXPECT_TRUE(holds(probe(out(name), "format=format_name"), format)) << name;
  }
}

TEST_F(CliDub, AudioOnlyWritesTheSoundAsWav) {
  const ToolRun ran = run({"dub", clip(), "--audio-only", out("out.wav")});
  ASSERT_EQ(ran.exit_code, 0) << ran.errors;
  EXPECT_TRUE(holds(probe(out("out.wav"), "stream=codec_type,codec_name"), "codec_type=audio"));
  EXPECT_FALSE(holds(probe(out("out.wav"), "stream=codec_type"), "video"));
  EXPECT_EQ(sound_of_file(out("out.wav")).length(), 3 * 48000);
}

TEST_F(CliDub, ExistingOutputIsRefusedUntilOverwriteIsGiven) {
  ASSERT_TRUE(g_file_set_contents(out().c_str(), "mine", -1, nullptr));
  EXPECT_EQ(dub("out.mp4").exit_code, 4) << "it exists";
  EXPECT_EQ(text_of_file(out()), "mine");
  EXPECT_EQ(dub("out.mp4", {"-y"}).exit_code, 0);
  EXPECT_GT(std::filesystem::file_size(out()), 1000U);
}

TEST_F(CliDub, JsonLinesEndWithTheResultThatIsTheReport) {
  const ToolRun ran = dub("out.mp4", {"--json", "--report", "--sound-effect-prompt", "rain", "--api-key-file",
                                      KLINGV2A_SOURCE "/../no-such-file"});
  EXPECT_EQ(ran.exit_code, 10) << "a key file that is not there";
  const ToolRun good = dub("out.mp4", {"--json", "--report"});
  ASSERT_EQ(good.exit_code, 0) << good.output << good.errors;
  EXPECT_GT(good.json_lines().size(), 3U);
  EXPECT_EQ(good.last("$.event"), "result");
  EXPECT_EQ(good.last("$.ok"), "true");
  const std::string report = text_of_file(out("out.mp4.klingv2a.json"));
  for (const char* path : {"$.ok", "$.simulated", "$.output.xxh128", "$.result.xxh128", "$.fitted.samples"})
    EXPECT_EQ(json_at(report, path), good.last(path)) << path;
  EXPECT_EQ(json_at(report, "$.result.xxh128").size(), 32U) << report;
  EXPECT_EQ(json_at(report, "$.simulated"), "false") << "nobody can tell a gateway on loopback from a simulation";
  EXPECT_EQ(json_at(report, "$.service"), "a service on this machine");
  EXPECT_EQ(json_at(report, "$.settings.mux"), "mp4");
  EXPECT_EQ(json_at(report, "$.tasks[0].task-id"), shared_service()->paid_tasks().front().task_id);
  EXPECT_NEAR(std::stod(json_at(report, "$.loudness.after-lufs")), -23, 0.3) << report;
  EXPECT_EQ(json_at(report, "$.input.xxh128"), cli::facts_of_file(clip())->checksum);
}

TEST_F(CliDub, AKeptSoundHasItsBytesAndTookNoTimeToDownload) {
  ASSERT_EQ(dub("first.mp4").exit_code, 0);
  const ToolRun kept = dub("out.mp4", {"--json"});
  EXPECT_EQ(kept.last("$.result.origin"), "kept") << kept.output;
  EXPECT_GT(std::stoi(kept.last("$.result.bytes")), 3 * 48000);
  EXPECT_GE(std::stod(kept.last("$.seconds.download")), 0);
  EXPECT_EQ(kept.last("$.paid"), "no");
}

TEST_F(CliDub, JsonGoesIntoAFile) {
  const ToolRun ran = dub("out.mp4", {"--json=" + out("events")});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.output, "");
  EXPECT_TRUE(holds(text_of_file(out("events")), "\"event\":\"result\""));
}

TEST_F(CliDub, PipeOnBothSidesTakesAndGivesMatroska) {
  EXPECT_EQ(shell("ffmpeg -v error -i $IN -c copy -f matroska - | $K dub - -o - | ffmpeg -v error -i - -c copy "
                  "$DIR/out.mkv"),
            0)
      << said_;
  const std::string streams = probe(out("out.mkv"), "stream=codec_name");
  EXPECT_TRUE(holds(streams, "h264")) << streams << said_;
  EXPECT_EQ(pictures_of_file(out("out.mkv")).size(), pictures_of_file(clip()).size());
  EXPECT_NEAR(static_cast<double>(sound_of_file(out("out.mkv")).length()), 3 * 48000, 2048);
}

TEST_F(CliDub, PipeOnBothSidesTakesAndGivesMpegTs) {
  EXPECT_EQ(shell("ffmpeg -v error -i $IN -c copy -f mpegts - | $K dub - -o - --mux ts | ffmpeg -v error -i - -c copy "
                  "$DIR/out.ts"),
            0)
      << said_;
  EXPECT_TRUE(holds(probe(out("out.ts"), "stream=codec_name"), "aac")) << said_;
}

TEST_F(CliDub, ReaderThatGoesAwayIsAnErrorOfTheDisk) {
  EXPECT_EQ(shell("$K dub $IN -o - --json=$DIR/events | true; exit ${PIPESTATUS[0]}"), 22) << said_;
  EXPECT_TRUE(holds(text_of_file(out("events")), "\"kind\":\"disk\""));
}

TEST_F(CliDub, EventsGoToStderrWhenTheOutputIsOnStdout) {
  EXPECT_EQ(shell("$K dub $IN -o - --json 2>$DIR/events >$DIR/out.mkv"), 0);
  EXPECT_TRUE(holds(text_of_file(out("events")), "\"event\":\"result\""));
  EXPECT_TRUE(holds(probe(out("out.mkv"), "format=format_name"), "matroska"));
}

TEST_F(CliDub, NoSecretIsToldOrReported) {
  const ToolRun ran =
      dub("out.mp4",
          {"--json", "--report", "--publish", "https://u:s3cret@storage.invalid/{name}.mp4?sig=s3cret",
           "--publish-public-url", "https://cdn.invalid/s3cret/{name}", "--base-url", "https://u:s3cret@api.invalid"});
  for (const std::string& text : {ran.output, ran.errors, text_of_file(out("out.mp4.klingv2a.json"))}) {
    EXPECT_FALSE(holds(text, "s3cret")) << text;
    EXPECT_FALSE(holds(text, kKey)) << text;
  }
}

TEST_F(CliDub, KeyComesFromAFile) {
  ASSERT_TRUE(g_file_set_contents(out("key").c_str(), "sim-key\n", -1, nullptr));
  const ToolRun ran = run({"dub", clip(), "-o", out(), "--api-key-file", out("key")}, {{"KLINGV2A_API_KEY", "wrong"}});
  EXPECT_EQ(ran.exit_code, 0) << ran.errors;
}

TEST_F(CliDub, CheckSaysWhatItWouldCostAndPaysNothing) {
  const auto before = shared_service()->paid_tasks().size();
  const ToolRun ran = run({"check", clip(), "--json", "--sound-effect-prompt", "a new one"});
  EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.would-pay"), "true");
  EXPECT_EQ(ran.last("$.tasks"), "1");
  EXPECT_EQ(ran.last("$.origin"), "submitted");
  EXPECT_NEAR(std::stod(ran.last("$.clip-seconds")), 3, 0.001);
  const ToolRun kept = run({"check", clip()});
  EXPECT_EQ(kept.exit_code, 0) << kept.output << kept.errors;
  EXPECT_TRUE(holds(kept.output, "none, nothing")) << kept.output;
  const ToolRun wrong = run({"check", clip(), "--sound-effect-prompt", std::string(201, 'x')});
  EXPECT_EQ(wrong.exit_code, 13);
  EXPECT_TRUE(holds(wrong.output, "200")) << wrong.output;
  EXPECT_EQ(shared_service()->paid_tasks().size(), before);
}

TEST_F(CliDub, CheckNeedsNeitherAKeyNorAWayToPublish) {
  const Environment bare{{"KLINGV2A_API_KEY", ""}, {"KLINGV2A_BASE_URL", "https://api.example.org/kling"}};
  const ToolRun ran = run({"check", clip(), "--json"}, bare);
  EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
  EXPECT_EQ(ran.last("$.would-pay"), "true");
  const ToolRun told = run({"check", clip()}, bare);
  EXPECT_TRUE(holds(told.output, "unchecked: the key")) << told.output;
  EXPECT_TRUE(holds(told.output, "--publish is not given")) << told.output;
}

TEST_F(CliDub, AVideoIsNeverReplacedByItsOwnCopy) {
  std::filesystem::copy_file(clip(), out("same.mp4"));
  const auto before = cli::facts_of_file(out("same.mp4"))->checksum;
  const ToolRun ran = run({"dub", out("same.mp4"), "-o", out("same.mp4"), "-y"});
  EXPECT_EQ(ran.exit_code, 23) << ran.errors;
  EXPECT_EQ(cli::facts_of_file(out("same.mp4"))->checksum, before);
}

TEST_F(CliDub, ASimulationPublishesNothingElsewhere) {
  const ToolRun ran =
      run({"dub", clip(), "-o", out(), "--simulate"}, {{"KLINGV2A_PUBLISH", "https://bucket.invalid/{name}.mp4"}});
  EXPECT_EQ(ran.exit_code, 0) << ran.errors;
}

// The lines of the README, as they stand there.
TEST_F(CliDub, ReadmeLinesWorkAsTyped) {
  std::filesystem::create_directory(out("clips"));
  ASSERT_TRUE(g_file_set_contents(out(".klingv2a-key").c_str(), kKey, -1, nullptr));
  for (const char* name : {"in.mp4", "clips/a.mp4"}) std::filesystem::copy_file(clip(), out(name));
  std::istringstream readme(text_of_file(KLINGV2A_SOURCE "/README.md"));
  int ran = 0;
  for (std::string line; std::getline(readme, line);) {
    const bool is_meant = line.starts_with("    ffmpeg -i in.mp4 -c copy") ||
                          line.starts_with("    klingv2a check in.mp4") ||
                          line.starts_with("    klingv2a dub clips/") || line.starts_with("    klingv2a tasks  ") ||
                          line.starts_with("    klingv2a dub in.mp4");
    if (!is_meant) continue;
    EXPECT_FALSE(holds(line, "--publish")) << "one line says it for all: " << line;
    ++ran;
    EXPECT_EQ(shell("cd $DIR; HOME=$DIR; PATH=$(dirname $K):$PATH; " + line), 0) << line << said_;
  }
  EXPECT_EQ(ran, 8);
  EXPECT_TRUE(holds(text_of_file(KLINGV2A_SOURCE "/README.md"), "    export KLINGV2A_API_KEY=… KLINGV2A_PUBLISH="));
  EXPECT_TRUE(holds(probe(out("piped.mp4"), "stream=codec_name"), "aac"));
  EXPECT_TRUE(std::filesystem::exists(out("dubbed/klingv2a-report.json")));
}

// Nothing but the program is needed: no key, no service, no real journal.
TEST_F(CliDub, SimulateNeedsNothingAndLeavesOnlyItsOwnJournal) {
  Environment none = environment();
  for (auto& [name, value] : none) value.clear();
  none["XDG_STATE_HOME"] = folder_.file("state");
  none["TMPDIR"] = folder_.path();
  const ToolRun ran = run({"dub", clip(), "-o", out(), "--simulate=0", "--report"}, none);
  ASSERT_EQ(ran.exit_code, 0) << ran.errors;
  EXPECT_TRUE(holds(ran.errors, "SIMULATION")) << ran.errors;
  EXPECT_EQ(json_at(text_of_file(out("out.mp4.klingv2a.json")), "$.simulated"), "true");
  auto names = files_in();
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"out.mp4", "out.mp4.klingv2a.json", "state"}));
}

}  // namespace
}  // namespace klingv2a::test
