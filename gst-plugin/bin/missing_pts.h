// SPDX-License-Identifier: LGPL-2.1-or-later
//
// AVI has no PTS: its demuxer gives all pictures but the key frames a DTS only, and muxers drop or refuse them. Where
// pictures are shown in the order of their packets, both times are the same. Pure; any thread.
#pragma once

#include <gst/gst.h>

#include "gst_ptr.h"

namespace klingv2a {

// Whether this picture is certain to be shown in its place among the packets, as far as its coding is known here.
[[nodiscard]] bool is_shown_in_place(const GstCaps* caps, const GstBuffer* picture);

[[nodiscard]] inline bool lacks_pts(const GstBuffer* picture) {
  return !GST_BUFFER_PTS_IS_VALID(picture) && GST_BUFFER_DTS_IS_VALID(picture);
}

// The picture with its DTS as PTS.
[[nodiscard]] BufferPtr with_pts(BufferPtr picture);

}  // namespace klingv2a
