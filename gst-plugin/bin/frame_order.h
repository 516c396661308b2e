// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The DTS that a video without any (Matroska, WebM) needs in MP4, QuickTime and MPEG-TS: the pictures' times in the
// order of showing, moved back by the reordering delay. Exact, because all pictures of the clip have come in before the
// first one leaves.
//
// Filled by the input's streaming thread, read by the output's. One mutex guards everything.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "gst_ptr.h"
#include "mutex.h"

namespace klingv2a {

class FrameOrder {
 public:
  // The muxer wants DTS; without this call, nothing is added.
  void want_dts();
  [[nodiscard]] bool wants_dts();
  // How far DTS lie before the pictures' times where they are added; 0 if they are not. All pictures are in by then.
  [[nodiscard]] GstClockTime delay();

  // A picture that came in.
  void note(const GstBuffer* buffer);
  // The picture as it leaves, in the same order: with a DTS if the video has none, else as it is.
  [[nodiscard]] BufferPtr timed(BufferPtr buffer);
  // The first DTS lie before the first picture is shown, but timestamps are never negative: so where DTS are added, all
  // timestamps of the stream grow by this much, and its segments' start and stop with them. 0: none are added.
  [[nodiscard]] GstClockTime room();
  // A segment or a GAP of the same stream, moved likewise.
  [[nodiscard]] GstSegment moved(GstSegment segment);
  [[nodiscard]] EventPtr moved(const EventPtr& gap);

 private:
  void settle() REQUIRES(mutex_);
  [[nodiscard]] bool adds() const REQUIRES(mutex_) { return wanted_ && !has_dts_; }

  Mutex mutex_;
  std::vector<GstClockTime> times_ GUARDED_BY(mutex_);
  bool wanted_ GUARDED_BY(mutex_) = false;
  bool has_dts_ GUARDED_BY(mutex_) = false;
  bool settled_ GUARDED_BY(mutex_) = false;
  GstClockTime delay_ GUARDED_BY(mutex_) = 0;
  std::size_t next_ GUARDED_BY(mutex_) = 0;
};

}  // namespace klingv2a
