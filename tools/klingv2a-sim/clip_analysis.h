// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the service sees in a fetched video: whether it keeps the limits, where the picture flashes and how much it
// moves. The sound is made from this.
//
// Times are nanoseconds of running time: from the container's presentation start, edit lists honoured as qtdemux does.
// Blocking; any thread.
#pragma once

#include <gio/gio.h>

#include <cstdint>
#include <string>
#include <vector>

#include "blob.h"
#include "look.h"

namespace klingv2a::sim {

struct Frame {
  std::int64_t time_ns = 0;
  double luma = 0;    // mean over the picture, 0-255
  double motion = 0;  // mean difference to the frame before, 0-1
  Look look;
};

struct Clip {
  std::string codec;  // media type
  int width = 0, height = 0;
  std::int64_t length_ns = 0;  // to the end of the last frame
  std::vector<Frame> frames;   // in the order they are shown

  // The frames on which the mean luma jumps from dark (below 60) to bright (above 180). The first frame is none: there
  // is nothing before it.
  [[nodiscard]] std::vector<std::int64_t> flashes_ns() const;
  [[nodiscard]] std::int64_t frame_ns() const;  // the median distance of two frames
};

// Throws TaskFailure when it is no MP4 or MOV with a picture in it; Cancelled.
[[nodiscard]] Clip analyse(const Blob& file, GCancellable* cancellable);

// Throws TaskFailure, naming the limit, when `url` or `clip` breaks one.
void judge(const std::string& url, const Clip& clip, bool check_resolution);

}  // namespace klingv2a::sim
