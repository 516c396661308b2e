// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the service takes, to the frame, and that a refusal names limit, value and way out.
#include "clip_limits.h"

#include <gtest/gtest.h>

#include <functional>

#include "error.h"

namespace klingv2a::limits {
namespace {

constexpr auto kSecond = static_cast<Nanoseconds>(GST_SECOND);
constexpr Nanoseconds kFrame = kSecond / 30;

// The refusal of `check`; nothing when it passes.
std::optional<ErrorDetails> refusal_of(const std::function<void()>& check) {
  try {
    check();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_EQ(error.details().phase, Phase::hold);
    EXPECT_EQ(error.details().paid, Paid::no);
    EXPECT_FALSE(error.details().advice.empty());
    return error.details();
  }
  return std::nullopt;
}

bool passes(const std::function<void()>& check) {
  return !refusal_of(check);
}

void expect_says(const std::function<void()>& check, std::initializer_list<const char*> words) {
  const auto refused = refusal_of(check);
  ASSERT_TRUE(refused);
  for (const char* word : words) EXPECT_NE(refused->message.find(word), std::string::npos) << refused->message;
}

TEST(ClipLimits, TakesAShortSideOf720Or1080EitherWayUp) {
  EXPECT_TRUE(passes([] { check_size(1280, 720); }));
  EXPECT_TRUE(passes([] { check_size(1920, 1080); }));
  EXPECT_TRUE(passes([] { check_size(720, 1280); }));
  EXPECT_TRUE(passes([] { check_size(1080, 1920); }));
  EXPECT_TRUE(passes([] { check_size(1080, 1080); }));
}

TEST(ClipLimits, RefusesOtherSizesByName) {
  expect_says([] { check_size(854, 480); }, {"854x480", "720", "1080"});
  EXPECT_FALSE(passes([] { check_size(3840, 2160); }));
  EXPECT_FALSE(passes([] { check_size(1280, 719); }));
  EXPECT_FALSE(passes([] { check_size(0, 0); }));
}

TEST(ClipLimits, TakesThreeToTwentySecondsGiveOrTakeHalfAFrame) {
  EXPECT_TRUE(passes([] { check_length(3 * kSecond, kFrame); }));
  EXPECT_TRUE(passes([] { check_length(3 * kSecond - kFrame / 2, kFrame); }));
  EXPECT_TRUE(passes([] { check_length(20 * kSecond, kFrame); }));
  EXPECT_TRUE(passes([] { check_length(20 * kSecond + kFrame / 2, kFrame); }));
}

TEST(ClipLimits, RefusesWhatIsMoreThanHalfAFrameOff) {
  EXPECT_FALSE(passes([] { check_length(3 * kSecond - kFrame / 2 - 1, kFrame); }));
  EXPECT_FALSE(passes([] { check_length(20 * kSecond + kFrame / 2 + 1, kFrame); }));
  EXPECT_FALSE(passes([] { check_length(3 * kSecond - 1, 0); }));
  EXPECT_FALSE(passes([] { check_length(20 * kSecond + 1, 0); }));
}

TEST(ClipLimits, NamesTheLengthAndTheLimit) {
  expect_says([] { check_length(2'900 * kSecond / 1000, kFrame); }, {"2.900 s", "3 s"});
  expect_says([] { check_length(23'400 * kSecond / 1000, kFrame); }, {"23.400 s", "20 s"});
}

TEST(ClipLimits, WhileGrowingOnlyTooMuchCounts) {
  EXPECT_TRUE(passes([] { check_length_so_far(kFrame, 0, kFrame); }));
  EXPECT_TRUE(passes([] { check_length_so_far(20 * kSecond + kFrame / 2, 0, kFrame); }));
  expect_says([] { check_length_so_far(20 * kSecond + kFrame, 0, kFrame); }, {"20.033 s", "20 s"});
}

TEST(ClipLimits, SaysHowMuchOfItIsPreRoll) {
  expect_says([] { check_length_so_far(21 * kSecond, 2 * kSecond, kFrame); }, {"21.000 s", "2.000 s of it before"});
}

TEST(ClipLimits, ASegmentMayBeALittleLonger) {
  EXPECT_TRUE(passes([] { check_segment_length(22 * GST_SECOND); }));
  EXPECT_TRUE(passes([] { check_segment_length(0); }));
  EXPECT_TRUE(passes([] { check_segment_length(GST_CLOCK_TIME_NONE); }));
  expect_says([] { check_segment_length(22 * GST_SECOND + 1); }, {"22.000 s", "20 s"});
  EXPECT_FALSE(passes([] { check_segment_length(GST_CLOCK_TIME_NONE - 1); }));
}

TEST(ClipLimits, TakesAHundredMillionBytes) {
  EXPECT_TRUE(passes([] { check_bytes(100'000'000); }));
  expect_says([] { check_bytes(100'000'001); }, {"100000000"});
}

}  // namespace
}  // namespace klingv2a::limits
