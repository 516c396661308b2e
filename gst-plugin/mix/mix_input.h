// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What arrives at one sink pad of klingv2amix, laid out on its running time, to the sample: holes become silence,
// overlaps are cut, what is outside of the segment is left out. Timestamps that are only rounded (Matroska's are
// milliseconds) move nothing.
//
// Used by the pad's streaming thread only. What it has collected is handed over with collected(), and not written to
// any more afterwards.
#pragma once

#include <gst/audio/audio.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gst_ptr.h"
#include "mix/channels.h"
#include "mix/track.h"

namespace klingv2a {

inline constexpr int kMixRate = 48000;

// The frame nearest to a running time, and back.
[[nodiscard]] std::int64_t to_frames(GstClockTime time);
[[nodiscard]] GstClockTime to_time(std::int64_t frames);
[[nodiscard]] mix::Layout layout_of(const GstAudioInfo& info);

// One input, whole.
struct CollectedSound {
  std::shared_ptr<const mix::Track> track;
  mix::Layout layout;
  GstClockTime start = 0;        // running time of the first frame
  std::int64_t start_frame = 0;  // to_frames(start)
};

class MixInput {
 public:
  // A programme that is longer than this is a mistake in the timestamps.
  static constexpr GstClockTime kLongest = 24 * 3600 * GST_SECOND;

  MixInput(std::shared_ptr<mix::MemoryBudget> budget, std::string spool_directory);

  // Caps may change in between; the layout of the first ones is kept.
  void set_info(const GstAudioInfo& info);
  void set_segment(const GstSegment& segment) { segment_ = segment; }
  // Throw Error{disk}, Error{input}.
  void add(BufferPtr buffer);
  void add_gap(GstClockTime timestamp, GstClockTime duration);
  // None when there was no sound.
  [[nodiscard]] std::optional<CollectedSound> collected() const;
  // Once nothing is added any more.
  [[nodiscard]] bool is_spooled() const { return track_ && track_->spooled_bytes() > 0; }

 private:
  [[nodiscard]] BufferPtr clipped(BufferPtr buffer) const;
  [[nodiscard]] std::optional<GstClockTime> running_time(GstClockTime timestamp) const;
  void begin(GstClockTime start);
  std::int64_t place(GstClockTime at, std::int64_t tolerance);
  void append(GstBuffer* buffer, std::int64_t skipped_frames);

  const std::shared_ptr<mix::MemoryBudget> budget_;
  const std::string spool_directory_;
  GstAudioInfo info_{};
  GstSegment segment_{};
  mix::Layout layout_;                  // of the track
  std::vector<mix::Route> conversion_;  // from the caps in force to layout_; empty: they are the same
  std::shared_ptr<mix::Track> track_;
  GstClockTime start_ = 0;
  std::int64_t start_frame_ = 0;
};

}  // namespace klingv2a
