// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Videos whose container gives a time to some of their pictures only, through klingv2abin and through the element
// alone: every picture leaves, each at its time. The pictures are 40 ms apart in every file here.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "dub_judge.h"
#include "program.h"
#include "ts_editor.h"

namespace klingv2a::test {
namespace {

constexpr std::int64_t kFrameNs = 40'000'000;
constexpr std::int64_t kRounding = 1'000'000;  // Matroska's times
const std::string kPictures = "ffmpeg -v error -y -f lavfi -i testsrc=s=640x360:r=25:d=4:decimals=2 ";
const std::string kSound = "-f lavfi -i sine=f=330:r=48000:d=4 ";
constexpr std::size_t kCount = 100;
// By reference: the times are judged here, not the proxy.
const std::string kNoProxy = "video-id=sim-4s ";

struct UntimedCase {
  std::string name;
  std::string file;
  std::string coding;  // options of ffmpeg
  std::optional<Untimed> how = {};
  int kept = 3;
  std::string elements = {};  // from filesrc to klingv2a; empty: not without the bin
  std::vector<std::string> outputs = {"mkv"};
};
void PrintTo(const UntimedCase& one, std::ostream* out) {
  *out << one.name;
}

const std::vector<std::string> kAll{"mkv", "mp4", "mov", "ts"};
const std::string kMpeg2 = "-c:v mpeg2video -bf 2 -g 12 -q:v 5 -c:a mp2 ";
const std::string kH264 = "-c:v libx264 -preset veryfast -bf 3 -g 50 -threads 1 -c:a aac ";
const std::string kH264Open =
    "-c:v libx264 -preset veryfast -x264-params bframes=3:open-gop=1:keyint=12 -threads 1 -c:a aac ";
const std::string kH264Interlaced =
    "-c:v libx264 -preset veryfast -flags +ilme+ildct -x264opts tff=1 -bf 2 -threads 1 -c:a aac ";
const std::string kH265 =
    "-c:v libx265 -preset ultrafast -x265-params bframes=3:keyint=25:pools=1:log-level=0 -c:a aac ";
const std::string kH265Open =
    "-c:v libx265 -preset ultrafast -x265-params bframes=3:keyint=12:open-gop=1:scenecut=0:pools=1:log-level=0 -c:a "
    "aac ";
const std::string kTsH264 = "tsdemux ! h264parse", kTsH265 = "tsdemux ! h265parse",
                  kTsMpeg2 = "tsdemux ! mpegvideoparse";

std::string made(const UntimedCase& one, InputFiles& inputs) {
  const auto path = inputs.make(one.file, kPictures + kSound + one.coding + one.file);
  if (one.how) take_times_away(path, *one.how, one.kept);
  return path;
}

void expect_every_picture_at_its_time(const std::string& source, const std::string& target) {
  EXPECT_EQ(picture_hashes(source), picture_hashes(target));
  const ProbedFile output(target);
  std::vector<std::int64_t> times;
  for (const auto& packet : output.video().packets) times.push_back(packet.ns);
  std::ranges::sort(times);
  ASSERT_EQ(times.size(), kCount);
  for (std::size_t i = 1; i < times.size(); ++i)
    EXPECT_NEAR(static_cast<double>(times[i] - times[i - 1]), static_cast<double>(kFrameNs), kRounding) << i;
}

class MissingTimes : public ::testing::TestWithParam<UntimedCase> {
 protected:
  InputFiles inputs_;
  TemporaryFolder folder_;
};

TEST_P(MissingTimes, AreGivenInTheBin) {
  const auto source = made(GetParam(), inputs_);
  for (const std::string& suffix : GetParam().outputs) {
    SCOPED_TRACE(suffix);
    const auto target = folder_.file("out." + suffix);
    const auto seen = dub(source, kNoProxy + "mux=" + suffix, target);
    ASSERT_EQ(seen.end, End::eos) << seen.error;
    EXPECT_TRUE(seen.lost.empty()) << seen.lost.front();
    expect_every_picture_at_its_time(source, target);
  }
}

TEST_P(MissingTimes, AreGivenByTheElementAlone) {
  if (GetParam().elements.empty()) GTEST_SKIP() << "no command line of its own";
  const auto source = made(GetParam(), inputs_);
  const sim::Service service{quick_service()};
  const auto target = folder_.file("out.mkv");
  const auto result =
      gst_launch("filesrc location=" + source + " ! " + GetParam().elements + " ! klingv2a name=k " + kNoProxy +
                     "! matroskamux name=m ! filesink location=" + target + " k.audio ! audioconvert ! avenc_aac ! m.",
                 {{"KLINGV2A_API_KEY", "sim-key"}, {"KLINGV2A_BASE_URL", service.base_url()}});
  ASSERT_EQ(result.exit_code, 0) << result.output << result.errors;
  expect_every_picture_at_its_time(source, target);
}

INSTANTIATE_TEST_SUITE_P(
    ProgramStreams, MissingTimes,
    ::testing::Values(UntimedCase{.name = "Dvd", .file = "dvd.vob", .coding = "-target pal-dvd -c:a ac3 "},
                      UntimedCase{.name = "DvdWithoutSound",
                                  .file = "silent.mpg",
                                  .coding = "-target pal-dvd -an ",
                                  .elements = "mpegpsdemux ! mpegvideoparse"},
                      UntimedCase{.name = "Mpeg2WithBFrames", .file = "b.mpg", .coding = kMpeg2},
                      UntimedCase{
                          .name = "Mpeg1", .file = "1.mpg", .coding = "-c:v mpeg1video -bf 2 -q:v 5 -c:a mp2 "}),
    ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(
    TransportStreams, MissingTimes,
    ::testing::Values(UntimedCase{"Mpeg2", "m2.ts", kMpeg2, Untimed::without_times, 3, kTsMpeg2},
                      UntimedCase{"Mpeg2Joined", "m2j.ts", kMpeg2, Untimed::joined, 4, kTsMpeg2},
                      UntimedCase{"Mpeg2FirstOnly", "m2f.ts", kMpeg2, Untimed::without_times, 1000},
                      UntimedCase{"H264", "h4.ts", kH264, Untimed::without_times, 3, kTsH264},
                      UntimedCase{"H264Joined", "h4j.ts", kH264, Untimed::joined, 4, kTsH264, kAll},
                      UntimedCase{"H264FirstOnly", "h4f.ts", kH264, Untimed::joined, 1000},
                      UntimedCase{"H264OpenGop", "h4o.ts", kH264Open, Untimed::without_times, 12},
                      UntimedCase{"H264Interlaced", "h4i.ts", kH264Interlaced, Untimed::without_times, 5},
                      UntimedCase{"H265", "h5.ts", kH265, Untimed::without_times, 3, kTsH265, kAll},
                      UntimedCase{"H265Joined", "h5j.ts", kH265, Untimed::joined, 4},
                      UntimedCase{"H265OpenGop", "h5o.ts", kH265Open, Untimed::without_times, 12}),
    ::testing::PrintToStringParamName());

// It has decoding times only, and calls those of key frames PTS.
INSTANTIATE_TEST_SUITE_P(
    Avi, MissingTimes,
    ::testing::Values(UntimedCase{.name = "Mpeg4WithBFrames",
                                  .file = "m4.avi",
                                  .coding = "-c:v mpeg4 -bf 2 -g 12 -q:v 5 -c:a mp2 ",
                                  .elements = "avidemux ! mpeg4videoparse",
                                  .outputs = kAll},
                      UntimedCase{.name = "Mpeg4",
                                  .file = "m4p.avi",
                                  .coding = "-c:v mpeg4 -q:v 5 -c:a mp2 ",
                                  .elements = "avidemux"},
                      UntimedCase{.name = "H264WithBFrames",
                                  .file = "h4.avi",
                                  .coding = "-c:v libx264 -preset veryfast -bf 3 -g 30 -threads 1 -c:a mp2 ",
                                  .elements = "avidemux ! h264parse"}),
    ::testing::PrintToStringParamName());

// What holds two pictures in one packet and a placeholder in another has no order that is known here.
TEST(MissingTimesUnknown, PackedBFramesAreRefusedBeforeAnythingIsPaid) {
  InputFiles inputs;
  const auto source = inputs.make("packed.avi", kPictures + "-c:v libxvid -bf 2 -g 12 -q:v 5 packed.avi");
  const TemporaryFolder folder;
  const auto seen = dub(source, "mux=mkv", folder.file("out.mkv"));
  EXPECT_EQ(seen.end, End::error);
  ASSERT_EQ(seen.errors.size(), 1U);
  EXPECT_EQ(seen.errors[0].detail("paid"), "no");
  EXPECT_NE(seen.errors[0].text.find("no timestamp"), std::string::npos) << seen.errors[0].text;
  EXPECT_EQ(seen.posts, 0);
}

}  // namespace
}  // namespace klingv2a::test
