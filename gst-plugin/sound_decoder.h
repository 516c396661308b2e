// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A sound file becomes samples on one timeline, which begins where its sound does, or, where it has one, its picture.
// Made and used on the cycle thread; what the inner pipeline's streaming threads report is atomic.
#pragma once

#include <gio/gio.h>
#include <gst/audio/audio.h>

#include <cstdint>
#include <vector>

#include "gst_ptr.h"
#include "spool_file.h"

namespace klingv2a {

class DecodedSound {
 public:
  // Decodes all of `sound` to `caps` (raw, interleaved, fixed), and keeps the first `wanted` samples. Throws
  // Error{result} when it holds none, Error{settings} for a missing element, Error{cancelled}.
  DecodedSound(const SpoolFile& sound, const CapsPtr& caps, std::int64_t wanted, GCancellable* cancel);

  // One past the last sample, counted from the timeline's beginning.
  [[nodiscard]] std::int64_t end() const noexcept { return end_; }
  // False when neither the file nor its codec says where the sound begins in what was decoded.
  [[nodiscard]] bool start_is_known() const noexcept { return start_is_known_; }
  // Copies the samples from `first` on over `target` (which holds silence); those that do not exist stay silent.
  void copy_to(std::int64_t first, std::int64_t count, guint8* target) const;

 private:
  class Timing;
  struct Piece {
    std::int64_t position;
    BufferPtr buffer;
  };

  [[nodiscard]] std::int64_t length_of(const BufferPtr& buffer) const;
  void lay_out(std::vector<BufferPtr> buffers, const std::vector<GstClockTime>& times, GstClockTime zero);

  GstAudioInfo info_{};
  std::vector<Piece> pieces_;
  std::int64_t end_ = 0;
  bool start_is_known_ = true;
};

}  // namespace klingv2a
