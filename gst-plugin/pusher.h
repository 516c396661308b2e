// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Pushes what leaves, and takes note of what downstream answers. One pad that cannot go on must not block the others:
// its data is dropped from then on.
//
// Threads: the tasks of the source pads, each with its own output, with no lock held.
#pragma once

#include "element_state.h"
#include "failures.h"

namespace klingv2a {

class Pusher {
 public:
  using Item = MiniPtr<GstMiniObject>;

  Pusher(ElementState& state, Failures& failures) : state_(state), failures_(failures) {}

  // `begins_frame`: a buffer of the video that is counted as a frame when it has been taken.
  void push(Output& output, Item item, bool begins_frame = false) EXCLUDES(state_.mutex);

 private:
  void push_event(Output& output, GstEvent* event);
  GstFlowReturn push_buffer(Output& output, BufferPtr buffer);
  void note_flow(Output& output, GstFlowReturn flow, bool begins_frame);
  void report_refused_caps(GstPad* pad);
  void warn_of_missing_frames();

  ElementState& state_;
  Failures& failures_;
};

}  // namespace klingv2a
