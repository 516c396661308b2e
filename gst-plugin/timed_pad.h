// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A sink pad behind which every picture has a time, as far as it can be known: picture_times.h between the pad and
// whatever takes its buffers. Other probes on the pad that are added later see the pictures with their times.
#pragma once

#include <gst/gst.h>

#include <memory>

namespace klingv2a {

class TimedPad {
 public:
  // For the pad's whole life. What waits goes on from the pad's own streaming thread.
  explicit TimedPad(GstPad* sink);
  // What waits is dropped. While nothing streams.
  void forget();

 private:
  struct State;
  static GstPadProbeReturn on_item(GstPad* pad, GstPadProbeInfo* info, gpointer data);
  static GstPadProbeReturn on_event(GstPad* pad, GstPadProbeInfo* info, State& state);

  std::shared_ptr<State> state_;
};

}  // namespace klingv2a
