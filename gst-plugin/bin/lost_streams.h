// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an MP4 or QuickTime file holds that qtdemux (as of GStreamer 1.22) does not hand out: chapters, timecode, data.
// Nobody would hear of it otherwise. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "movie_boxes.h"

namespace klingv2a {

// One sentence for each track of the `moov`, `handed_out` being how many came. `keeps_list`: the output gets the
// input's list of chapters, so that a track of the same chapters is none to miss.
[[nodiscard]] std::vector<std::string> tracks_not_demuxed(View moov, std::size_t handed_out, bool keeps_list);

}  // namespace klingv2a
