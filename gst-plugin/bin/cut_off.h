// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Is a file shorter than it says of itself? A demuxer ends such a file as if it were whole, and a part of the clip
// would be paid for. Runs on the demuxer's streaming thread, which reads the same file.
#pragma once

#include <gst/gst.h>

#include <string>

namespace klingv2a {

// Of what `sink` reads: true if an MP4's or QuickTime file's box, or a Matroska file's segment, goes on behind the
// file's end. False for other containers, and where upstream cannot be read at will (pipes).
[[nodiscard]] bool is_cut_off(GstPad* sink);

}  // namespace klingv2a
