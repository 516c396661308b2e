// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From a picture of any size to the small luma that the shot detector compares. Y is read where it lies, a few pixels
// of each part of the picture: no conversion, and the same values in whatever format a decoder gives them. GStreamer's
// converters round differently from format to format, and convert the whole of NV12 and of 10 bits first.
//
// One thread.
#pragma once

#include <gst/video/video.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "gst_ptr.h"

namespace klingv2a {

class SmallLuma {
 public:
  static constexpr int kWidth = 160, kHeight = 90;

  // The raw video that read() takes.
  [[nodiscard]] static CapsPtr readable();

  // kWidth * kHeight bytes of 16 (black) to 235 (white), row by row, until the next call; empty when `buffer` is no
  // picture of `info`.
  [[nodiscard]] std::span<const std::uint8_t> read(GstBuffer* buffer, const GstVideoInfo& info);

 private:
  // So many pixels, in both directions, make one.
  static constexpr int kSamples = 4;

  void choose_columns(int width, int pixel_stride);
  template <typename Pixel>
  void shrink(const GstVideoFrame& frame);

  int width_ = 0, pixel_stride_ = 0;  // what columns_ is for
  std::vector<int> columns_;          // where the pixels lie in a row; in bytes
  std::array<std::uint8_t, static_cast<std::size_t>(kWidth) * kHeight> luma_{};
};

}  // namespace klingv2a
