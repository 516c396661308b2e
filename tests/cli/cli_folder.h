// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A folder of clips and a folder of what came of them.
#pragma once

#include <filesystem>

#include "cli_run.h"
#include "klingv2a/report.h"

namespace klingv2a::test {

class CliFolder : public Cli {
 protected:
  static constexpr const char* kFile = "clip-0.mp4";
  explicit CliFolder(int clips = 1) : Cli(quick_service()) {
    std::filesystem::create_directory(in());
    for (int i = 0; i < clips; ++i) std::filesystem::copy_file(clip(10 + i), in("clip-" + std::to_string(i) + ".mp4"));
  }
  [[nodiscard]] std::string in(const std::string& name = {}) const { return folder_.file("in/" + name); }
  [[nodiscard]] std::string done(const std::string& name = {}) const { return folder_.file("done/" + name); }
  [[nodiscard]] std::string report() const { return done(std::string(kFile) + ".klingv2a.json"); }
  [[nodiscard]] std::vector<std::string> words(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all{"dub", in(), "--out-dir", done(), "--json"};
    all.insert(all.end(), always_.begin(), always_.end());
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static void write(const std::string& file, const std::string& text) {
    ASSERT_TRUE(g_file_set_contents(file.c_str(), text.c_str(), static_cast<gssize>(text.size()), nullptr));
  }
  // All is there, and the report is the output's.
  void expect_whole() const {
    EXPECT_EQ(json_at(text_of_file(report()), "$.ok"), "true");
    const std::string hash = cli::facts_of_file(done(kFile))->checksum;
    EXPECT_EQ(json_at(text_of_file(report()), "$.output.xxh128"), hash);
    for (const std::string& name : files_in(done())) EXPECT_NE(name.front(), '.') << name << " was left behind";
  }
  void expect_green() {
    const ToolRun ran = run(words());
    EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
    EXPECT_EQ(ran.last("$.counts.failed"), "0");
    expect_whole();
    EXPECT_EQ(service_.paid_tasks().size(), 1U);
  }

  std::vector<std::string> always_;  // options of every run over the folder
};

}  // namespace klingv2a::test
