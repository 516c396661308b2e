// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an MP4 or QuickTime file holds that qtdemux (as of GStreamer 1.22) does not hand out: chapters, timecode, data.
// Nobody would hear of it otherwise. Runs on the demuxer's streaming thread, which reads the same file.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

namespace klingv2a {

// One sentence for each track, `handed_out` being how many came. Empty for other containers, and where upstream cannot
// be read at will (pipes).
[[nodiscard]] std::vector<std::string> tracks_not_demuxed(GstPad* sink, std::size_t handed_out);

}  // namespace klingv2a
