// SPDX-License-Identifier: LGPL-2.1-or-later
//
// MPEG transport streams whose pictures lack times, as broadcasters and cameras write them; FFmpeg gives one to each.
// Blocking; any thread.
#pragma once

#include <string>

namespace klingv2a::test {

// What happens to the video packets (PES) that do not keep their times.
enum class Untimed {
  without_times,  // each picture has a packet, without PTS and DTS
  joined,         // the picture goes on in the packet of the one before
};

// Rewrites FFmpeg's file in place: of its video's packets, the first one and each `kept`-th after it keep their times.
void take_times_away(const std::string& path, Untimed how, int kept);

}  // namespace klingv2a::test
