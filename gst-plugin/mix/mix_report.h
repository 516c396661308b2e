// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What klingv2amix says of a mix: the fields of its property stats and of its element message. A value.
#pragma once

#include <cstdint>

#include "gst_ptr.h"
#include "mix/mastering.h"

namespace klingv2a {

struct MixReport {
  // Of a mix that streams: gain_db, limit_db, and the counts.
  mix::Mastering mastering;
  bool is_streamed = false;      // nothing was measured
  double original_loudness = 0;  // LUFS: the one that the ducking threshold is relative to
  std::size_t channels = 0;
  std::uint64_t held_bytes = 0, spooled_bytes = 0;  // of sound, at most at one time; in the file
  std::uint64_t repaired_samples = 0;

  // The fields gain, original-loudness and limiter-ceiling are what the properties of these names take.
  [[nodiscard]] StructurePtr to_structure() const;
};

}  // namespace klingv2a
