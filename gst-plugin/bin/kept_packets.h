// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a parser has put into packets that needed nothing. h264parse of GStreamer 1.26 writes the parameter sets into
// the first packet, though MP4 and Matroska keep them beside the packets: the video would not leave as it came.
//
// On the streaming thread that pushes through the parser, which pushes on at once; no lock.
#pragma once

#include <gst/gst.h>

#include <deque>

#include "gst_ptr.h"

namespace klingv2a {

class KeptPackets {
 public:
  // A packet that goes into the parser.
  void came(GstBuffer* packet);
  // One that leaves it: with its own payload again, where the parser has only put something in at one place.
  [[nodiscard]] BufferPtr restored(BufferPtr packet);
  // FLUSH_STOP.
  void forget() { packets_.clear(); }

 private:
  std::deque<BufferPtr> packets_;  // those that have not left yet; a parser holds one or two
};

// Is the stream's framing one that a parser need not change? The parameter sets lie beside such packets.
[[nodiscard]] bool has_parameter_sets_beside(const GstCaps* caps);

}  // namespace klingv2a
