// SPDX-License-Identifier: LGPL-2.1-or-later
//
// On a terminal one line is updated in place, and never wraps; elsewhere there are plain lines.
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <regex>
#include <set>

#include "cli_run.h"

namespace klingv2a::test {
namespace {

class CliTerminal : public Cli {
 protected:
  // What the tool draws on a terminal of so many columns.
  std::string on_terminal(unsigned short columns, const std::vector<std::string>& arguments) {
    winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    std::vector<std::string> words{KLINGV2A_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    int terminal = -1;
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
    if (child == 0) run_here(words);
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(terminal, buffer.data(), buffer.size())) > 0;)
      text.append(buffer.data(), static_cast<std::size_t>(got));
    ::close(terminal);
    int status = 0;
    ::waitpid(child, &status, 0);
    exit_code_ = WEXITSTATUS(status);
    return text;
  }
  [[noreturn]] void run_here(std::vector<std::string>& words) {
    for (const auto& [name, value] : environment()) ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  int exit_code_ = -1;
};

TEST_F(CliTerminal, OneLineIsUpdatedInPlaceAndNeverWraps) {
  constexpr unsigned short kColumns = 40;
  const std::string text = on_terminal(kColumns, {"dub", clip(), "-o", out()});
  EXPECT_EQ(exit_code_, 0) << text;
  std::size_t drawn = 0;
  const std::string redraw = "\r\033[K";
  for (auto at = text.find(redraw); at != std::string::npos; at = text.find(redraw, at + 1)) {
    const auto end = std::min(text.find_first_of("\r\n", at + redraw.size()), text.size());
    const std::string line = text.substr(at + redraw.size(), end - at - redraw.size());
    const bool fits = holds(line, "done in") || g_utf8_strlen(line.c_str(), -1) < kColumns;
    EXPECT_TRUE(fits) << line;
    drawn += holds(line, " %") ? 1 : 0;
  }
  EXPECT_GT(drawn, 5U) << text;
  EXPECT_TRUE(holds(text, "…")) << "cut lines say so: " << text;
  EXPECT_TRUE(holds(text, out() + ": done in")) << text;
  // The seconds go on between two polls, which are 2 s apart.
  const std::regex waits("([0-9]+) s  waiting");
  std::set<std::string> seconds;
  for (std::sregex_iterator match(text.begin(), text.end(), waits), end; match != end; ++match)
    seconds.insert((*match)[1]);
  EXPECT_GT(seconds.size(), 1U) << text;
}

// The task is refused, so that nobody waits for it.
TEST_F(CliTerminal, ElsewhereEachStepIsALineOnce) {
  service_.add_fault({.on = On::submit, .what = Do::error_code, .code = "1102"});
  const ToolRun ran = run({"dub", clip(), "-o", out()});
  EXPECT_EQ(ran.exit_code, 11);
  EXPECT_EQ(ran.errors.find('\r'), std::string::npos);
  EXPECT_EQ(ran.errors.find('\033'), std::string::npos);
  EXPECT_EQ(count_of("publishing the proxy", ran.errors), 1) << ran.errors;
  EXPECT_EQ(ran.output, "");
}

}  // namespace
}  // namespace klingv2a::test
