// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Would a muxer take such a stream? Pad templates promise more than muxers keep: they refuse some caps only when these
// come, which here is after a task has been paid. So a fresh muxer of the same kind gets the same CAPS before.
//
// Used by one thread at a time; it neither waits nor starts another thread.
#pragma once

#include <gst/gst.h>

#include "gst_ptr.h"

namespace klingv2a {

class MuxerTrial {
 public:
  // `pad_template`: the name of one of the muxer's sink pad templates.
  MuxerTrial(const char* factory, const char* pad_template);
  // Of the kind of `pad`, which may be in use.
  [[nodiscard]] static MuxerTrial of_kind(GstPad* pad);
  ~MuxerTrial();
  MuxerTrial(MuxerTrial&&) noexcept = default;
  MuxerTrial& operator=(MuxerTrial&&) = delete;
  MuxerTrial(const MuxerTrial&) = delete;
  MuxerTrial& operator=(const MuxerTrial&) = delete;

  // Would a stream that begins with these caps be taken? True where nobody can be asked (no such muxer).
  [[nodiscard]] bool takes(const GstCaps* caps);

 private:
  [[nodiscard]] bool send(EventPtr event);
  ElementPtr muxer_;
  PadPtr pad_;
  bool allows_custom_ = false;  // see is_custom_in_ts()
};

// No specification of MPEG-TS knows VP9 and AV1, and GStreamer alone reads such files. mpegtsmux 1.26 has caps for
// them, and refuses their first packet unless its property enable-custom-mappings is set.
[[nodiscard]] bool is_custom_in_ts(const GstCaps* caps);

// qtmux and mp4mux of GStreamer 1.22 end the process when a VP9's caps do not say where its chroma samples lie, which
// most files do not: then those of nearly all videos are said. Other caps are given back as they are.
[[nodiscard]] CapsPtr with_chroma_site(const GstCaps* caps);

// Is it a pad of an element that is a muxer by its own words? (Bins around muxers have pads of another kind.)
[[nodiscard]] bool is_muxers(GstPad* pad);

}  // namespace klingv2a
