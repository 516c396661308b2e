// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A look at the bytes of the file that a demuxer reads. On the demuxer's streaming thread, which reads by the same pad.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <functional>

#include "edit_list.h"
#include "gst_ptr.h"

namespace klingv2a {

// The pad to read from; null where upstream only pushes.
[[nodiscard]] PadPtr readable_upstream(GstPad* sink);

// Fewer bytes at the end of the file, none behind it.
[[nodiscard]] Bytes read_bytes(GstPad* source, std::uint64_t offset, guint size);

struct Mp4Box {
  std::uint64_t offset = 0, size = 0;
  bool is_moov = false;
};

// The boxes on top of an MP4 or QuickTime file, until `visit` returns false. None for a file that begins otherwise.
void for_each_mp4_box(GstPad* source, const std::function<bool(const Mp4Box&)>& visit);

}  // namespace klingv2a
