// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Writes the proxy: the clip's own packets, or transcoded ones, muxed into an MP4 on a timeline of its own, one plain
// segment from 0. The video that leaves the element is not touched: the proxy's buffers are shallow copies with other
// timestamps. Runs on the cycle thread.
#pragma once

#include <gio/gio.h>

#include <memory>
#include <string>
#include <vector>

#include "clip_timeline.h"
#include "gst_ptr.h"
#include "spool_file.h"

namespace klingv2a {

// What a clip is made of, in decode order; immutable once the clip is cut.
struct ClipFrames {
  std::vector<BufferPtr> buffers;  // as they came: access units, or NAL units
  std::vector<FrameTime> frames;   // one per access unit
  CapsPtr caps;                    // video/x-h264
};

// Writes `clip` into a new file in `spool_dir`; `orientation` is the tag image-orientation, empty for upright pictures.
// Throws Error{input} for packets that cannot be muxed, Error{disk},
// Error{cancelled}.
[[nodiscard]] std::shared_ptr<const SpoolFile> write_proxy(const ClipFrames& clip, const ClipTimeline& timeline,
                                                           const std::string& orientation, const std::string& spool_dir,
                                                           GCancellable* cancel);

}  // namespace klingv2a
