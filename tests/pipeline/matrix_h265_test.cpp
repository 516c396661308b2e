// SPDX-License-Identifier: LGPL-2.1-or-later
//
// H.265 leaves as it came, while the service is shown H.264.
#include <gtest/gtest.h>

#include "video_judge.h"

namespace klingv2a::test {
namespace {

using Words = std::vector<std::string>;

Words x265(const Words& more = {}) {
  Words words{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

constexpr const char* kMp4 = "qtdemux ! h265parse";
constexpr const char* kMkv = "matroskademux ! h265parse";
constexpr const char* kWhy = "it is video/x-h265";
const Words kTenBits{"-pix_fmt", "yuv420p10le"};

VideoInput video(const std::string& name, const std::string& file, const Words& coding, const std::string& elements) {
  return {.name = name, .file = file, .coding = coding, .elements = elements, .conformed = kWhy};
}

VideoInput uhd() {
  auto input = video("Uhd", "a.mp4", x265({"-tag:v", "hvc1"}), kMp4);
  input.width = 3840;
  input.height = 2160;
  return input;
}

class H265 : public ::testing::TestWithParam<VideoInput> {};

TEST_P(H265, LeavesAsItCameWithItsSoundAndTheServiceTakesTheProxy) {
  judge_video(GetParam());
}

INSTANTIATE_TEST_SUITE_P(From, H265,
                         ::testing::Values(video("Hvc1", "a.mp4", x265({"-tag:v", "hvc1"}), kMp4),
                                           video("Hev1", "a.mp4", x265({"-tag:v", "hev1"}), kMp4),
                                           video("Mkv", "a.mkv", x265(), kMkv),
                                           video("WithBFramesInTs", "a.ts", x265({"-bf", "3"}), "tsdemux ! h265parse"),
                                           video("TenBitsInMp4", "a.mp4", x265(kTenBits), kMp4),
                                           video("TenBitsInMkv", "a.mkv", x265(kTenBits), kMkv),
                                           video("ByteStream", "a.mp4", x265(),
                                                 "qtdemux ! h265parse ! video/x-h265,stream-format=byte-stream"),
                                           uhd()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace klingv2a::test
