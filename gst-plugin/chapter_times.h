// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The chapters of a file as places where its maker says that something new begins. A pure function.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "nanoseconds.h"

namespace klingv2a {

// Where chapters begin, in stream time: rising, each once; the beginning of the video is none. Chapters in chapters
// count too, to a depth of 8; more than 100000 entries are not read. `toc` may be null.
[[nodiscard]] std::vector<Nanoseconds> chapter_times(GstToc* toc);

}  // namespace klingv2a
