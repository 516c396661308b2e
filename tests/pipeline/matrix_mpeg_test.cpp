// SPDX-License-Identifier: LGPL-2.1-or-later
//
// MPEG-1, -2, -4 and their kin, in the containers that they are met in: each leaves as it came, while the service is
// shown H.264.
#include <gtest/gtest.h>

#include "video_judge.h"

namespace klingv2a::test {
namespace {

using Words = std::vector<std::string>;

VideoInput video(const std::string& name, const std::string& file, const Words& coding, const std::string& elements,
                 const std::string& media_type) {
  return {.name = name, .file = file, .coding = coding, .elements = elements, .conformed = "it is " + media_type};
}

constexpr const char* kMpeg = "video/mpeg";
const Words kPal{"-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-b:v", "4M"};
const Words kMpeg2{"-c:v", "mpeg2video", "-b:v", "4M"};
const Words kMpeg4{"-c:v", "mpeg4", "-b:v", "2M"};
const Words kMpeg4WithBFrames{"-c:v", "mpeg4", "-b:v", "2M", "-bf", "2"};

class Mpeg : public ::testing::TestWithParam<VideoInput> {};

TEST_P(Mpeg, LeavesAsItCameWithItsSoundAndTheServiceTakesTheProxy) {
  judge_video(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    From, Mpeg,
    ::testing::Values(
        video("Mpeg1InPs", "a.mpg", {"-c:v", "mpeg1video", "-b:v", "2M"}, "mpegpsdemux ! mpegvideoparse", kMpeg),
        video("Mpeg2InTs", "a.ts", kMpeg2, "tsdemux ! mpegvideoparse", kMpeg),
        video("Mpeg2WithBFramesInPs", "a.vob", {"-c:v", "mpeg2video", "-b:v", "4M", "-bf", "2"},
              "mpegpsdemux ! mpegvideoparse", kMpeg),
        sized(720, 576,
              filtered("setsar=16/11,setfield=tff",
                       video("InterlacedPal", "a.ts", kPal, "tsdemux ! mpegvideoparse", kMpeg))),
        video("Mpeg2In422", "a.ts", {"-c:v", "mpeg2video", "-b:v", "4M", "-pix_fmt", "yuv422p"},
              "tsdemux ! mpegvideoparse", kMpeg),
        video("Mpeg4InMp4", "a.mp4", kMpeg4WithBFrames, "qtdemux ! mpeg4videoparse", kMpeg),
        video("Mpeg4InAvi", "a.avi", kMpeg4, "avidemux", kMpeg),
        video("Mpeg4WithBFramesInMkv", "a.mkv", kMpeg4WithBFrames, "matroskademux ! mpeg4videoparse", kMpeg),
        sized(353, 289, video("Mpeg4OfOddSize", "a.mp4", kMpeg4, "qtdemux ! mpeg4videoparse", kMpeg)),
        video("MsMpeg4", "a.avi", {"-c:v", "msmpeg4", "-b:v", "2M"}, "avidemux", "video/x-msmpeg"),
        video("Wmv2", "a.asf", {"-c:v", "wmv2", "-b:v", "2M"}, "asfdemux", "video/x-wmv"),
        video("Flv1", "a.flv", {"-c:v", "flv", "-b:v", "2M"}, "flvdemux", "video/x-flash-video"),
        shown_as(4.0 / 3,
                 sized(352, 288, video("H263", "a.3gp", {"-c:v", "h263", "-b:v", "2M"}, "qtdemux", "video/x-h263")))),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace klingv2a::test
