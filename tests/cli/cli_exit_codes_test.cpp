// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Every exit code, provoked (`service` and `cancelled` in cli_tasks_test and cli_cancel_test); the last JSON line says
// the same, and what it cost.
#include "cli_run.h"
#include "klingv2a/exit_code.h"

namespace klingv2a::test {
namespace {

class CliExitCodes : public Cli {
 protected:
  // By reference: the service knows a video of 3 s, and nothing is published.
  ToolRun dub(const std::vector<std::string>& more = {}, const Environment& environment = {}) {
    std::vector<std::string> words{"dub", clip(), "-o", out(), "--json", "--video-id", "sim-3s"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words, environment);
  }
  void expect(const ToolRun& ran, ErrorKind kind, const std::string& paid = "no") {
    EXPECT_EQ(ran.exit_code, cli::exit_code_of(kind)) << ran.output << ran.errors;
    EXPECT_EQ(ran.last("$.event"), "result");
    EXPECT_EQ(ran.last("$.kind"), to_string(kind)) << ran.output;
    EXPECT_EQ(ran.last("$.exit-code"), std::to_string(cli::exit_code_of(kind)));
    EXPECT_EQ(ran.last("$.error.paid"), paid) << ran.output;
    EXPECT_EQ(ran.last("$.paid"), paid) << ran.output;
    EXPECT_TRUE(files_in().empty()) << "a half file is left: " << ::testing::PrintToString(files_in());
  }
  void refuse(const char* code, int times = 1) {
    service_.add_fault({.on = On::submit, .what = Do::error_code, .times = times, .code = code});
  }
};

TEST_F(CliExitCodes, Credentials) {
  expect(dub({}, {{"KLINGV2A_API_KEY", "wrong"}}), ErrorKind::credentials);
  expect(dub({}, {{"KLINGV2A_API_KEY", ""}}), ErrorKind::credentials);
}

TEST_F(CliExitCodes, Billing) {
  refuse("1102");
  expect(dub(), ErrorKind::billing);
}

TEST_F(CliExitCodes, Permission) {
  refuse("1103");
  expect(dub(), ErrorKind::permission);
}

TEST_F(CliExitCodes, Input) {
  expect(dub({"--sound-effect-prompt", std::string(201, 'x')}), ErrorKind::input);
  expect(run({"dub", folder_.file("nowhere.mp4"), "-o", out(), "--json"}), ErrorKind::input);
  expect(run({"dub", KLINGV2A_SOURCE "/README.md", "-o", out(), "--json"}), ErrorKind::input);
}

TEST_F(CliExitCodes, Content) {
  refuse("1301");
  expect(dub(), ErrorKind::content);
}

TEST_F(CliExitCodes, Busy) {
  service_.add_fault({.on = On::submit, .what = Do::error_code, .times = -1, .code = "1303", .retry_after = "2"});
  expect(dub({"--timeout", "1"}), ErrorKind::busy);
}

TEST_F(CliExitCodes, Network) {
  expect(dub({"--base-url", "http://127.0.0.1:1", "--timeout", "5"}), ErrorKind::network);
}

TEST_F(CliExitCodes, UnknownOutcome) {
  service_.add_fault({.on = On::submit, .what = Do::reset, .paid = true});
  expect(dub(), ErrorKind::unknown_outcome, "maybe");
}

TEST_F(CliExitCodes, TaskFailedAndTheServiceSaysWhy) {
  service_.add_fault({.on = On::submit, .what = Do::fail_task, .message = "too dark"});
  const ToolRun ran = dub();
  expect(ran, ErrorKind::task_failed, "yes");
  EXPECT_TRUE(holds(ran.last("$.error.message"), "too dark"));
  EXPECT_EQ(ran.last("$.error.task-id"), task_id());
}

TEST_F(CliExitCodes, StillRunning) {
  service_.add_fault({.on = On::submit, .what = Do::never_finish});
  const ToolRun ran = dub({"--timeout", "1"});
  expect(ran, ErrorKind::still_running, "yes");
  EXPECT_EQ(ran.last("$.error.task-id"), task_id());
}

TEST_F(CliExitCodes, ResultThatIsNoSound) {
  service_.add_fault({.on = On::result, .what = Do::corrupt, .times = -1});
  expect(dub(), ErrorKind::result, "yes");
}

TEST_F(CliExitCodes, Disk) {
  const ToolRun ran = run({"dub", clip(), "-o", folder_.file("no/such/folder/out.mp4"), "--json"});
  expect(ran, ErrorKind::disk);
  expect(dub({"--spool-dir", "/proc"}), ErrorKind::disk);
}

TEST_F(CliExitCodes, Settings) {
  expect(dub({"--base-url", "ftp://127.0.0.1/kling"}), ErrorKind::settings);
  expect(run({"dub", clip(), "-o", out(), "--json", "--publish", "gopher://x"}), ErrorKind::settings);
}

// Where the plugin is not found, the tool says where it was looked for.
TEST_F(CliExitCodes, SettingsWithoutAPlugin) {
  const std::string alone = folder_.file("klingv2a");
  ASSERT_EQ(run_program({"cp", KLINGV2A_PROGRAM, alone}).exit_code, 0);
  const ProgramResult ran =
      run_program({alone, "dub", clip(), "-o", out()}, {{"GST_PLUGIN_PATH_1_0", "/nowhere"},
                                                        {"GST_REGISTRY", folder_.file("registry")},
                                                        {"KLINGV2A_API_KEY", kKey},
                                                        {"KLINGV2A_BASE_URL", service_.base_url()}});
  EXPECT_EQ(ran.exit_code, cli::exit_code_of(ErrorKind::settings)) << ran.errors;
  EXPECT_TRUE(holds(ran.errors, "/nowhere")) << ran.errors;
}

}  // namespace
}  // namespace klingv2a::test
