// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A home that is none: an error before anything is paid, for the journal would lie where no later run looks for it.
#include <filesystem>

#include "cli_run.h"

namespace klingv2a::test {
namespace {

class CliHome : public Cli {
 protected:
  // Where only HOME says where things are.
  [[nodiscard]] ToolRun run_at_home(const std::string& home, std::vector<std::string> words) const {
    return run(words, {{"HOME", home}, {"XDG_STATE_HOME", ""}, {"XDG_CACHE_HOME", ""}});
  }
};

TEST_F(CliHome, HoldsTheJournalSoThatARerunPaysNothing) {
  for (int take = 1; take <= 2; ++take) {
    const ToolRun ran = run_at_home(folder_.path(), {"dub", clip(), "-o", out(), "-y"});
    EXPECT_EQ(ran.exit_code, 0) << ran.errors;
  }
  EXPECT_EQ(service_.paid_tasks().size(), 1U);
  EXPECT_TRUE(std::filesystem::exists(folder_.file(".local/state/klingv2a/journal-simulated.sqlite")));
  EXPECT_FALSE(files_in(folder_.file(".cache/klingv2a/results-simulated")).empty());
}

TEST_F(CliHome, ThatIsNotThereIsAnErrorBeforeAnythingIsPaid) {
  const std::string missing = folder_.file("missing");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"dub", clip(), "-o", out(), "--json"}, {"tasks", "show", "x", "--json"}}) {
    const ToolRun ran = run_at_home(missing, words);
    EXPECT_EQ(ran.exit_code, 23) << ran.output << ran.errors;
    EXPECT_TRUE(holds(ran.last("$.error.message"), missing)) << ran.output;
    EXPECT_TRUE(holds(ran.last("$.error.advice"), "--journal /PATH")) << ran.output;
    EXPECT_EQ(ran.last("$.paid"), "no");
  }
  EXPECT_FALSE(std::filesystem::exists(missing));
  EXPECT_EQ(service_.count("POST", "/"), 0);
}

// The sound is delivered, and said not to be kept.
TEST_F(CliHome, IsNotNeededWhereTheJournalIsNamed) {
  const ToolRun ran =
      run_at_home(folder_.file("missing"), {"dub", clip(), "-o", out(), "--journal", folder_.file("j.sqlite")});
  EXPECT_EQ(ran.exit_code, 0) << ran.errors;
  EXPECT_TRUE(holds(ran.errors, "XDG_CACHE_HOME")) << ran.errors;
}

}  // namespace
}  // namespace klingv2a::test
