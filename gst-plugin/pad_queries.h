// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the element's pads answer when they are asked. A companion's pads are linked to each other, as `sink` and
// `video` are. `audio` has no internal link, or caps and segments of the video would leak onto it: what it needs of
// upstream is asked here, by name.
//
// Threads: any, with no lock held, since peers are asked.
#pragma once

#include "element_state.h"

namespace klingv2a {

class PadQueries {
 public:
  explicit PadQueries(ElementState& state) : state_(state) {}

  bool answer_sink(GstPad* pad, GstQuery* query) EXCLUDES(state_.mutex);
  bool answer_source(GstPad* pad, GstQuery* query) EXCLUDES(state_.mutex);
  // The pad on the other side of the element; null for `audio`, and for a companion that has none yet.
  [[nodiscard]] PadPtr internal_link(GstPad* pad) EXCLUDES(state_.mutex);

 private:
  bool answer_caps(GstPad* pad, GstQuery* query);
  bool answer_own_caps(GstPad* pad, GstQuery* query);
  bool answer_allocation(GstPad* pad, GstQuery* query);
  bool answer_position(const GstPad* pad, GstQuery* query);
  bool answer_latency(GstPad* sink, GstQuery* query);
  bool answer_audio(GstPad* pad, GstQuery* query);

  ElementState& state_;
};

}  // namespace klingv2a
