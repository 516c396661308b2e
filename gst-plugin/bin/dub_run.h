// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What belongs to one input of klingv2abin and is shared with the probes on its pads, which may outlive the run. Each
// member says which threads use it.
#pragma once

#include "frame_order.h"
#include "generated_mark.h"
#include "muxed_timeline.h"

namespace klingv2a {

struct DubRun {
  FrameOrder order;
  MuxedTimeline timeline{order};
  GeneratedMark mark;
};

}  // namespace klingv2a
