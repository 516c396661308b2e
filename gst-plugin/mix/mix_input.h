// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What arrives at one sink pad of klingv2amix, laid out on its running time, to the sample: holes become silence,
// overlaps are cut, what is outside of the segment is left out. Timestamps that are only rounded (Matroska's are
// milliseconds) move nothing.
//
// Used by the pad's streaming thread only. Where the sound goes the element says, when there is some.
#pragma once

#include <gst/audio/audio.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "gst_ptr.h"
#include "mix/channels.h"
#include "mix/sound.h"

namespace klingv2a {

inline constexpr int kMixRate = 48000;

// The frame nearest to a running time, and back.
[[nodiscard]] std::int64_t to_frames(GstClockTime time);
[[nodiscard]] GstClockTime to_time(std::int64_t frames);
[[nodiscard]] mix::Layout layout_of(const GstAudioInfo& info);

// Where an input is in the mix.
struct SoundPlace {
  mix::Layout layout;
  GstClockTime start = 0;        // running time of the first frame
  std::int64_t start_frame = 0;  // to_frames(start)
};

class MixInput {
 public:
  // A programme that is longer than this is a mistake in the timestamps.
  static constexpr GstClockTime kLongest = 24 * 3600 * GST_SECOND;

  // Called once, when the first sound comes; not null.
  using Begin = std::function<std::shared_ptr<mix::Sound>(const SoundPlace& place)>;
  explicit MixInput(Begin begin);

  // Caps may change in between; the layout of the first ones is kept.
  void set_info(const GstAudioInfo& info);
  [[nodiscard]] bool has_info() const { return !layout_.empty(); }
  void set_segment(const GstSegment& segment) { segment_ = segment; }
  // Throw Error{input}, and what the sound's append() throws.
  void add(BufferPtr buffer);
  void add_gap(GstClockTime timestamp, GstClockTime duration);

 private:
  [[nodiscard]] BufferPtr clipped(BufferPtr buffer) const;
  [[nodiscard]] std::optional<GstClockTime> running_time(GstClockTime timestamp) const;
  void begin(GstClockTime start);
  std::int64_t place(GstClockTime at, std::int64_t tolerance);
  void append(GstBuffer* buffer, std::int64_t skipped_frames);

  const Begin begin_;
  GstAudioInfo info_{};
  GstSegment segment_{};
  mix::Layout layout_;                  // of the track
  std::vector<mix::Route> conversion_;  // from the caps in force to layout_; empty: they are the same
  std::shared_ptr<mix::Sound> track_;
  std::int64_t start_frame_ = 0;
};

}  // namespace klingv2a
