// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where each stream lies in the file that is written. Muxers drop what lies before running time 0 or before a segment's
// start, so a stream that has something to lose there moves all of them: packets before the segment's start (lead-in:
// edit lists, cuts inside a GOP, a coded sound's priming), and the priming of our own encoder. Every stream moves by
// the same `front`, so that they stay in step to the sample.
//
// Filled by the streaming threads of the input, read by those of the output, which start later: what moves is settled
// when the first stream leaves. One mutex guards everything; it is never held across a call out of this class.
#pragma once

#include <gst/gst.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "gst_ptr.h"

namespace klingv2a {

class MuxedTimeline {
 public:
  // What came in of `stream`, in its order.
  void note_segment(const std::string& stream, const GstSegment& segment);
  void note_buffer(const std::string& stream, const GstBuffer* buffer);

  // What the encoder puts before the sound.
  void set_priming(GstClockTime priming);

  // The segment to be written for `stream`. The first call settles the front.
  [[nodiscard]] GstSegment move(const std::string& stream, const GstSegment& segment);
  // The same for our own sound, whose first packet begins `priming` before its timestamp.
  [[nodiscard]] GstSegment move_sound(const GstSegment& segment);

  // How far all streams move; settles it.
  [[nodiscard]] GstClockTime front();

 private:
  struct Lead {
    std::optional<GstSegment> segment;
    GstClockTime before_start = 0;  // largest distance of a packet before the first segment that had packets
    bool measured = false;          // a later segment has begun
  };
  void settle();

  std::mutex mutex_;
  std::map<std::string, Lead> leads_;
  GstClockTime priming_ = 0;
  std::optional<GstClockTime> front_;
};

}  // namespace klingv2a
