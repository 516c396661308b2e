// SPDX-License-Identifier: LGPL-2.1-or-later
//
// H.264 that the service takes is shown to it as it is, from every container, and leaves as it came.
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
constexpr const char* kAsItIs = "";

VideoInput hd(const std::string& name, const std::string& file, const Words& coding, const std::string& elements,
              const std::string& conformed = kAsItIs) {
  return {.name = name,
          .file = file,
          .coding = coding,
          .elements = elements,
          .conformed = conformed,
          .width = 1280,
          .height = 720};
}

const Words kBFrames = x264({"-bf", "3", "-g", "25"});

class H264 : public ::testing::TestWithParam<VideoInput> {};

TEST_P(H264, LeavesAsItCameWithItsSoundAndTheServiceTakesTheProxy) {
  judge_video(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    AsItIs, H264,
    ::testing::Values(hd("Mp4WithBFrames", "a.mp4", kBFrames, kMp4), hd("MkvWithBFrames", "a.mkv", kBFrames, kMkv),
                      hd("TsWithBFrames", "a.ts", kBFrames, kTs), hd("Flv", "a.flv", x264(), "flvdemux ! h264parse"),
                      hd("AviWithoutPts", "a.avi", x264({"-bf", "0"}), "avidemux ! h264parse"),
                      hd("AviWithBFrames", "a.avi", kBFrames, "avidemux ! h264parse"),
                      sized(1080, 1920, hd("PortraitOfFullHdInMov", "a.mov", x264(), kMp4)),
                      sized(960, 720, filtered("setsar=4/3", hd("Anamorphic", "a.mp4", x264(), kMp4))),
                      turned("rotate-90", hd("TurnedBy90", "a.mp4", x264(), kMp4)),
                      turned("rotate-180", hd("TurnedBy180", "a.mp4", x264(), kMp4)),
                      at("60000/1001", hd("At59_94", "a.mp4", kBFrames, kMp4)),
                      at("24000/1001", sized(720, 1280, hd("PortraitAt23_976", "a.mkv", kBFrames, kMkv)))),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace klingv2a::test
