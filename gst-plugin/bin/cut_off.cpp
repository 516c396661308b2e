// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cut_off.h"

#include "gst_ptr.h"
#include "matroska_header.h"
#include "upstream_bytes.h"

namespace klingv2a {

bool is_cut_off(GstPad* sink) {
  const auto source = readable_upstream(sink);
  gint64 length = 0;
  if (!source || !gst_pad_query_duration(source.get(), GST_FORMAT_BYTES, &length) || length <= 0) return false;
  const auto size = static_cast<std::uint64_t>(length);
  bool beyond = false;
  for_each_mp4_box(source.get(), [&](const Mp4Box& box) {
    beyond = box.size > size || box.offset > size - box.size;
    return !beyond;
  });
  return beyond || is_cut_off_matroska(source.get(), size);
}

}  // namespace klingv2a
