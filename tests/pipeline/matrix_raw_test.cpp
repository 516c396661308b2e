// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Raw video of every format leaves as it came, while the service is shown H.264.
#include <gtest/gtest.h>

#include "video_judge.h"

namespace klingv2a::test {
namespace {

constexpr const char* kVariable = "setpts=(N+3*floor(N/10)+0.1)/25/TB";

VideoInput raw(const std::string& name, const std::string& caps, const std::string& more = {}) {
  return {.name = name,
          .file = "a.mkv",
          .coding = {"-c:v", "ffv1", "-fps_mode", "passthrough"},
          .elements = "matroskademux ! avdec_ffv1 ! videoconvert ! video/x-raw," + caps +
                      (more.empty() ? "" : " ! capssetter caps=\"video/x-raw," + more + "\""),
          .conformed = "it is video/x-raw"};
}

// Three frames are missing after each tenth.
VideoInput variable(VideoInput input) {
  input.lasts = 4.04;
  return filtered(kVariable, input);
}

class Raw : public ::testing::TestWithParam<VideoInput> {};

TEST_P(Raw, LeavesAsItCameWithItsSoundAndTheServiceTakesTheProxy) {
  judge_video(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Format, Raw,
                         ::testing::Values(raw("I420", "format=I420"), raw("Nv12", "format=NV12"),
                                           raw("Yuy2", "format=YUY2"), raw("Uyvy", "format=UYVY"),
                                           raw("V210", "format=v210"), raw("Bgrx", "format=BGRx"),
                                           raw("Rgb", "format=RGB"), raw("I420_10", "format=I420_10LE"),
                                           raw("P010", "format=P010_10LE"), raw("Y444", "format=Y444"),
                                           raw("Gray8", "format=GRAY8"),
                                           sized(853, 481, raw("RgbOfOddSize", "format=RGB"))),
                         [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Kind, Raw,
    ::testing::Values(
        sized(720, 576, raw("Interleaved", "format=I420", "interlace-mode=interleaved,field-order=top-field-first")),
        sized(720, 576,
              raw("InterleavedV210", "format=v210", "interlace-mode=interleaved,field-order=bottom-field-first")),
        raw("Hdr", "format=P010_10LE", "colorimetry=bt2100-pq"),
        variable(raw("VariableRate", "format=I420", "framerate=0/1")),
        variable(raw("VariableRateWithANominalOne", "format=I420", "framerate=25/1")),
        filtered("setsar=16/11", raw("Anamorphic", "format=I420")), at("24000/1001", raw("At23_976", "format=I420")),
        at("60000/1001", raw("At59_94", "format=I420")), at("60", raw("At60", "format=I420")),
        at("120", raw("At120", "format=I420")), sized(240, 320, raw("Portrait", "format=I420")),
        sized(1280, 720, raw("OfTheProxysSize", "format=I420"))),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace klingv2a::test
