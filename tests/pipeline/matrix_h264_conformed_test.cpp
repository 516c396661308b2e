// SPDX-License-Identifier: LGPL-2.1-or-later
//
// H.264 that the service would refuse is transcoded for it; the video itself leaves as it came.
#include <gtest/gtest.h>

#include "video_judge.h"

namespace klingv2a::test {
namespace {

using Words = std::vector<std::string>;

Words x264(const Words& more = {}) {
  Words words{"-c:v", "libx264", "-preset", "ultrafast"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

constexpr const char* kMp4 = "qtdemux ! h264parse";
constexpr const char* kMkv = "matroskademux ! h264parse";
constexpr const char* kTs = "tsdemux ! h264parse";

VideoInput hd(const std::string& name, const std::string& file, const Words& coding, const std::string& elements,
              const std::string& conformed) {
  return {.name = name,
          .file = file,
          .coding = coding,
          .elements = elements,
          .conformed = conformed,
          .width = 1280,
          .height = 720};
}

VideoInput small(const std::string& name, const std::string& file, const Words& coding, const std::string& elements) {
  return sized(640, 480, hd(name, file, coding, elements, "it is 640x480"));
}

const Words kBFrames = x264({"-bf", "3", "-g", "25"});
const Words kInterlaced = x264({"-flags", "+ildct+ilme", "-x264-params", "interlaced=1:tff=1"});

class ConformedH264 : public ::testing::TestWithParam<VideoInput> {};

TEST_P(ConformedH264, LeavesAsItCameWithItsSoundAndTheServiceTakesTheProxy) {
  judge_video(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Conformed, ConformedH264,
    ::testing::Values(
        hd("TenBits", "a.mp4", x264({"-pix_fmt", "yuv420p10le"}), kMp4, "it has 10 bits in 4:2:0"),
        hd("Chroma422", "a.mkv", x264({"-pix_fmt", "yuv422p"}), kMkv, "it has 8 bits in 4:2:2"),
        sized(853, 481, hd("OddSize", "a.mp4", x264({"-pix_fmt", "yuv444p"}), kMp4, "it has 8 bits in 4:4:4")),
        hd("Interlaced", "a.mp4", kInterlaced, kMp4, "it is interlaced"),
        sized(1440, 1080,
              filtered("setsar=4/3,setfield=tff",
                       hd("AnamorphicInterlacedInTs", "a.ts", kInterlaced, kTs, "it is interlaced"))),
        small("Sd", "a.mp4", x264(), kMp4), small("SdWithBFramesInMkv", "a.mkv", kBFrames, kMkv),
        small("SdWithBFramesInTs", "a.ts", kBFrames, kTs),
        small("SdAsNalUnits", "a.ts", kBFrames,
              "tsdemux ! h264parse ! video/x-h264,stream-format=byte-stream,alignment=nal"),
        sized(720, 480, filtered("setsar=32/27", hd("AnamorphicSd", "a.mp4", x264(), kMp4, "it is 720x480"))),
        turned("rotate-90", small("SdTurnedBy90", "a.mp4", x264(), kMp4)),
        turned("rotate-180", small("SdTurnedBy180", "a.mp4", x264(), kMp4)),
        turned("rotate-270", small("SdTurnedBy270", "a.mp4", kBFrames, kMp4)),
        sized(480, 854, hd("PortraitSd", "a.mp4", x264(), kMp4, "it is 480x854")),
        at("120", hd("At120", "a.mp4", x264(), kMp4, "it has more than 60 frames a second")),
        at("60", small("SdAt60", "a.mp4", x264(), kMp4)),
        sized(3840, 2160, hd("Uhd", "a.mp4", x264(), kMp4, "it is 3840x2160"))),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace klingv2a::test
