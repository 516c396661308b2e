// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What of a coded picture makes its key: not what containers and parsers repeat or leave out.
#include "coded_payload.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace klingv2a {
namespace {

using Texts = std::vector<std::string>;

template <std::size_t N>
std::string bytes(const char (&text)[N]) {
  return std::string(text, N - 1);
}

CapsPtr caps_of(const char* text) {
  return CapsPtr::adopt(gst_caps_from_string(text));
}

Texts payload(const char* caps, const std::string& data) {
  Texts parts;
  visit_payload(caps_of(caps).get(), std::as_bytes(std::span(data)), [&](std::span<const std::byte> part) {
    parts.emplace_back(reinterpret_cast<const char*>(part.data()), part.size());
  });
  return parts;
}

constexpr const char* kMpeg2 = "video/mpeg,mpegversion=2,systemstream=false";
constexpr const char* kMpeg4 = "video/mpeg,mpegversion=4,systemstream=false";
constexpr const char* kAv1 = "video/x-av1";

TEST(CodedPayload, OfMpegBeginsWithThePicture) {
  const std::string picture = bytes("\0\0\1\0\x12\x34"), vop = bytes("\0\0\1\xb6\x12\x34");
  EXPECT_EQ(payload(kMpeg2, bytes("\0\0\1\xb3seq\0\0\1\xb8gop") + picture), Texts{picture});
  EXPECT_EQ(payload(kMpeg4, bytes("\0\0\1\xb0vos\0\0\1\x20vol") + vop), Texts{vop});
  EXPECT_EQ(payload(kMpeg2, picture), payload(kMpeg2, bytes("\0\0\1\xb3seq") + picture));
}

TEST(CodedPayload, WithoutAPictureIsAllOfIt) {
  EXPECT_EQ(payload(kMpeg2, "abc"), Texts{"abc"});
  EXPECT_EQ(payload("video/x-vp8", "abc"), Texts{"abc"});
  EXPECT_EQ(payload("image/jpeg", bytes("\0\0\1\0")), Texts{bytes("\0\0\1\0")});
  EXPECT_EQ(payload("image/jpeg", ""), Texts{});
}

// Header byte: type << 3, 2 for a size that follows.
const std::string kDelimiter = bytes("\x12\0"), kSequence = bytes("\x0a\2sh"), kFrame = bytes("\x32\4tile"),
                  kLastFrame = bytes("\x30rest"), kPadding = bytes("\x7a\1x");

TEST(CodedPayload, OfAv1IsFramesOnly) {
  EXPECT_EQ(payload(kAv1, kDelimiter + kSequence + kFrame), Texts{"tile"});
  EXPECT_EQ(payload(kAv1, kFrame + kPadding), Texts{"tile"});
  EXPECT_EQ(payload(kAv1, kFrame + kLastFrame), (Texts{"tile", "rest"}));
}

TEST(CodedPayload, OfBrokenAv1IsAllOfIt) {
  for (const auto& broken : {bytes("\x32\x09tile"), bytes("\x32\xff\xff"), bytes("\x36")})
    EXPECT_EQ(payload(kAv1, broken), Texts{broken});
}

TEST(PayloadName, TellsKindsOfAMediaTypeApart) {
  EXPECT_EQ(payload_name(caps_of(kMpeg2).get()), "video/mpeg-2");
  EXPECT_EQ(payload_name(caps_of(kMpeg4).get()), "video/mpeg-4");
  EXPECT_EQ(payload_name(caps_of("video/x-msmpeg,msmpegversion=43").get()), "video/x-msmpeg-43");
  EXPECT_EQ(payload_name(caps_of("image/jpeg,width=3").get()), "image/jpeg");
}

}  // namespace
}  // namespace klingv2a
