// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What Matroska files say beside their packets, through klingv2abin: it leaves as it came, or its loss is reported
// before anything is paid. The files are mkvmerge's, as most people's are. Judged by FFmpeg.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "dub_judge.h"
#include "program.h"

namespace klingv2a::test {
namespace {

class DubMatroska : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { inputs_ = std::make_unique<InputFiles>(); }
  static void TearDownTestSuite() { inputs_.reset(); }
  static std::unique_ptr<InputFiles> inputs_;

  DubRunSeen run(const std::string& source, const std::string& output, const std::string& properties = "") {
    target_ = folder_.file(output);
    auto seen = dub(source, "original-audio=mix " + properties, target_);
    EXPECT_EQ(seen.end, End::eos) << seen.error;
    EXPECT_EQ(seen.reported, seen.lost);
    return seen;
  }

  // Two fonts, a cover, tracks in languages with names and flags.
  [[nodiscard]] static std::string rich() {
    return inputs_->make(
        "rich.mkv",
        "head -c 5000 /dev/zero > a.ttf && head -c 700 /dev/zero > b.otf && ffmpeg -v error -y -f lavfi -i "
        "testsrc=s=64x64:d=0.04 -frames:v 1 cover.jpg && ffmpeg -v error -y -i video.mp4 -i original.wav -map 0:v -map "
        "1:a -c:v copy -c:a aac pair.mp4 && ffmpeg -v error -y -f lavfi -i sine=f=200:r=48000:d=3.2 -c:a aac two.m4a "
        "&& printf '1\\n00:00:01,000 --> 00:00:02,000\\nhello\\n' > s.srt && "
        "mkvmerge -q -o rich.mkv --attach-file a.ttf --attach-file b.otf --attach-file cover.jpg --language 1:pt-BR "
        "--track-name '1:The director talks' --commentary-flag 1:yes --default-track-flag 1:no pair.mp4 --language "
        "0:fra --default-track-flag 0:yes --original-flag 0:yes two.m4a --language 0:deu --forced-display-flag 0:yes "
        "--hearing-impaired-flag 0:yes --track-name '0:Forced signs' s.srt");
  }

  const TemporaryFolder folder_;
  std::string target_;
};
std::unique_ptr<InputFiles> DubMatroska::inputs_;

bool tells(const DubRunSeen& seen, const std::string& part) {
  return std::ranges::any_of(seen.lost, [&](const auto& what) { return what.find(part) != std::string::npos; });
}

TEST_F(DubMatroska, WhatOtherContainersDoNotTakeIsToldBeforeThePayment) {
  const auto source = rich();
  for (const std::string suffix : {"mp4", "ts"}) {
    const auto seen = run(source, "out." + suffix, "mux=" + suffix);
    for (const std::string part : {"a.ttf", "b.otf", "cover.jpg", "FlagCommentary", "FlagOriginal", "LanguageBCP47"})
      EXPECT_TRUE(tells(seen, part)) << part << " into " << suffix << ::testing::PrintToString(seen.lost);
    const auto strict = dub(source, "strict=true mux=" + suffix, folder_.file("strict." + suffix));
    EXPECT_EQ(strict.end, End::error);
    EXPECT_EQ(strict.posts, 0);
  }
}

TEST_F(DubMatroska, TheDefaultTrackIsTheOneThatIsDubbed) {
  const auto source = rich();
  (void)run(source, "out.mkv");
  const auto before = ProbedFile(source), after = ProbedFile(target_);
  ASSERT_EQ(after.streams("audio").size(), 2U);
  EXPECT_EQ(after.streams("audio")[0]->hashes(), before.streams("audio")[0]->hashes());
  EXPECT_NE(after.streams("audio")[1]->hashes(), before.streams("audio")[1]->hashes()) << "the generated sound";
  EXPECT_EQ(after.streams("audio")[0]->field("tag:language"), before.streams("audio")[0]->field("tag:language"));
  EXPECT_EQ(after.streams("audio")[1]->field("tag:language"), "fre");
}

// What mkvinfo shows of the tracks and the attachments, without what each file has of its own.
std::string shown(const std::string& file) {
  const auto ran = run_program({"sh", "-c",
                                "mkvmerge -J '" + file + "' | grep -E '^ {4,}\"(" +
                                    "track_name|language|language_ietf|forced_track|default_track|enabled_track|"
                                    "flag_[a-z_]*|file_name|content_type|size)\"' | sort"});
  return ran.output;
}

TEST_F(DubMatroska, FlagsNamesLanguagesAndAttachmentsStay) {
  const auto source = rich();
  const auto seen = run(source, "out.mkv");
  EXPECT_TRUE(seen.lost.empty()) << ::testing::PrintToString(seen.lost);
  EXPECT_NE(shown(source).find("a.ttf"), std::string::npos) << "mkvmerge shows it";
  EXPECT_NE(shown(source).find("pt-BR"), std::string::npos);
  EXPECT_EQ(shown(target_), shown(source));
  EXPECT_EQ(picture_hashes(target_), picture_hashes(source));
}

TEST_F(DubMatroska, TrackNamesStayInAMovie) {
  const auto seen = run(rich(), "out.mp4", "mux=mp4");
  EXPECT_FALSE(tells(seen, "(Name)")) << ::testing::PrintToString(seen.lost);
  EXPECT_EQ(ProbedFile(target_).streams("audio")[0]->field("tag:handler_name"), "The director talks");
}

}  // namespace
}  // namespace klingv2a::test
