// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Other streams of the same programme (its old sound, subtitles …): each with the pads `sink_%u` and `src_%u`, and what
// waits between them until the video leaves. Plain values, guarded by the element's mutex, but for what is said to be a
// thread's own. What is done with them is in companion_pads.h.
#pragma once

#include <memory>
#include <optional>
#include <vector>

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

// All companions of an element.
class CompanionSet {
 public:
  using CompanionPtr = std::shared_ptr<Companion>;

  // By one of its two pads; null when there is none.
  [[nodiscard]] CompanionPtr find(const GstPad* pad) const;
  // `number`, or the first free one from it on.
  [[nodiscard]] guint first_free_from(guint number) const;
  void add(CompanionPtr companion) { all_.push_back(std::move(companion)); }
  void remove(const CompanionPtr& companion) { std::erase(all_, companion); }
  [[nodiscard]] const std::vector<CompanionPtr>& all() const { return all_; }
  void reset();

  // Bytes of held payloads in memory; in spool files.
  [[nodiscard]] std::size_t memory() const;
  [[nodiscard]] guint64 spooled() const;
  // A source pad may still have to be added: a linked companion has neither begun nor ended.
  [[nodiscard]] bool any_is_to_begin() const;
  // May a muxer that has got another stream as far as `time` be waiting for one of these, of which nothing may leave
  // now? `until`: up to which running time they may. `video_is_complete`: nothing more of the video comes.
  [[nodiscard]] bool any_is_behind(Nanoseconds time, Nanoseconds until, bool video_is_complete) const;

 private:
  std::vector<CompanionPtr> all_;
};

}  // namespace klingv2a
