// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A buffer's bytes, for as long as this object lives.
#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <span>

#include "error.h"

namespace klingv2a {

class ReadMap {
 public:
  // `buffer` outlives this object. Throws Error{input} when its memory cannot be read.
  explicit ReadMap(GstBuffer* buffer) : buffer_(buffer) {
    if (!gst_buffer_map(buffer, &map_, GST_MAP_READ))
      throw make_error(ErrorKind::input, Phase::hold, "a buffer of the video cannot be read");
  }
  ~ReadMap() { gst_buffer_unmap(buffer_, &map_); }
  ReadMap(const ReadMap&) = delete;
  ReadMap& operator=(const ReadMap&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span(map_.data, map_.size)); }

 private:
  GstBuffer* buffer_;
  GstMapInfo map_{};
};

}  // namespace klingv2a
