// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A manifest is read to the letter: each line is exactly one JSON object by RFC 8259, or the run ends with 2 and the
// line's number before anything is paid. What is read too kindly is a video that is missing, or paid for by mistake.
#include <filesystem>

#include "cli_run.h"
#include "klingv2a/exit_code.h"
#include "klingv2a/json_line.h"

namespace klingv2a::test {
namespace {

class CliManifest : public Cli {
 protected:
  [[nodiscard]] ToolRun dub(const std::string& content) const {
    const std::string file = folder_.file("jobs.jsonl");
    EXPECT_TRUE(g_file_set_contents(file.c_str(), content.data(), static_cast<gssize>(content.size()), nullptr));
    return run({"dub", file, "--out-dir", folder_.file("done"), "--json"});
  }
  void expect_refused(const std::string& content, int line, const std::string& why = {}) const {
    const ToolRun ran = dub(content);
    EXPECT_EQ(ran.exit_code, 2) << content << ran.output << ran.errors;
    EXPECT_EQ(ran.last("$.kind"), "usage") << content;
    const std::string message = ran.last("$.error.message");
    EXPECT_TRUE(holds(message, "jobs.jsonl:" + std::to_string(line) + ": ")) << content << "\n" << message;
    EXPECT_TRUE(holds(message, why)) << content << "\n" << message;
    EXPECT_TRUE(service_.requests().empty()) << content;
  }
};

TEST_F(CliManifest, WhatIsNoJsonIsRefusedWithItsLine) {
  const std::string good = R"({"in":"a.mp4"})";
  for (const std::string& line :
       std::vector<std::string>{good + good, good + " // the first", R"(var x = {"in":"b.mp4"};)", R"({'in':'b.mp4'})",
                                R"({"in":"b.mp4","in":"c.mp4"})"})
    expect_refused(good + "\n\n" + line + "\n", 3);
}

TEST(JsonLine, TakesNothingButOneObject) {
  const std::string good = R"({"in":"a.mp4"})";
  const std::vector<std::string> bad{
      good + good,
      good + " " + good,
      good + ",",
      good + " x",
      good + "{}",
      "[" + good + "]",
      R"(var x = {"in":"a.mp4"};)",
      R"({"in":"a.mp4"};)",
      R"({'in':'a.mp4'})",
      R"({in:"a.mp4"})",
      R"({"in":"a.mp4",})",
      R"({"in":"a.mp4"} // the first)",
      R"(/* the first */ {"in":"a.mp4"})",
      R"(# the first)",
      R"({"in":"a.mp4","take":NaN})",
      R"({"in":"a.mp4","take":Infinity})",
      R"({"in":"a.mp4","take":0x1})",
      R"({"in":"a.mp4","take":01})",
      R"({"in":"a.mp4","take":+1})",
      R"({"in":"a.mp4","take":.5})",
      R"({"in":"a.mp4","take":1.})",
      R"({"in":"a.mp4","take":1e999})",
      R"({"in":"a.mp4","asmr-mode":True})",
      R"({"in":"a.mp4","in":"b.mp4"})",
      R"({"in":"a.mp4","take":1,"take":2})",
      R"({"in":"a.mp4","bgm-prompt":"\ud800"})",
      R"({"in":"a.mp4","bgm-prompt":"\x41"})",
      R"({"in":"a.mp4","bgm-prompt":"\u0000"})",
      "{\"in\":\"a.mp4\",\"bgm-prompt\":\"a\tb\"}",
      "{\"in\":\"a.mp4\",\"bgm-prompt\":\"caf\xe9\"}",
      "{\"in\":\"a.mp4\"}\x0b",
      "{\"in\":\"a.mp4\"}\xc2\x85",
      "{\"in\":\"a.mp4\"}\xe2\x80\xa8",
      "{\"in\":\"a.mp4\"}\xc2\xa0",
      "\xc2\xa0",
      "\f",
      std::string("{\"in\":\"a.mp4\"}\0", 15),
      "\"in\"",
      "7",
      "null",
      R"({"in":"a.mp4")",
      R"({"in":"a.mp4)",
      "",
      "{",
      "{\"a\":{\"b\":1}}}",
      std::string(100000, '['),
      "{\"in\":" + std::string(100000, '['),
  };
  for (const std::string& line : bad) EXPECT_THROW((void)cli::read_json_line(line), cli::UsageError) << line;
}

TEST(JsonLine, GivesEveryMemberAsItIsWritten) {
  using Kind = cli::JsonMember::Kind;
  const auto all = cli::read_json_line(
      " {\"a\": \"caf\\u00e9 \\ud83c\\udf27\" "
      ",\t\"b\":-1.50,\"c\":2,\"d\":true,\"e\":false,\"f\":null,\"g\":[{\"a\":1}],"
      "\"h\":{\"a\":{\"b\":[]}},\"i\":18446744073709551615} ");
  const std::vector<std::pair<Kind, std::string>> expected{{Kind::text, "caf\xc3\xa9 \xf0\x9f\x8c\xa7"},
                                                           {Kind::number, "-1.50"},
                                                           {Kind::number, "2"},
                                                           {Kind::boolean, "true"},
                                                           {Kind::boolean, "false"},
                                                           {Kind::other, ""},
                                                           {Kind::other, ""},
                                                           {Kind::other, ""},
                                                           {Kind::number, "18446744073709551615"}};
  ASSERT_EQ(all.size(), expected.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].name, std::string(1, static_cast<char>('a' + i)));
    EXPECT_EQ(all[i].kind, expected[i].first) << all[i].name;
    EXPECT_EQ(all[i].value, expected[i].second) << all[i].name;
  }
  EXPECT_TRUE(cli::read_json_line("{}").empty());
}

TEST(JsonLine, LinesEndInEveryUsualWay) {
  const std::vector<std::string_view> expected{"a", "", "b", "", "c"};
  EXPECT_EQ(cli::lines_of("a\n\nb\r\n\r\nc"), expected);
  EXPECT_EQ(cli::lines_of("a\r\rb\n\nc\r"), expected);
  EXPECT_TRUE(cli::lines_of("").empty());
}

TEST_F(CliManifest, TheReasonIsSaid) {
  expect_refused(R"({"in":"a.mp4"} {"in":"b.mp4"})", 1, "one object a line");
  expect_refused("{\"in\":\"a.mp4\",\n\"take\":1}", 1, "no end in this line");
  expect_refused("\xef\xbb\xbf{\"in\":\"a.mp4\"}", 1, "byte order mark");
  expect_refused(R"({"in":"a.mp4","taek":1})", 1, "did you mean take?");
  expect_refused(R"({"in":"a.mp4","sound-effects-prompt":"x"})", 1, "did you mean sound-effect-prompt?");
  expect_refused(R"({"in":"a.mp4","original-audio":"keep"})", 1, "duck, mix, replace, separate");
}

TEST_F(CliManifest, EveryLineEndIsKnown) {
  for (const std::string end : {"\n", "\r\n", "\r"})
    expect_refused(R"({"in":"a.mp4"})" + end + R"({"in":"b.mp4"})" + end + end + "x" + end, 4);
}

// Nobody means them, and nobody knows what the service makes of them.
TEST_F(CliManifest, ControlCharactersInPromptsAreRefused) {
  for (const char* escaped : {R"(\n)", R"(\u2028)"})
    for (const char* name : {"sound-effect-prompt", "bgm-prompt"})
      expect_refused(R"({"in":"a.mp4",")" + std::string(name) + R"(":"rain )" + escaped + R"("})", 1, "U+");
  expect_refused(R"({"in":"a.mp4","bgm-prompt":")" + std::string(201, 'x') + "\"}", 1, "the limit is 200");
}

TEST_F(CliManifest, ControlCharactersInOptionsAreRefused) {
  for (const char* prompt : {"rain\non tin", "rain\xc2\x85"}) {
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"dub", clip(), "-o", out(), "--json", "--bgm-prompt", prompt},
                                               {"check", clip(), "--json", "--sound-effect-prompt", prompt}}) {
      const ToolRun ran = run(words);
      EXPECT_EQ(ran.exit_code, 13) << ran.output << ran.errors;
      EXPECT_TRUE(holds(ran.last("$.error.message"), "U+")) << ran.output;
    }
  }
  EXPECT_TRUE(service_.requests().empty());
}

TEST_F(CliManifest, OutputsThatCannotBeWrittenAreRefused) {
  for (const char* name : {"x.avi", "x.mp3"})
    expect_refused(R"({"in":"a.mp4","out":")" + std::string(name) + "\"}", 1, ".mp4, .m4v, .mov, .mkv");
  expect_refused(R"({"in":"a.mp4","out":"x.mkv","mux":"mp4"})", 1, "would not be what its name says");
}

// Whoever wrote it would get the key, the video, or a file of his choice on this disk.
TEST_F(CliManifest, WhatNeedsTrustIsRefusedWithoutIt) {
  for (const char* member :
       {R"("base-url":"http://127.0.0.1:1")", R"("journal":"/tmp/j.sqlite")",
        R"("publish":"https://x.example/{name}.mp4")", R"("publish-headers":"headers,A=b")",
        R"("publish-public-url":"https://x.example/{name}")", R"("publish-keep":true)", R"("no-publish-check":true)",
        R"("callback-url":"https://x.example")", R"("callback-listen":"127.0.0.1:1")", R"("spool-dir":"/tmp")",
        R"("on-unknown":"resubmit")", R"("max-tasks":100)", R"("max-kept-bytes":0)"})
    expect_refused(R"({"in":"a.mp4",)" + std::string(member) + "}", 1, "--trust-manifest");
  std::filesystem::create_directory_symlink(folder_.path(), folder_.file("done-link"));
  std::filesystem::create_directory(folder_.file("done"));
  std::filesystem::create_directory_symlink(folder_.path(), folder_.file("done/away"));
  for (const char* out : {"../x.mp4", "a/../../x.mp4", "/tmp/x.mp4", "away/x.mp4", "away/../x.mp4"})
    expect_refused(R"({"in":"a.mp4","out":")" + std::string(out) + "\"}", 1, "leads out of");
}

TEST_F(CliManifest, WithTrustItIsTaken) {
  std::filesystem::copy_file(clip(), folder_.file("a.mp4"));
  const std::string file = folder_.file("jobs.jsonl");
  const std::string line = R"({"in":"a.mp4","out":"../beside.mp4","base-url":")" + service_.base_url() + "\"}\n";
  ASSERT_TRUE(g_file_set_contents(file.c_str(), line.c_str(), -1, nullptr));
  const ToolRun ran = run({"dub", file, "--out-dir", folder_.file("done"), "--json", "--trust-manifest"});
  EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
  EXPECT_TRUE(std::filesystem::exists(folder_.file("beside.mp4")));
}

// What a strict reader takes, and what is usual beside it.
TEST_F(CliManifest, GoodLinesAreAllDone) {
  std::filesystem::copy_file(clip(), folder_.file("a.mp4"));
  const ToolRun ran =
      dub("  {\"in\" : \"a.mp4\", \"out\":\"\\u0061.mkv\"}  \r\n \t\r\n"
          "{\"in\":\"a.mp4\",\"out\":\"caf\xc3\xa9.mkv\",\"bgm-prompt\":\"\\ud83c\\udf27 \xf0\x9f\x8c\xa7\","
          "\"true-peak\":-1.5,\"take\":2}");
  EXPECT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
  EXPECT_EQ(service_.paid_tasks().size(), 2U);
  EXPECT_TRUE(std::filesystem::exists(folder_.file("done/a.mkv")));
  EXPECT_TRUE(std::filesystem::exists(folder_.file("done/caf\xc3\xa9.mkv")));
}

}  // namespace
}  // namespace klingv2a::test
