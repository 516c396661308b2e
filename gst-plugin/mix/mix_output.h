// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The sound that leaves klingv2amix, as buffers whose timestamps follow from a count of samples.
//
// One thread.
#pragma once

#include <gst/audio/audio.h>

#include <cstdint>
#include <functional>
#include <span>

#include "gst_ptr.h"

namespace klingv2a {

class MixOutput {
 public:
  // What a buffer holds at most: 21 ms.
  static constexpr std::size_t kBufferFrames = 1024;
  // `start`: running time of the first frame.
  MixOutput(const GstAudioInfo& info, GstClockTime start) : info_(info), start_(start) {}

  // Fills room for kBufferFrames with the next frames, and returns how many these are; see mix::Player::read().
  using Read = std::function<std::size_t(std::span<float> interleaved)>;
  // Null when `read` gives none. Throws what it throws, and std::bad_alloc.
  [[nodiscard]] BufferPtr next(const Read& read);
  // Running time of the end so far.
  [[nodiscard]] GstClockTime end() const;

 private:
  std::size_t fill(GstBuffer* buffer, const Read& read) const;

  const GstAudioInfo info_;
  const GstClockTime start_;
  std::int64_t next_frame_ = 0;
};

}  // namespace klingv2a
