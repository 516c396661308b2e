// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Demuxers that add their pads late, and say late or never that there are no more: no stream is left out by klingv2abin
// because another one came first.
#include <gtest/gtest.h>

#include "dub_judge.h"

namespace klingv2a::test {
namespace {

struct LateCase {
  std::string name, file, make;
  std::size_t sounds = 2;  // in the output: the original, if there is one, and ours
};
void PrintTo(const LateCase& one, std::ostream* out) {
  *out << one.name;
}

const std::string kFfmpeg = "ffmpeg -v error -y ";
const std::string kBoth = kFfmpeg + "-i video.mp4 -i original.wav -map 0:v -map 1:a -c:v copy -c:a aac ";
const std::string kDvd = "-target pal-dvd -c:a mp2 -b:a 224k ";
const std::string kPictures = "-f lavfi -i testsrc=s=720x576:r=25:d=3.2 ";

class LateStreams : public ::testing::TestWithParam<LateCase> {};

TEST_P(LateStreams, AreWaitedFor) {
  InputFiles inputs;
  const auto source = inputs.make(GetParam().file, GetParam().make + GetParam().file);
  const TemporaryFolder folder;
  const auto seen = dub(source, "mux=mkv original-audio=separate", folder.file("out.mkv"));
  ASSERT_EQ(seen.end, End::eos) << seen.error;
  EXPECT_TRUE(seen.lost.empty()) << seen.lost.front();
  const ProbedFile output(folder.file("out.mkv"));
  EXPECT_EQ(output.streams("audio").size(), GetParam().sounds);
  EXPECT_EQ(output.video().packets.size(), 80U);
}

INSTANTIATE_TEST_SUITE_P(
    Flv, LateStreams,
    ::testing::Values(
        LateCase{"AsRecorded", "a.flv", kBoth},
        LateCase{"WithoutScriptData", "b.flv", kBoth + "-flvflags no_metadata "},
        LateCase{"VideoOnly", "c.flv", kFfmpeg + "-i video.mp4 -c copy ", 1},
        LateCase{"SoundLater", "d.flv",
                 kFfmpeg + "-i video.mp4 -itsoffset 1.5 -i original.wav -map 0:v -map 1:a -c:v copy -c:a aac "},
        LateCase{"PicturesLater", "e.flv",
                 kFfmpeg + "-itsoffset 1.5 -i video.mp4 -i original.wav -map 0:v -map 1:a -c:v copy -c:a aac "}),
    ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(
    ProgramStreams, LateStreams,
    ::testing::Values(LateCase{"Dvd", "a.vob", kFfmpeg + kPictures + "-i original.wav " + kDvd},
                      LateCase{"SoundLater", "b.vob",
                               kFfmpeg + kPictures + "-itsoffset 1.5 -i original.wav -map 0 -map 1 " + kDvd},
                      LateCase{"VideoOnly", "c.mpg", kFfmpeg + kPictures + "-target pal-dvd -an ", 1}),
    ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(
    Others, LateStreams,
    ::testing::Values(LateCase{"Ts", "a.ts", kBoth},
                      LateCase{"TsWithSoundLater", "b.ts",
                               kFfmpeg +
                                   "-i video.mp4 -itsoffset 1.5 -i original.wav -map 0:v -map 1:a -c:v copy -c:a aac "},
                      LateCase{"LiveMatroska", "a.mkv", kBoth + "-live 1 "},
                      LateCase{"Avi", "a.avi",
                               kFfmpeg + "-i video.mp4 -i original.wav -map 0:v -map 1:a -c:v mpeg4 -c:a libmp3lame "}),
    ::testing::PrintToStringParamName());

}  // namespace
}  // namespace klingv2a::test
