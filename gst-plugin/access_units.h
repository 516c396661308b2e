// SPDX-License-Identifier: LGPL-2.1-or-later
//
// MP4 holds whole access units in avc framing; a clip may come as byte-stream and as single NAL units. h264parse turns
// the one into the other. Runs on the cycle thread.
#pragma once

#include <gio/gio.h>

#include "proxy_writer.h"

namespace klingv2a {

// The clip's access units in avc framing with codec_data in the caps: the clip itself when it already is so. Timestamps
// of the buffers are of no meaning; there is one buffer per entry of `frames`. Throws Error{input} when that does not
// come out.
[[nodiscard]] ClipFrames to_avc_access_units(const ClipFrames& clip, GCancellable* cancel);

}  // namespace klingv2a
