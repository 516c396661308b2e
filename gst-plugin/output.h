// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A source pad of the element and where its task has got to. Part of the element's state: guarded by its mutex.
#pragma once

#include <gst/gst.h>

namespace klingv2a {

struct Output {
  GstPad* pad = nullptr;
  bool active = false;
  bool ended = false;  // EOS went out
  GstFlowReturn flow = GST_FLOW_OK;
  GstClockTime position = GST_CLOCK_TIME_NONE;  // stream time of the end of what was last pushed
  GstSegment segment{};                         // last one pushed

  // After a flush, or on the way up: as if nothing had been pushed.
  void restart() {
    ended = false;
    flow = GST_FLOW_OK;
    position = GST_CLOCK_TIME_NONE;
    segment = {};
  }
};

}  // namespace klingv2a
