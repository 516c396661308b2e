// SPDX-License-Identifier: LGPL-2.1-or-later
#include "small_luma.h"

#include <cstring>

namespace klingv2a {

namespace {

// Formats whose first component is Y, of whole bytes in the order of this machine.
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
constexpr const char* kReadable =
    "video/x-raw, format=(string){ I420, YV12, NV12, NV21, Y42B, Y444, Y41B, YUY2, UYVY, GRAY8, I420_10LE, I422_10LE, "
    "Y444_10LE, P010_10LE, I420_12LE, I422_12LE, Y444_12LE }";
#else
constexpr const char* kReadable =
    "video/x-raw, format=(string){ I420, YV12, NV12, NV21, Y42B, Y444, Y41B, YUY2, UYVY, GRAY8 }";
#endif

// The middle of part `index` of `parts` equal ones.
int middle(int index, int parts, int length) {
  return static_cast<int>((2 * std::int64_t{index} + 1) * length / (2 * std::int64_t{parts}));
}

// From 0..255 to 16..235, so that black is the same in each video.
std::uint32_t to_video_range(std::uint32_t y) {
  constexpr std::uint32_t kBlack = 16, kRange = 219, kFull = 255;
  return kBlack + y * kRange / kFull;
}

}  // namespace

CapsPtr SmallLuma::readable() {
  return CapsPtr::adopt(gst_caps_from_string(kReadable));
}

std::span<const std::uint8_t> SmallLuma::read(GstBuffer* buffer, const GstVideoInfo& info) {
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ)) return {};
  choose_columns(GST_VIDEO_FRAME_COMP_WIDTH(&frame, 0), GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, 0));
  if (GST_VIDEO_FRAME_COMP_DEPTH(&frame, 0) > 8)
    shrink<std::uint16_t>(frame);
  else
    shrink<std::uint8_t>(frame);
  gst_video_frame_unmap(&frame);
  return luma_;
}

void SmallLuma::choose_columns(int width, int pixel_stride) {
  if (width == width_ && pixel_stride == pixel_stride_) return;
  width_ = width;
  pixel_stride_ = pixel_stride;
  columns_.clear();
  for (int i = 0; i < kWidth * kSamples; ++i) columns_.push_back(middle(i, kWidth * kSamples, width) * pixel_stride);
}

template <typename Pixel>
void SmallLuma::shrink(const GstVideoFrame& frame) {
  const auto* first = static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_COMP_DATA(&frame, 0));
  const int stride = GST_VIDEO_FRAME_COMP_STRIDE(&frame, 0), height = GST_VIDEO_FRAME_COMP_HEIGHT(&frame, 0);
  const auto shift = static_cast<unsigned>(GST_VIDEO_FORMAT_INFO_SHIFT(frame.info.finfo, 0) +
                                           GST_VIDEO_FRAME_COMP_DEPTH(&frame, 0) - 8);
  const bool is_full = frame.info.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
  const auto leveled = [&](std::uint32_t y) { return static_cast<std::uint8_t>(is_full ? to_video_range(y) : y); };
  auto out = luma_.begin();
  for (int y = 0; y < kHeight; ++y) {
    std::array<std::uint32_t, kWidth> sums{};
    for (int sample = 0; sample < kSamples; ++sample) {
      const auto* row = first + std::ptrdiff_t{stride} * middle(y * kSamples + sample, kHeight * kSamples, height);
      auto column = columns_.begin();
      for (auto& sum : sums) {
        for (int i = 0; i < kSamples; ++i) {
          Pixel pixel = 0;
          std::memcpy(&pixel, row + *column++, sizeof pixel);
          sum += pixel;
        }
      }
    }
    for (const auto sum : sums) *out++ = leveled(sum / (kSamples * kSamples) >> shift);
  }
}

}  // namespace klingv2a
