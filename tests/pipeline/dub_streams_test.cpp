// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What files hold beside picture and sound, through klingv2abin: subtitles, chapters, time code, data, tags. What is
// lost is reported, and strict refuses it before anything is paid.
#include <gtest/gtest.h>

#include <memory>

#include "dub_judge.h"
#include "program.h"

namespace klingv2a::test {
namespace {

const std::string kMakeSubtitles =
    "printf '1\\n00:00:00,500 --> 00:00:01,500\\nFirst line\\n\\n2\\n00:00:02,000 --> 00:00:02,800\\nSecond\\n' > s.srt"
    " && ffmpeg -v error -y -i video.mp4 -i original.wav -i s.srt -map 0:v -map 1:a -map 2:s -c:v copy -c:a aac "
    "-metadata:s:s:0 language=ita ";

const std::string kMakeChapters =
    "printf ';FFMETADATA1\\n[CHAPTER]\\nTIMEBASE=1/1000\\nSTART=0\\nEND=1600\\ntitle=One\\n"
    "[CHAPTER]\\nTIMEBASE=1/1000\\nSTART=1600\\nEND=3200\\ntitle=Two\\n' > chapters.txt && "
    "ffmpeg -v error -y -i video.mp4 -i original.wav -i chapters.txt -map 0:v -map 1:a -map_metadata 2 -c:v copy "
    "-c:a aac ";

const std::string kMakeTimecode =
    "ffmpeg -v error -y -i video.mp4 -i original.wav -map 0:v -map 1:a -c:v copy -c:a aac -timecode 10:00:00:00 ";

DubCase with_subtitles(const std::string& name, const std::string& coding, const std::string& file,
                       const std::string& output) {
  return {.name = name, .file = file, .make = kMakeSubtitles + "-c:s " + coding + " " + file, .output = output};
}

DubCase losing(const std::vector<std::string>& what, const std::string& gone, DubCase file) {
  file.lost = what;
  file.gone = gone;
  return file;
}

class DubStreams : public ::testing::TestWithParam<DubCase> {
 protected:
  static void SetUpTestSuite() { inputs_ = std::make_unique<InputFiles>(); }
  static void TearDownTestSuite() { inputs_.reset(); }
  static std::unique_ptr<InputFiles> inputs_;
};
std::unique_ptr<InputFiles> DubStreams::inputs_;

TEST_P(DubStreams, AreKeptOrTheirLossIsTold) {
  judge_dub(GetParam(), *inputs_);
}

INSTANTIATE_TEST_SUITE_P(Subtitles, DubStreams,
                         ::testing::Values(with_subtitles("MovTextInMp4", "mov_text", "text.mp4", "out.mp4"),
                                           with_subtitles("SrtInMkv", "srt", "srt.mkv", "out.mkv"),
                                           with_subtitles("AssInMkv", "ass", "ass.mkv", "out.mkv")),
                         ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(
    Lost, DubStreams,
    ::testing::Values(
        losing({}, "data", {.name = "ChaptersInMp4", .file = "chapters.mp4", .make = kMakeChapters + "chapters.mp4"}),
        losing({}, "data",
               {.name = "ChaptersInMov",
                .file = "chapters.mov",
                .make = kMakeChapters + "chapters.mov",
                .output = "out.mov"}),
        losing({"the timecode track is"}, "data",
               {.name = "TimecodeInMov",
                .file = "timecode.mov",
                .make = kMakeTimecode + "timecode.mov",
                .output = "out.mov"}),
        losing({"only one video is taken"}, "video",
               {.name = "SecondVideo",
                .file = "two.mkv",
                .make = "ffmpeg -v error -y -i video.mp4 -i video.mp4 -i original.wav -map 0:v -map 1:v -map 2:a "
                        "-c:v copy -c:a aac two.mkv",
                .output = "out.mkv"})),
    ::testing::PrintToStringParamName());

using DubStreamsOnce = DubStreams;

std::string text_of(const std::string& path) {
  return run_program({"ffmpeg", "-v", "error", "-i", path, "-map", "0:s:0", "-f", "srt", "-"}).output;
}

TEST_F(DubStreamsOnce, SrtGoesIntoMp4WithItsTimes) {
  const auto marked = inputs_->make("marked.mkv",
                                    "printf '1\\n00:00:00,500 --> 00:00:01,500\\n<i>First</i> & "
                                    "line\\n\\n2\\n00:00:02,000 --> 00:00:02,800\\nSecond\\n' > m.srt && "
                                    "ffmpeg -v error -y -i video.mp4 -i m.srt -map 0 -map 1 -c copy marked.mkv");
  const TemporaryFolder folder;
  const auto target = folder.file("out.mp4");
  const auto seen = dub(marked, "mux=mp4", target);
  ASSERT_EQ(seen.end, End::eos) << seen.error;
  EXPECT_TRUE(seen.lost.empty());
  const auto text = text_of(target);
  for (const std::string part : {"00:00:00,500 --> 00:00:01,500", "<i>First</i> & line", "00:00:02,000 -->", "Second"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
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

TEST_F(DubStreamsOnce, ChaptersStayInMatroska) {
  const auto source = inputs_->make("chapters.mkv", kMakeChapters + "chapters.mkv");
  const TemporaryFolder folder;
  const auto seen = dub(source, "original-audio=mix", folder.file("out.mkv"));
  ASSERT_EQ(seen.end, End::eos) << seen.error;
  EXPECT_EQ(ProbedFile(source).chapters(), 2);
  EXPECT_TRUE(ProbedFile(folder.file("out.mkv")).chapters() == 2 || !seen.lost.empty());
}

TEST_F(DubStreamsOnce, StrictRefusesWhatWouldBeLost) {
  expect_refused(inputs_->make("chapters.mp4", kMakeChapters + "chapters.mp4"), "strict=true mux=mkv", "chapters");
  expect_refused(inputs_->make("timecode.mov", kMakeTimecode + "timecode.mov"), "strict=true", "timecode");
  expect_refused(inputs_->make("ass.mkv", kMakeSubtitles + "-c:s ass ass.mkv"), "strict=true mux=mp4", "plain text");
}

TEST_F(DubStreamsOnce, AFileWithoutVideoIsRefused) {
  expect_refused(inputs_->make("sound.m4a", "ffmpeg -v error -y -i original.wav -c:a aac sound.m4a"), "", "no video");
  expect_refused(inputs_->path("original.wav"), "", "no video");
}

TEST_F(DubStreamsOnce, AFileOfTextIsRefused) {
  const auto source = inputs_->make("text.txt", "seq 1000 > text.txt");
  const TemporaryFolder folder;
  const auto seen = dub(source, "", folder.file("out.mp4"));
  EXPECT_EQ(seen.end, End::error);
  EXPECT_EQ(seen.posts, 0);
}

TEST_F(DubStreamsOnce, TagsOfTheFileStayAndTheMarkIsAdded) {
  for (const std::string suffix : {"mp4", "mkv"}) {
    const std::string file = "tags." + suffix;
    const auto source =
        inputs_->make(file,
                      "ffmpeg -v error -y -i video.mp4 -i original.wav -map 0:v -map 1:a -c:v copy -c:a aac -metadata "
                      "title=Harbour -metadata artist=Nobody -metadata comment=Mine " +
                          file);
    const TemporaryFolder folder;
    const auto target = folder.file("out." + suffix);
    const auto seen = dub(source, "", target);
    ASSERT_EQ(seen.end, End::eos) << seen.error;
    const ProbedFile output(target);
    EXPECT_EQ(output.tag("title"), "Harbour") << suffix;
    EXPECT_EQ(output.tag("artist"), "Nobody") << suffix;
    EXPECT_EQ(output.tag("comment"), "Mine") << suffix;
    EXPECT_NE(output.tag("sound_generated_by").find("generated"), std::string::npos) << suffix;
  }
}

// The original speaks in the right channel only, from 1 s to 2 s, so that the left one has the generated sound alone.
TEST_F(DubStreamsOnce, TheGeneratedSoundIsDownWhileTheOriginalSpeaks) {
  const auto source = inputs_->make(
      "speech.mov",
      "ffmpeg -v error -y -i video.mp4 -f lavfi -i \"aevalsrc=0|0.3*sin(2*PI*400*t)*between(t\\,1\\,2):s=48000:d=3.2\" "
      "-map 0:v -map 1:a -c:v copy -c:a pcm_s16le speech.mov");
  const TemporaryFolder folder;
  const auto target = folder.file("out.mov");
  const auto seen = dub(source, "original-audio=duck duck-depth=12 loudness=0 audio-codec=pcm", target);
  ASSERT_EQ(seen.end, End::eos) << seen.error;
  const auto sound = first_channel(target, 0);
  EXPECT_NEAR(sound.level_db(0.2, 0.9) - sound.level_db(1.2, 1.9), 12, 1.5);
}

TEST_F(DubStreamsOnce, SeparateKeepsTheOriginalAsItIsAndNamesBoth) {
  for (const std::string suffix : {"mov", "mkv"}) {
    DubCase file{
        .name = "Separate",
        .file = "separate." + suffix,
        .make =
            "ffmpeg -v error -y -i video.mp4 -i original.wav -map 0:v -map 1:a -c:v copy -c:a aac separate." + suffix,
        .output = "out." + suffix,
        .properties = "original-audio=separate audio-codec=pcm",
        .beyond_edit = 1,
        .sound_track = 1,
        .codec = "pcm_s24le",
        .in_step = false};
    if (suffix == "mkv") {
      file.properties = "original-audio=separate audio-codec=flac";
      file.codec = "flac";
    }
    judge_dub(file, *inputs_);
  }
}

TEST_F(DubStreamsOnce, ReplaceLeavesTheGeneratedSoundAlone) {
  judge_dub({.name = "Replace",
             .file = "replace.mov",
             .make = "ffmpeg -v error -y -i video.mp4 -i original.wav -map 0:v -map 1:a -c:v copy -c:a aac replace.mov",
             .output = "out.mov",
             .properties = "original-audio=replace audio-codec=pcm",
             .codec = "pcm_s24le",
             .in_step = false},
            *inputs_);
}

TEST_F(DubStreamsOnce, RawVideoMayComeInToo) {
  const TemporaryFolder folder;
  const auto target = folder.file("out.mkv");
  sim::Service service(quick_service());
  PipelineRun run(
      "videotestsrc num-buffers=80 pattern=ball ! video/x-raw,format=I420,width=1280,height=720,framerate=25/1 ! "
      "klingv2abin name=k callback-listen=127.0.0.1:0 api-key=sim-key base-url=" +
      service.base_url() + " ! filesink location=" + target);
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  const ProbedFile output(target);
  EXPECT_EQ(output.video().packets.size(), 80U);
  EXPECT_NEAR(output.duration_s(), 3.2, 0.05);
}

}  // namespace
}  // namespace klingv2a::test
