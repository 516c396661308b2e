// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What can be typed, and where it is written down: help, man page, completion and README say the same.
#include <array>
#include <set>

#include "cli_run.h"
#include "klingv2a/exit_code.h"
#include "klingv2a/manifest.h"
#include "klingv2a/settings_table.h"
#include "klingv2a/suggestion.h"

namespace klingv2a::test {
namespace {

class CliUsage : public Cli {};

std::set<std::string> long_options(const std::string& help) {
  std::set<std::string> found;
  for (auto at = help.find("--"); at != std::string::npos; at = help.find("--", at + 2)) {
    const auto end = help.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at + 2);
    if (end > at + 3) found.insert(help.substr(at, end - at));
  }
  return found;
}

TEST_F(CliUsage, WrongCommandLinesEndWith2AndSayWhatIsWrong) {
  const std::vector<std::vector<std::string>> lines{
      {},
      {"dub"},
      {"dub", "in.mp4"},
      {"dub", "in.mp4", "-o", "out.mp4", "--no-such-option"},
      {"dub", "a.mp4", "b.mp4", "-o", "out.mp4"},
      {"dub", "in.mp4", "-o", "-", "--mux", "mp4"},
      {"dub", "in.mp4", "-o", "out.mp4", "--audio-only", "out.wav"},
      {"dub", "in.mp4", "-o", "out.mp4", "--loudness", "loud"},
      {"dub", "in.mp4", "-o", "out.mp4", "--simulate", "--base-url", "http://127.0.0.1:1"},
      {"dub", "in.mp4", "-o", "out.mp4", "--api-key", "secret"},
      {"dub", "-", "--out-dir", "out"},
      {"tasks", "show"},
      {"tasks", "fetch", "1"},
  };
  for (const auto& line : lines) {
    const ToolRun ran = run(line);
    EXPECT_EQ(ran.exit_code, cli::kExitUsage) << ::testing::PrintToString(line) << ran.errors;
    EXPECT_TRUE(holds(ran.errors, "klingv2a: ")) << ran.errors;
  }
  EXPECT_TRUE(service_.requests().empty());
}

// A name promises what is in the file: nothing is written that its suffix does not say.
TEST_F(CliUsage, AnOutputThatCannotBeWrittenIsRefusedWithWhatCan) {
  const std::string videos = ".mp4, .m4v, .mov, .mkv, .webm, .ts, .m2ts, .mts";
  struct Line {
    std::vector<std::string> words;
    std::string said;
  };
  const std::vector<Line> lines{
      {{"dub", clip(), "-o", out("x.avi")}, videos},
      {{"dub", clip(), "-o", out("x.MP3")}, videos},
      {{"dub", clip(), "-o", out("x.mp4.bak")}, videos},
      {{"dub", clip(), "-o", out("x.avi"), "--mux", "mp4"}, ".mp4, .m4v"},
      {{"dub", clip(), "-o", out("x.mkv"), "--mux", "mp4"}, ".mp4, .m4v"},
      {{"dub", clip(), "--audio-only", out("x.mp3")}, ".wav"},
      {{"dub", clip(), "--audio-only", out("x.mp4")}, ".wav"},
      {{"check", clip(), "-o", out("x.flv")}, videos},
      {{"check", clip(), "-o", out("x.webm"), "--mux", "ts"}, ".ts, .m2ts, .mts"},
      {{"tasks", "fetch", "1", "-o", out("x.mp3")}, ".wav"},
      {{"tasks", "fetch", "1", "-o", out("x.mp4")}, ".wav"},
  };
  for (const Line& line : lines) {
    const ToolRun ran = run(line.words);
    EXPECT_EQ(ran.exit_code, cli::kExitUsage) << ::testing::PrintToString(line.words) << ran.errors;
    EXPECT_TRUE(holds(ran.errors, line.said)) << ran.errors;
  }
  EXPECT_TRUE(service_.requests().empty());
  EXPECT_TRUE(files_in().empty());
}

TEST_F(CliUsage, ANameOfSomebodysOwnIsForWhoSaysWhatGoesIntoIt) {
  EXPECT_EQ(run({"dub", clip(), "-o", out("x.tmp"), "--mux", "mkv"}).exit_code, 0);
  EXPECT_EQ(text_of_file(out("x.tmp")).substr(0, 4), "\x1a\x45\xdf\xa3");
}

TEST_F(CliUsage, WrongValuesAreToldWithTheRightOnes) {
  struct Line {
    std::string option, value, said;
  };
  const std::vector<Line> lines{
      {"--original-audio", "keep", "duck, mix, replace, separate"},
      {"--original-audio", "duk", "did you mean duck?"},
      {"--loudness", "loud", "off, or a number from -70 to 0"},
      {"--loudness", "3", "off, or a number from -70 to 0"},
      {"--mux", "avi", "auto, mp4, mov, mkv, webm, ts, wav"},
      {"--audio-codec", "mp3", "aac, opus, pcm, flac"},
      {"--conform", "perhaps", "auto, never, always"},
      {"--on-failure", "quiet", "error, silence"},
      {"--on-unknown", "pay", "error, resubmit"},
      {"--take", "-1", "a whole number from 0"},
      {"--true-peak", "nan", "a number from -20 to 0"},
      {"--duck-depth", "1e9", "a number from"},
      {"--duck-attack", "99999999", "milliseconds from 0 to"},
      {"--duck-attack", "long", "milliseconds"},
      {"--max-tasks", "0", "a whole number from 1"},
      {"--timeout", "soon", "a whole number from"},
      {"--jobs", "0", "a whole number from 1 to 1000"},
      {"--jobs", "1001", "a whole number from 1 to 1000"},
      {"--jobs", "-1", "a whole number from 1 to 1000"},
      {"--jobs", "many", "a whole number from 1 to 1000"},
  };
  for (const Line& line : lines) {
    const ToolRun ran = run({"dub", clip(), "-o", out(), line.option, line.value});
    EXPECT_EQ(ran.exit_code, cli::kExitUsage) << line.option << ran.errors;
    EXPECT_TRUE(holds(ran.errors, line.option + ": ")) << ran.errors;
    EXPECT_TRUE(holds(ran.errors, line.said)) << ran.errors;
  }
  EXPECT_EQ(run({"dub", clip(), "-o", out(), "--simulate=soon"}).exit_code, cli::kExitUsage);
  EXPECT_EQ(run({"tasks", "fetch", "1", "-o", out("x.wav"), "--timeout", "nan"}).exit_code, cli::kExitUsage);
  EXPECT_EQ(run({"check", clip(), "--conform", "perhaps"}).exit_code, cli::kExitUsage);
  EXPECT_TRUE(service_.requests().empty());
}

TEST_F(CliUsage, TyposAreToldWithWhatWasMeant) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> lines{
      {{"dubb", "in.mp4"}, "did you mean dub?"},
      {{"chek", "in.mp4", "-o", "x.mp4"}, "did you mean check?"},
      {{"task"}, "did you mean tasks?"},
      {{"in.mp4", "-o", "out.mp4"}, "there are dub, check, tasks"},
      {{"tasks", "lst"}, "did you mean list?"},
      {{"tasks", "fecth", "1", "-o", "x.wav"}, "did you mean fetch?"},
      {{"dub", "in.mp4", "-o", "x.mp4", "--loudnes", "off"}, "did you mean --loudness?"},
      {{"dub", "in.mp4", "-o", "x.mp4", "--overwite"}, "did you mean --overwrite?"},
      {{"dub", "in.mp4", "-o", "x.mp4", "--bgm-promt=waltz"}, "did you mean --bgm-prompt?"},
      {{"check", "in.mp4", "--jsno"}, "did you mean --json?"},
      {{"tasks", "forget", "1", "--yse"}, "did you mean --yes?"},
      {{"dub", "in.mp4", "-o", "x.mp4", "--zzzzzzzz"}, "there is no option --zzzzzzzz\n"},
      {{"check", "a.mp4", "b.mp4"}, "b.mp4 is one argument too many"},
  };
  for (const auto& [words, said] : lines) {
    const ToolRun ran = run(words);
    EXPECT_EQ(ran.exit_code, cli::kExitUsage) << ::testing::PrintToString(words) << ran.errors;
    EXPECT_TRUE(holds(ran.errors, said)) << ran.errors;
  }
  const ToolRun secret = run({"dub", "in.mp4", "-o", "x.mp4", "--api-key=my-own-key"});
  EXPECT_FALSE(holds(secret.errors, "my-own-key")) << secret.errors;
  EXPECT_TRUE(holds(secret.errors, "did you mean --api-key-file?")) << secret.errors;
}

TEST_F(CliUsage, HelpHasEveryExitCodeAndVersionIsShort) {
  const ToolRun help = run({"dub", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_TRUE(holds(help.output, cli::exit_code_help())) << help.output;
  EXPECT_EQ(run({"--version"}).output.find("klingv2a "), 0U);
}

TEST_F(CliUsage, ManPageAndCompletionHaveEveryOption) {
  const std::string man = text_of_file(KLINGV2A_SOURCE "/docs/klingv2a.1");
  const std::string completion = text_of_file(KLINGV2A_SOURCE "/tools/klingv2a/completion.bash");
  const std::vector<std::vector<std::string>> commands{
      {"dub"}, {"check"}, {"tasks"}, {"tasks", "fetch"}, {"tasks", "forget"}};
  for (auto command : commands) {
    command.emplace_back("--help");
    for (const std::string& option : long_options(run(command).output)) {
      std::string escaped;
      for (const char letter : option) escaped += letter == '-' ? "\\-" : std::string(1, letter);
      EXPECT_TRUE(holds(man, escaped)) << "the man page is without " << option;
      EXPECT_TRUE(holds(completion, option)) << "the completion is without " << option;
    }
  }
}

TEST_F(CliUsage, ReadmeAndManPageHaveTheExitCodes) {
  const std::string readme = text_of_file(KLINGV2A_SOURCE "/README.md");
  const std::string man = text_of_file(KLINGV2A_SOURCE "/docs/klingv2a.1");
  EXPECT_TRUE(holds(readme, "| 4 | `exists` |"));
  EXPECT_TRUE(holds(man, "    4  exists "));
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::cancelled); ++kind) {
    const std::string word(to_string(static_cast<ErrorKind>(kind)));
    const std::string code = std::to_string(cli::exit_code_of(static_cast<ErrorKind>(kind)));
    EXPECT_TRUE(holds(readme, "| " + code + " | `" + word + "` |")) << word;
    EXPECT_TRUE(holds(man, code)) << word;
  }
}

TEST(ExitCodes, AreDifferentForEachKind) {
  std::set<int> codes{cli::kExitOk, cli::kExitOther, cli::kExitUsage, cli::kExitSomeFailed, cli::kExitExists};
  EXPECT_EQ(cli::exit_code_of(cli::kExistsKind), cli::kExitExists);
  EXPECT_EQ(cli::exit_code_of(cli::kUsageKind), cli::kExitUsage);
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::cancelled); ++kind) {
    const auto error = static_cast<ErrorKind>(kind);
    EXPECT_TRUE(codes.insert(cli::exit_code_of(error)).second) << to_string(error);
    EXPECT_EQ(cli::exit_code_of(to_string(error)), cli::exit_code_of(error));
  }
  EXPECT_EQ(cli::exit_code_of("no kind"), cli::kExitOther);
}

TEST(SettingsTable, GivesPropertiesTheirValues) {
  const auto value = [](const char* name, const std::string& given) {
    return cli::to_setting(*cli::find_option(name), given).value;
  };
  EXPECT_EQ(value("duck-attack", "12.5"), "12500000");
  EXPECT_EQ(value("loudness", "off"), "0");
  EXPECT_EQ(value("loudness", "-16"), "-16");
  EXPECT_EQ(value("no-mark-generated", "true"), "false");
  EXPECT_THROW((void)value("duck-hold", "-1"), cli::UsageError);
  EXPECT_THROW((void)value("duck-hold", "long"), cli::UsageError);
}

// What can be set on klingv2abin can be set here, but for keys, and what is GStreamer's or the tool's own business.
TEST(SettingsTable, HasEveryPropertyOfTheElementAndNoOther) {
  const std::set<std::string> not_for_people{"name",    "parent",     "async-handling", "message-forward",
                                             "api-key", "access-key", "secret-key",     "callback-secret",
                                             "latency", "dry-run"};
  GstElement* element = gst_element_factory_make("klingv2abin", nullptr);
  ASSERT_NE(element, nullptr);
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &count);
  std::set<std::string> properties, options;
  for (guint i = 0; i < count; ++i)
    if ((specs[i]->flags & G_PARAM_WRITABLE) && !(specs[i]->flags & G_PARAM_DEPRECATED) &&
        !not_for_people.contains(specs[i]->name))
      properties.insert(specs[i]->name);
  for (const cli::SettingOption& option : cli::setting_options()) options.insert(option.property);
  EXPECT_EQ(properties, options);
  g_free(specs);
  gst_object_unref(element);
}

TEST(Suggestion, IsTheNearestNameOrNone) {
  const std::vector<std::string> names{"dub", "check", "tasks", "sound-effect-prompt"};
  EXPECT_EQ(cli::suggestion("chekc", names), "; did you mean check?");
  EXPECT_EQ(cli::suggestion("sound-efect-promt", names), "; did you mean sound-effect-prompt?");
  EXPECT_EQ(cli::suggestion("sound-effect", names), "; did you mean sound-effect-prompt?");
  for (const char* far : {"", "x", "prompt", "entirely-else"}) EXPECT_EQ(cli::suggestion(far, names), "") << far;
  EXPECT_EQ(cli::suggestion(std::string(1 << 20, 'd'), names), "") << "nobody waits for a long word";
}

class Manifest : public ::testing::Test {
 protected:
  std::vector<cli::FileJob> jobs(const std::string& lines) {
    const std::string file = folder_.file("jobs.jsonl");
    g_file_set_contents(file.c_str(), lines.c_str(), -1, nullptr);
    return cli::list_jobs({{file}, folder_.file("out"), false, false, false, {{"take", "1"}}}).jobs;
  }
  const TemporaryFolder folder_;
};

TEST_F(Manifest, LinesHaveSettingsOfTheirOwn) {
  const auto all = jobs(
      "{\"in\":\"a.mp4\"}\n\n{\"in\":\"b.avi\",\"sound-effect-prompt\":\"rain\",\"take\":2}\n"
      "{\"in\":\"/c.ts\",\"out\":\"deep/c.mkv\"}\n");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].in, folder_.file("a.mp4"));
  EXPECT_EQ(all[0].out, folder_.file("out/a.mp4"));
  EXPECT_EQ(cli::value_of(all[0].settings, "take"), "1");
  EXPECT_EQ(all[1].out, folder_.file("out/b.mkv")) << "AVI cannot be written";
  EXPECT_EQ(cli::value_of(all[1].settings, "take"), "2");
  EXPECT_EQ(cli::value_of(all[1].settings, "sound-effect-prompt"), "rain");
  EXPECT_EQ(all[2].in, "/c.ts");
  EXPECT_EQ(all[2].out, folder_.file("out/deep/c.mkv"));
  EXPECT_EQ(cli::value_of(all[2].settings, "mux"), "mkv");
}

TEST_F(Manifest, WrongLinesAreNamedBeforeAnythingBegins) {
  for (const char* line : {"no json", "{}", R"({"in":"a.mp4","no-such":1})", R"({"in":"a.mp4"}
{"in":"sub/a.mp4"})"}) {
    EXPECT_THROW((void)jobs(line), cli::UsageError) << line;
  }
}

// What is no value was an empty prompt, and paid for.
TEST_F(Manifest, WrongValuesAreNamedByFileAndLine) {
  for (const char* members :
       {R"("in":"a.mp4","sound-effect-prompt":null)", R"("in":"a.mp4","sound-effect-prompt":["rain"])",
        R"("in":"a.mp4","sound-effect-prompt":{})", R"("in":"a.mp4","take":null)", R"("in":"a.mp4","take":"7x")",
        R"("in":"a.mp4","loudness":"loud")", R"("in":"a.mp4","asmr-mode":"yes")",
        R"("in":"a.mp4","original-audio":1.5)", R"("in":"a.mp4","no-publish-check":1)", R"("in":"a.mp4","take":true)",
        R"("in":"a.mp4","out":null)", R"("in":"a.mp4","out":"")", R"("in":null)", R"("in":7)", R"("in":"-")"}) {
    const std::string lines =
        "{\"in\":\"good.mp4\",\"asmr-mode\":true,\"loudness\":\"off\"}\n{" + std::string(members) + "}\n";
    try {
      (void)jobs(lines);
      ADD_FAILURE() << members << " was taken";
    } catch (const cli::UsageError& wrong) {
      EXPECT_TRUE(holds(wrong.what(), "jobs.jsonl:2: ")) << wrong.what();
    }
  }
}

}  // namespace
}  // namespace klingv2a::test
