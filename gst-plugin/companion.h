// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Another stream of the same programme (its old sound, subtitles …): the pads `sink_%u` and `src_%u`, and what waits
// between them until the video leaves. Part of the element's state: everything here is guarded by the element's mutex,
// but for what is said to be a thread's own.
#pragma once

#include <memory>

#include "hold.h"
#include "hold_spool.h"
#include "output.h"

namespace klingv2a {

struct Companion {
  Companion(guint pad_number, PadPtr sink_pad) : number(pad_number), sink(std::move(sink_pad)) {}

  const guint number;  // of both pads
  const PadPtr sink;
  PadPtr source;  // from the first CAPS on, for as long as the companion is there
  Output output;
  bool added = false;      // `source` has been added to the element
  bool announced = false;  // in this run it has begun: its task may push
  bool flushing = false;
  bool released = false;   // by release_pad: it takes and gives nothing any more
  bool pushing = false;    // its task is downstream
  bool has_ended = false;  // EOS has come in
  EventPtr stream_start;   // waits for the first CAPS
  GstSegment segment{};    // in force for what comes in
  Hold hold;
  Nanoseconds left = kNever;  // running time of what left last

  // The streaming thread's own; null as long as memory does. Its size stands beside it for everybody.
  std::unique_ptr<HoldSpool> spool;
  guint64 spooled = 0;

  // Running time of what comes in; nothing when it has none.
  [[nodiscard]] std::optional<Nanoseconds> time_of(GstBuffer* buffer) const;
  [[nodiscard]] std::optional<Nanoseconds> time_of(GstEvent* event) const;
  // May what waits first leave, when the clips up to `until` may?
  [[nodiscard]] bool may_leave(Nanoseconds until) const;
  // After a flush: nothing is held but what upstream will not send again.
  void flush();
  // On the way down: nothing has come of the next run. The pads stay, with their links.
  void reset();
};

}  // namespace klingv2a
