// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files with video of every kind, in and into containers of every kind, through klingv2abin: the packets stay as they
// are, or in another container's framing the pictures, and so do their times and the place of the sound beside them.
#include <gtest/gtest.h>

#include <memory>

#include "dub_judge.h"

namespace klingv2a::test {
namespace {

constexpr const char* kMovieHello = "/usr/share/forensics-samples/original-files/movie2/movie-hello.mp4";

std::string suffix_of(const std::string& file) {
  return file.substr(file.rfind('.') + 1);
}

// The file is made of the video with B-frames and the original.
DubCase remuxed(const std::string& name, const std::string& file, const std::string& coding = "-c:v copy -c:a aac") {
  return {.name = name,
          .file = file,
          .make = "ffmpeg -v error -y -i video.mp4 -i original.wav -map 0:v -map 1:a " + coding + " " + file,
          .output = "out." + suffix_of(file)};
}

DubCase into(const std::string& container, DubCase file) {
  file.output = "out." + container;
  file.properties += " mux=" + container;
  return file;
}

DubCase reframed(DubCase file) {
  file.reframed = true;
  return file;
}

DubCase coded(const std::string& codec, DubCase file) {
  file.codec = codec;
  return file;
}

// The video is made of `source`, frame by frame as `coding` says.
DubCase encoded(const std::string& name, const std::string& file, const std::string& coding,
                const std::string& filters = {}) {
  return {.name = name,
          .file = file,
          .make = "ffmpeg -v error -y -f lavfi -i testsrc=s=1280x720:r=25:d=3.2:decimals=2" + filters +
                  " -i original.wav -map 0:v -map 1:a " + coding + " " + file,
          .output = "out." + suffix_of(file)};
}

// Frames 60 to 79 lie 40 ms later, and some between go.
std::string variable_rate(const std::string& file) {
  return "ffmpeg -v error -y -f lavfi -i testsrc=s=1280x720:r=25:d=3.2:decimals=2 -i original.wav -map 0:v -map 1:a "
         "-vf \"select='not(between(n,30,33))+eq(n,32)',setpts=PTS+if(gte(N\\,60)\\,0.04/TB\\,0)\" "
         "-fps_mode vfr -c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p -c:a aac " +
         file;
}

DubCase variable(const std::string& name, const std::string& file) {
  return {.name = name, .file = file, .make = variable_rate(file), .output = "out." + suffix_of(file)};
}

// FFmpeg 7's edit list leaves out the last picture, which comes 40 ms late.
DubCase variable_in_mp4() {
  auto file = variable("VariableRateInMp4", "variable.mp4");
  file.duration_s = 3.24;
  return file;
}

// Key frames at each second: the cut at 1.4 s leaves ten frames before the first one that is shown.
DubCase cut_in_a_gop() {
  return {.name = "CutInAGop",
          .file = "cut.mp4",
          .make =
              "ffmpeg -v error -y -f lavfi -i testsrc=s=1280x720:r=25:d=5:decimals=2 -i original.wav -map 0:v -map 1:a "
              "-c:v libx264 -preset ultrafast -bf 2 -g 25 -pix_fmt yuv420p -c:a aac whole.mp4 && "
              "ffmpeg -v error -y -ss 0.4 -i whole.mp4 -c copy cut.mp4",
          .beyond_edit = 1};
}

class DubVideos : public ::testing::TestWithParam<DubCase> {
 protected:
  static void SetUpTestSuite() { inputs_ = std::make_unique<InputFiles>(); }
  static void TearDownTestSuite() { inputs_.reset(); }
  static std::unique_ptr<InputFiles> inputs_;
};
std::unique_ptr<InputFiles> DubVideos::inputs_;

TEST_P(DubVideos, StayAsTheyAreWithTheSoundInItsPlace) {
  judge_dub(GetParam(), *inputs_);
}

INSTANTIATE_TEST_SUITE_P(
    InContainers, DubVideos,
    ::testing::Values(remuxed("Mov", "ffmpeg.mov"), reframed(into("mp4", remuxed("TsToMp4", "mp4.ts"))),
                      into("mp4", remuxed("MkvToMp4", "mp4.mkv")), into("mov", remuxed("MkvToMov", "mov.mkv")),
                      reframed(into("ts", remuxed("MkvToTs", "ts.mkv"))), into("mkv", remuxed("Mp4ToMkv", "mkv.mp4")),
                      remuxed("Fragmented", "fragmented.mp4", "-c:v copy -c:a aac -movflags +frag_keyframe+empty_moov"),
                      cut_in_a_gop()),
    ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(
    OfCodings, DubVideos,
    ::testing::Values(
        variable_in_mp4(), variable("VariableRateInMkv", "variable.mkv"),
        coded("opus", encoded("Vp9InWebm", "vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus")),
        into("mp4", encoded("Vp9ToMp4", "vp9.mkv", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a aac",
                            ",format=yuv420p")),
        encoded("ProresInMov", "prores.mov", "-c:v prores_ks -profile:v 0 -c:a pcm_s16le"),
        encoded("HevcInMp4", "hevc.mp4",
                "-c:v libx265 -preset ultrafast -x265-params log-level=error -tag:v hvc1 -c:a aac"),
        into("mkv", encoded("Mpeg4InAvi", "mpeg4.avi", "-c:v mpeg4 -q:v 5 -c:a libmp3lame")),
        into("mkv", encoded("MjpegInAvi", "mjpeg.avi", "-c:v mjpeg -q:v 5 -c:a pcm_s16le")),
        DubCase{.name = "MovieHello", .file = kMovieHello, .make = "", .beyond_edit = 1, .duration_s = 8.362}),
    ::testing::PrintToStringParamName());

}  // namespace
}  // namespace klingv2a::test
