// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Subtitles that the output's muxer does not take as they are, through klingv2abin: they become plain text, or are
// lost, and both is reported. Nothing fails when it is paid for.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "dub_judge.h"
#include "program.h"

namespace klingv2a::test {
namespace {

class DubTexts : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { inputs_ = std::make_unique<InputFiles>(); }
  static void TearDownTestSuite() { inputs_.reset(); }
  static std::unique_ptr<InputFiles> inputs_;
};
std::unique_ptr<InputFiles> DubTexts::inputs_;

std::string text_of(const std::string& path) {
  return run_program({"ffmpeg", "-v", "error", "-i", path, "-map", "0:s:0", "-f", "srt", "-"}).output;
}

// Nothing is paid.
void expect_refused(const std::string& source, const std::string& properties, const std::string& text) {
  const TemporaryFolder folder;
  const auto seen = dub(source, properties, folder.file("out"));
  EXPECT_EQ(seen.end, End::error);
  ASSERT_EQ(seen.errors.size(), 1U);
  EXPECT_EQ(seen.errors[0].detail("kind"), "input");
  EXPECT_EQ(seen.errors[0].detail("paid"), "no");
  EXPECT_NE(seen.errors[0].text.find(text), std::string::npos) << seen.errors[0].text;
  EXPECT_EQ(seen.posts, 0);
}

const std::string kWebvtt =
    "printf 'WEBVTT\\n\\n00:00.500 --> 00:01.500 line:10%%%%\\n<c.yellow>First</c> &amp; line\\n\\n"
    "00:02.000 --> 00:02.800\\nSecond\\n' > s.vtt && ";

// The file's details may be lost beside it.
bool one_says(const std::vector<std::string>& lost, const std::string& part) {
  return std::ranges::any_of(lost, [&](const auto& one) { return one.find(part) != std::string::npos; });
}

void expect_subtitles_become_plain(const std::string& source, const std::string& mux) {
  const TemporaryFolder folder;
  const auto target = folder.file("out." + mux);
  const auto seen = dub(source, "mux=" + mux, target);
  ASSERT_EQ(seen.end, End::eos) << seen.error;
  EXPECT_TRUE(one_says(seen.lost, "plain text")) << ::testing::PrintToString(seen.lost);
  EXPECT_EQ(seen.reported, seen.lost);
  const auto text = text_of(target);
  // In Matroska all is later by what the sound's encoder puts before it.
  for (const std::string part : {"00:00:00,5", "First & line", "00:00:02,0", "Second"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  for (const std::string part : {"yellow", "line:10", "Default", "i1"})
    EXPECT_EQ(text.find(part), std::string::npos) << part << " in " << text;
}

TEST_F(DubTexts, WebvttBecomesPlainTextInEachContainer) {
  const std::string video = "ffmpeg -v error -y -i video.mp4 ";
  const auto merged = inputs_->make("merged.mkv", kWebvtt + "mkvmerge -q -o merged.mkv video.mp4 s.vtt");
  const auto ffmpeg = inputs_->make("vtt.mkv", kWebvtt + video + "-i s.vtt -map 0 -map 1 -c copy -c:s webvtt vtt.mkv");
  for (const std::string mux : {"mkv", "mp4", "mov"}) {
    expect_subtitles_become_plain(merged, mux);
    expect_subtitles_become_plain(ffmpeg, mux);
  }
}

TEST_F(DubTexts, AssBecomesPlainTextInMp4) {
  const auto styled =
      inputs_->make("styled.mkv",
                    "printf '[Script Info]\\nScriptType: v4.00+\\n\\n[V4+ Styles]\\nFormat: Name, Fontname\\nStyle: "
                    "Default,Sans\\n\\n"
                    "[Events]\\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\\n"
                    "Dialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,{\\\\i1}First{\\\\i0} & line\\n"
                    "Dialogue: 0,0:00:02.00,0:00:02.80,Default,,0,0,0,,Second\\n' > styled.ass && "
                    "ffmpeg -v error -y -i video.mp4 -i styled.ass -map 0 -map 1 -c copy styled.mkv");
  expect_subtitles_become_plain(styled, "mp4");
}

TEST_F(DubTexts, SubtitlesThatNoMuxerTakesAreLostAndNothingFails) {
  const auto source = inputs_->make("webvtt.mkv", kWebvtt + "mkvmerge -q -o webvtt.mkv video.mp4 s.vtt");
  const TemporaryFolder folder;
  const auto seen = dub(source, "mux=ts", folder.file("out.ts"));
  ASSERT_EQ(seen.end, End::eos) << seen.error;
  EXPECT_TRUE(one_says(seen.lost, "is left out: mpegtsmux")) << ::testing::PrintToString(seen.lost);
  expect_refused(source, "mux=ts strict=true", "is left out");
}

}  // namespace
}  // namespace klingv2a::test
