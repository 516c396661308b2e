// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the command says can be acted upon by who types commands: options instead of properties, what a file is that is
// no video, what was not tried, what goes on in a folder.
#include <filesystem>
#include <fstream>
#include <regex>

#include "cli_run.h"
#include "klingv2a/input_kind.h"
#include "klingv2a/option_words.h"
#include "klingv2a/settings_table.h"

namespace klingv2a::test {
namespace {

class CliWords : public Cli {
 protected:
  [[nodiscard]] std::string write(const std::string& name, const std::string& content) const {
    EXPECT_TRUE(g_file_set_contents(out(name).c_str(), content.data(), static_cast<gssize>(content.size()), nullptr));
    return out(name);
  }
};

TEST(OptionWords, PropertiesBecomeOptions) {
  const std::vector<std::pair<std::string, std::string>> texts{
      {"set conform=auto, so that it is shown a copy", "give --conform auto, so that it is shown a copy"},
      {"set publish-check=false", "give --no-publish-check"},
      {"strict=true makes an error of it", "--strict makes an error of it"},
      {"set api-key", "set KLINGV2A_API_KEY (or --api-key-file)"},
      {"set access-key and secret-key together", "set KLINGV2A_ACCESS_KEY and KLINGV2A_SECRET_KEY together"},
      {"set timeout to at most 9", "give --timeout to at most 9"},
      {"check that publish leads to this URL", "check that --publish leads to this URL"},
      {"write another container: mux=mkv or mux=mov", "write another container: OUT.mkv or OUT.mov"},
      {"ask for the sound alone with mux=wav", "ask for the sound alone with --audio-only OUT.wav"},
      {"name the video by video-url", "name the video by --video-url"},
      {"the property publish is not set", "--publish is not set"},
      {"the journal cannot be written, another take", "the journal cannot be written, another take"},
      {"/tmp/mux=mkv/spool-dir: https://x/?publish=1", "/tmp/mux=mkv/spool-dir: https://x/?publish=1"},
      {"set publish=s3://…, connect to the signal publish-clip, or name it", "give --publish s3://…, or name it"},
      {"--conform auto and task-id 7", "--conform auto and task-id 7"},
      {"", ""},
  };
  for (const auto& [said, meant] : texts) {
    const std::string translated = cli::in_options(said);
    if (said.starts_with("the property")) {
      EXPECT_FALSE(holds(translated, "property")) << translated;
      continue;
    }
    EXPECT_EQ(translated, meant);
    EXPECT_EQ(cli::in_options(translated), translated) << "once is enough";
  }
}

// All that the core and the plugin say, as it stands in their sources.
TEST(OptionWords, NoMessageNamesAPropertyOrASignal) {
  std::string names;
  for (const cli::SettingOption& option : cli::setting_options())
    names += (names.empty() ? "" : "|") + std::string(option.property);
  const std::regex assigned("(^|[ (])(" + names + "|api-key|access-key|secret-key)=");
  const std::regex set("\\bset (" + names + "|api-key|access-key|secret-key)\\b");
  const std::regex literal("\"((?:[^\"\\\\]|\\\\.)*)\"");
  int seen = 0;
  for (const char* folder : {KLINGV2A_SOURCE "/src", KLINGV2A_SOURCE "/gst-plugin"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() != ".cpp") continue;
      std::string text = text_of_file(entry.path());
      // Adjacent literals are one text, and what comments show is no message.
      text = std::regex_replace(text, std::regex("\"\\s*\n\\s*\""), "");
      text = std::regex_replace(text, std::regex("\n \\*[^\n]*"), "\n");
      for (std::sregex_iterator at(text.begin(), text.end(), literal), end; at != end; ++at) {
        const std::string said = (*at)[1], translated = cli::in_options(said);
        if (!std::regex_search(said, assigned) && !std::regex_search(said, set)) continue;
        ++seen;
        EXPECT_FALSE(std::regex_search(translated, assigned)) << entry.path() << ": " << translated;
        EXPECT_FALSE(std::regex_search(translated, set)) << entry.path() << ": " << translated;
        EXPECT_FALSE(holds(translated, "signal")) << entry.path() << ": " << translated;
      }
    }
  }
  EXPECT_GT(seen, 15) << "the sources are read";
}

TEST_F(CliWords, ErrorsNameOptions) {
  const ToolRun no_key = run({"dub", clip(), "-o", out()}, {{"KLINGV2A_API_KEY", ""}});
  EXPECT_TRUE(holds(no_key.errors, "KLINGV2A_API_KEY") && holds(no_key.errors, "--api-key-file")) << no_key.errors;
  EXPECT_FALSE(holds(no_key.errors, "set api-key")) << no_key.errors;
  const ToolRun nowhere = run({"dub", clip(), "-o", out()}, {{"KLINGV2A_BASE_URL", "https://api.example.org/kling"}});
  EXPECT_EQ(nowhere.exit_code, 23);
  EXPECT_TRUE(holds(nowhere.errors, "--publish https://")) << nowhere.errors;
  EXPECT_FALSE(holds(nowhere.errors, "signal") || holds(nowhere.errors, "property")) << nowhere.errors;
}

TEST_F(CliWords, WhatIsNoVideoIsToldByWhatItIs) {
  const std::string png = "\x89PNG\r\n\x1a\n" + std::string("\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\b\2\0\0\0", 21);
  const std::vector<std::pair<std::string, std::string>> files{
      {write("empty.mp4", ""), "empty"},
      {write("hello.mp4", "hello\n"), "a text"},
      {write("notes.mp4", "caf\xc3\xa9 and more\nthan one line\n"), "a text"},
      {write("page.mp4", "<!DOCTYPE html><html><head><title>Just a moment</title></head></html>"), "a text"},
      {write("image.mp4", png + std::string(2000, 'x')), "a picture (image/png)"},
      {write("archive.mp4", "PK\x03\x04" + std::string(60, '\1')), "an archive (application/zip)"},
      {write("packed.mp4", "\x1f\x8b\x08" + std::string(60, '\1')), "an archive"},
      {write("paper.mp4", "%PDF-1.7\n" + std::string(60, '\1')), "a document (application/pdf)"},
  };
  for (const auto& [file, what] : files) EXPECT_TRUE(holds(cli::what_else_it_is(file), what)) << file;
  EXPECT_NE(cli::what_else_it_is(write("one.srt", "1\n00:00:01,000 --> 00:00:02,000\nHello\n")), "");
  EXPECT_EQ(cli::what_else_it_is(clip()), "");
  EXPECT_EQ(cli::what_else_it_is(write("noise.mp4", std::string("\0\xff\x01\x80", 4) + std::string(99, '\xfe'))), "");
  for (const char* command : {"dub", "check"}) {
    std::vector<std::string> words{command, out("hello.mp4"), "-o", out("new.mp4"), "--json"};
    const ToolRun ran = run(words);
    EXPECT_EQ(ran.exit_code, 13) << ran.output << ran.errors;
    EXPECT_TRUE(holds(ran.last("$.error.message"), "hello.mp4 is no video: it is a text")) << ran.output;
  }
  EXPECT_TRUE(service_.requests().empty());
}

TEST_F(CliWords, AUrlIsToldWithWhatToTypeAndWithoutItsSignature) {
  const std::string url = "https://media.example.org/in.mp4?sig=my-signature";
  const std::string manifest = write("jobs.jsonl", "{\"in\":\"" + url + "\"}\n");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"dub", url, "-o", out()},
                                             {"check", url},
                                             {"dub", url, "--out-dir", out("done")},
                                             {"dub", manifest, "--out-dir", out("done")},
                                             {"dub", url, "-o", out(), "--json"}}) {
    const ToolRun ran = run(words);
    EXPECT_TRUE(ran.exit_code == 13 || ran.exit_code == 2) << ran.exit_code;
    EXPECT_TRUE(holds(ran.output + ran.errors, "is a URL")) << ran.output << ran.errors;
    EXPECT_FALSE(holds(ran.output + ran.errors, "my-signature")) << ran.output << ran.errors;
  }
}

TEST_F(CliWords, AnOutputThatExistsHasAnExitCodeOfItsOwn) {
  (void)write("out.mp4", "mine");
  const ToolRun ran = run({"dub", clip(), "-o", out(), "--json"});
  EXPECT_EQ(ran.exit_code, 4) << ran.output;
  EXPECT_EQ(ran.last("$.kind"), "exists");
  EXPECT_EQ(ran.last("$.error.kind"), "exists");
  EXPECT_EQ(ran.last("$.exit-code"), "4");
  EXPECT_EQ(text_of_file(out()), "mine");
  EXPECT_TRUE(service_.requests().empty());
}

TEST_F(CliWords, CheckSaysWhatWasNotTried) {
  for (const char* key : {"wrong", ""}) {
    const ToolRun text = run({"check", clip()}, {{"KLINGV2A_API_KEY", key}});
    EXPECT_EQ(text.exit_code, 0) << text.output;
    EXPECT_TRUE(holds(text.output, "unchecked: the key was not tried")) << text.output;
    EXPECT_TRUE(holds(text.output, "unchecked: the service was not asked")) << text.output;
    const ToolRun json = run({"check", clip(), "--json"}, {{"KLINGV2A_API_KEY", key}});
    EXPECT_TRUE(holds(json.last("$.unchecked[0]"), "the key was not tried")) << json.output;
  }
}

TEST_F(CliWords, AFolderTellsWhatBeginsWhatIsPassedOverAndWhatFails) {
  std::filesystem::create_directories(out("in/more"));
  std::filesystem::copy_file(clip(), out("in/good.mp4"));
  (void)write("in/bad.mp4", "no video");
  (void)write("in/notes.txt", "no video");
  const ToolRun ran = run({"dub", out("in"), "--out-dir", out("done")});
  EXPECT_EQ(ran.exit_code, 3) << ran.output << ran.errors;
  for (const char* line : {"in/good.mp4: begun\n", "in/notes.txt: passed over", "in/more: passed over",
                           "good.mp4: done\n", "0 of 2 files have ended, 1 are under way"})
    EXPECT_TRUE(holds(ran.errors, line)) << line << "\n" << ran.errors;
  EXPECT_TRUE(holds(ran.errors, "good.mp4: task " + task_id() + ": submitted\n")) << ran.errors;
  EXPECT_TRUE(holds(ran.errors, "good.mp4: task " + task_id() + ": succeed\n")) << ran.errors;
  EXPECT_TRUE(holds(ran.errors, "error: " + out("in/bad.mp4") + ": input: ")) << ran.errors;
  EXPECT_FALSE(holds(ran.errors, "warning: " + out("in/bad.mp4"))) << ran.errors;
  EXPECT_LT(ran.errors.find("good.mp4: begun"), ran.errors.find(": submitted")) << ran.errors;
}

TEST_F(CliWords, WhatIsCancelledIsNotDoneToAHundredPercent) {
  service_.add_fault({.on = On::submit, .what = Do::never_finish});
  const auto tool = start({"dub", clip(), "-o", out(), "--json"});
  ASSERT_TRUE(tool->wait_for("waiting for the task"));
  tool->send(SIGINT);
  const ToolRun ran = tool->wait();
  EXPECT_EQ(ran.exit_code, 130);
  EXPECT_FALSE(holds(ran.output, "\"percent\":100")) << ran.output;
}

// A name that would be shown backwards, or move the cursor.
TEST_F(CliWords, WhatIsUnseenInANameIsShown) {
  for (const auto& [name, shown] :
       std::vector<std::pair<std::string, std::string>>{{"a\u202Egpm.mp4", "a<U+202E>gpm.mp4"},
                                                        {"b\u200B.mp4", "b<U+200B>.mp4"},
                                                        {"c\x1b[31m.mp4", "c<U+001B>[31m.mp4"}}) {
    const ToolRun ran = run({"check", folder_.file(name)});
    EXPECT_TRUE(holds(ran.output + ran.errors, shown)) << ran.output << ran.errors;
    EXPECT_FALSE(holds(ran.output + ran.errors, name)) << ran.output << ran.errors;
  }
}

}  // namespace
}  // namespace klingv2a::test
