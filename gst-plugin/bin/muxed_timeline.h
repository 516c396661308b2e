// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where each stream lies in the file that is written. Muxers drop what lies before running time 0 or before a segment's
// start, so a stream that has something to lose there moves all of them: packets before the segment's start (pre-roll:
// edit lists, cuts inside a GOP, a coded sound's priming), and the priming of our own encoder. Every stream moves by
// the same start offset, so that they stay in step to the sample.
//
// Filled by the streaming threads of the input, read by those of the output, which start later: what moves is settled
// when the first stream leaves. One mutex guards everything; it is never held across a call out of this class.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "frame_order.h"
#include "gst_ptr.h"
#include "mutex.h"

namespace klingv2a {

// What the video's stream is called here.
inline constexpr const char* kVideoStream = "video";

class MuxedTimeline {
 public:
  // `video`: its DTS, which must not come before running time 0 either.
  explicit MuxedTimeline(FrameOrder& video) : video_(video) {}

  // What came in of `stream`, in its order.
  void note_segment(const std::string& stream, const GstSegment& segment);
  void note_buffer(const std::string& stream, const GstBuffer* buffer);

  // What the encoder puts before the sound.
  void set_priming(GstClockTime priming);

  // The segment to be written for `stream`. The first call settles the start offset.
  [[nodiscard]] GstSegment move(const std::string& stream, const GstSegment& segment);
  // The same for our own sound, whose first packet begins `priming` before its timestamp.
  [[nodiscard]] GstSegment move_sound(const GstSegment& segment);

  // What comes before the first thing to be heard or seen of `stream` (empty: our own sound).
  [[nodiscard]] GstClockTime trimmed(const std::string& stream);

  // A packet of `stream` (empty: our own sound) on its way to the muxer.
  void note_output(const std::string& stream, const GstBuffer* buffer);

  // What mp4mux and qtmux have put in front of the input's own running time 0, in nanoseconds; negative, when they have
  // taken something away: their files begin with the first packet of all.
  [[nodiscard]] std::int64_t start_offset_in_file();

 private:
  struct Lead {
    std::optional<GstSegment> segment;
    GstClockTime before_start = 0;  // largest distance of a packet before the first segment that had packets
    GstClockTime dts_before_start = 0;
    bool measured = false;  // a later segment has begun
    bool moved = false;     // the segment has left
  };
  void settle() REQUIRES(mutex_);
  GstSegment remember(const std::string& stream, const GstSegment& moved) REQUIRES(mutex_);

  FrameOrder& video_;
  Mutex mutex_;
  std::map<std::string, Lead> leads_ GUARDED_BY(mutex_);
  std::map<std::string, GstSegment> outputs_ GUARDED_BY(mutex_);  // of the streams that have not sent a packet yet
  std::set<std::string> sent_ GUARDED_BY(mutex_);                 // the others
  std::optional<GstClockTime> first_output_ GUARDED_BY(mutex_);   // running time
  GstClockTime priming_ GUARDED_BY(mutex_) = 0;
  std::optional<GstClockTime> start_offset_ GUARDED_BY(mutex_);
};

}  // namespace klingv2a
