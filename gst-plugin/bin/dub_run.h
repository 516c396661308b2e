// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What belongs to one input of klingv2abin and is shared with the probes on its pads, which may outlive the run. Each
// member says which threads use it.
#pragma once

#include <string>
#include <utility>

#include "frame_order.h"
#include "generated_mark.h"
#include "mutex.h"
#include "muxed_timeline.h"
#include "written_frames.h"

namespace klingv2a {

// The tag image-orientation of the video: written by the input's streaming thread, read by the muxer's.
class Orientation {
 public:
  void set(std::string orientation) {
    const MutexLocker lock(mutex_);
    orientation_ = std::move(orientation);
  }
  [[nodiscard]] std::string get() {
    const MutexLocker lock(mutex_);
    return orientation_;
  }

 private:
  Mutex mutex_;
  std::string orientation_ GUARDED_BY(mutex_);
};

struct DubRun {
  Orientation orientation;
  FrameOrder order;
  MuxedTimeline timeline{order};
  MarkPlaceholder mark;
  WrittenFrames written;
};

}  // namespace klingv2a
