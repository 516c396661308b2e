// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Seeks that come from downstream. A pipeline sends one seek to every sink, so it arrives on each source pad. It goes
// upstream once, the way of the first, but for companions that have a source of their own: there it goes, too. Not all
// demuxers know by the seqnum that it is one (avidemux).
//
// Threads: any, with no lock held.
#pragma once

#include <map>
#include <optional>

#include "element_state.h"

namespace klingv2a {

class Seeks {
 public:
  explicit Seeks(ElementState& state) : state_(state) {}

  // `sink`: the pad whose upstream the seek is for. Refused: other rates than 1.0, trick modes, and a seek without a
  // flush while a clip is held.
  bool pass(GstPad* sink, EventPtr event) EXCLUDES(state_.mutex);

 private:
  std::optional<bool> answer_known(guint32 seqnum, const GstObject* origin, bool flushes) EXCLUDES(state_.mutex);

  ElementState& state_;
  guint32 seqnum_ GUARDED_BY(state_.mutex) = GST_SEQNUM_INVALID;       // of the last seek
  bool may_pass_ GUARDED_BY(state_.mutex) = false;                     // it flushes, or a segment was done
  std::map<const GstObject*, bool> results_ GUARDED_BY(state_.mutex);  // by where it went to, which is only compared
};

}  // namespace klingv2a
