// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which videos the service is shown as they are, and what the copy of the others looks like.
#include "conform.h"

#include <gtest/gtest.h>

namespace klingv2a {
namespace {

std::string why(const std::string& caps) {
  return joined(why_not_remuxed(CapsPtr::adopt(gst_caps_from_string(caps.c_str())).get()));
}

constexpr const char* kHd = "video/x-h264,width=1280,height=720";

TEST(Remuxed, IsProgressiveH264Of8Bit420InTheRightSize) {
  EXPECT_EQ(why(kHd), "");
  EXPECT_EQ(why("video/x-h264"), "");
  EXPECT_EQ(why("video/x-h264,width=1080,height=1920"), "");
  EXPECT_EQ(why(std::string(kHd) + ",profile=high,interlace-mode=progressive,coded-picture-structure=frame"), "");
  EXPECT_EQ(why(std::string(kHd) + ",profile=progressive-high,chroma-format=4:2:0,bit-depth-luma=(uint)8"), "");
  // High 4:4:4 Predictive may be 4:2:0 all the same: the parser knows.
  EXPECT_EQ(why(std::string(kHd) + ",profile=high-4:4:4,chroma-format=4:2:0,bit-depth-luma=(uint)8"), "");
}

TEST(NotRemuxed, SaysWhy) {
  EXPECT_EQ(why("video/x-h265,width=1280,height=720"), "it is video/x-h265");
  EXPECT_EQ(why("video/x-raw,format=I420,width=1280,height=720"), "it is video/x-raw");
  EXPECT_EQ(why("video/x-h264,width=640,height=480"), "it is 640x480");
  EXPECT_EQ(why(std::string(kHd) + ",profile=high-10"), "its profile is high-10");
  EXPECT_EQ(why(std::string(kHd) + ",profile=high-4:2:2"), "its profile is high-4:2:2");
  EXPECT_EQ(why(std::string(kHd) + ",chroma-format=4:2:2,bit-depth-luma=(uint)10"), "it has 10 bits in 4:2:2");
  EXPECT_EQ(why(std::string(kHd) + ",interlace-mode=mixed"), "it is interlaced");
  EXPECT_EQ(why(std::string(kHd) + ",coded-picture-structure=field"), "it is interlaced");
  EXPECT_EQ(why(std::string(kHd) + ",framerate=60000/1001"), "");
  EXPECT_EQ(why(std::string(kHd) + ",framerate=120/1"), "it has more than 60 frames a second");
  EXPECT_EQ(why("video/x-h264,width=854,height=480,interlace-mode=interleaved"), "it is 854x480, it is interlaced");
}

void expect_size(Size size, int width, int height) {
  EXPECT_EQ(size.width, width);
  EXPECT_EQ(size.height, height);
}

TEST(ProxySize, HasTheNearestShortSide) {
  expect_size(proxy_size(640, 480, 1, 1), 960, 720);
  expect_size(proxy_size(3840, 2160, 1, 1), 1920, 1080);
  expect_size(proxy_size(2160, 3840, 1, 1), 1080, 1920);
  expect_size(proxy_size(1598, 899, 1, 1), 1280, 720);
  expect_size(proxy_size(1600, 900, 1, 1), 1920, 1080);
  expect_size(proxy_size(1080, 1080, 1, 1), 1080, 1080);
}

TEST(ProxySize, HasSquarePixels) {
  expect_size(proxy_size(720, 576, 16, 11), 1310, 720);
  expect_size(proxy_size(720, 480, 8, 9), 960, 720);
  expect_size(proxy_size(1440, 1080, 4, 3), 1920, 1080);
  expect_size(proxy_size(640, 480, 0, 1), 960, 720);
}

TEST(ProxySize, IsEven) {
  for (int width = 2; width < 4000; width += 37)
    for (int height = 2; height < 2200; height += 41) {
      const Size size = proxy_size(width, height, 1, 1);
      ASSERT_EQ(size.width % 2 + size.height % 2, 0) << width << "x" << height;
      const int side = std::min(size.width, size.height);
      ASSERT_TRUE(side == 720 || side == 1080) << width << "x" << height;
    }
}

}  // namespace
}  // namespace klingv2a
