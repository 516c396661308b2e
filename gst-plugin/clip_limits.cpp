// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clip_limits.h"

#include <algorithm>

#include "error.h"

namespace klingv2a::limits {

namespace {

std::string seconds(Nanoseconds time) {
  char text[32];
  g_snprintf(text, sizeof text, "%.3f s", static_cast<double>(time) / static_cast<double>(GST_SECOND));
  return text;
}

[[noreturn]] void refuse(const std::string& message, const std::string& advice) {
  throw make_error(ErrorKind::input, Phase::hold, message, advice);
}

constexpr const char* kShorten = "allow more tasks than one (max-clips), or cut the video into pieces of 3 to 20 s";

}  // namespace

bool is_size(int width, int height) {
  const int side = std::min(width, height);
  return side == kSmallSide || side == kLargeSide;
}

void check_size(int width, int height) {
  if (is_size(width, height)) return;
  refuse("the video is " + std::to_string(width) + "x" + std::to_string(height) +
             ", the service takes a short side of 720 or 1080 pixels",
         "set conform=auto, so that the service is shown a scaled copy, or name a video by video-url");
}

void check_length(Nanoseconds length, Nanoseconds frame) {
  if (length + frame / 2 < kMinLength)
    refuse("the clip is " + seconds(length) + ", the least is 3 s", "give klingv2a at least 3 s of video");
  if (length - frame / 2 > kMaxLength) refuse("the clip is " + seconds(length) + ", the limit is 20 s", kShorten);
}

void check_length_so_far(Nanoseconds length, Nanoseconds pre_roll, Nanoseconds frame) {
  if (length - frame / 2 <= kMaxLength) return;
  std::string counted = pre_roll > 0 ? " (" + seconds(pre_roll) + " of it before the segment's start)" : "";
  refuse("the clip is longer than " + seconds(length) + counted + ", the limit is 20 s", kShorten);
}

void check_segment_length(GstClockTime length) {
  if (!GST_CLOCK_TIME_IS_VALID(length)) return;
  const auto announced = static_cast<Nanoseconds>(std::min<GstClockTime>(length, G_MAXINT64));
  if (announced <= kMaxLength + kMaxLength / 10) return;
  refuse("the video is " + seconds(announced) + ", the limit is 20 s", kShorten);
}

void check_bytes(std::uint64_t bytes) {
  if (bytes <= kMaxBytes) return;
  refuse("the clip has more than " + std::to_string(bytes) + " bytes, the limit is 100000000",
         "set conform=auto, so that the service is shown a smaller copy, or name a video by video-url");
}

}  // namespace klingv2a::limits
