// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Companions: the other streams of the programme, each with a request pad `sink_%u` and, from its first CAPS on, a
// sometimes pad `src_%u`, which stays as long as the request pad does. What comes in waits beside the video and leaves
// with it. It says no-more-pads, too, since these pads are the last ones.
//
// In step: an item may leave when the clip that its running time falls in may (ClipRow::may_leave_until()). What has no
// time of its own (SEGMENT, TAG …) goes with the item before it. So a companion that is ahead of the video waits for it
// without stopping its own upstream, which may be the video's as well.
//
// Room: once it may leave, a companion's upstream is held back like the video's, see ElementState::may_take_more().
//
// Threads: each companion's streaming thread, its source pad's task, and any thread for request and release.
#pragma once

#include "element_state.h"
#include "failures.h"
#include "handover.h"
#include "pusher.h"

namespace klingv2a {

class CompanionPads {
 public:
  // All outlive this object.
  CompanionPads(ElementState& state, Failures& failures, Pusher& pusher)
      : state_(state), failures_(failures), pusher_(pusher) {}

  // `name`: the one that is wished for, or null for any number. Null when it is no such name or in use.
  GstPad* request(const char* name) EXCLUDES(state_.mutex);
  // Never waits for anything downstream: a task that is there comes back when downstream lets it.
  void release(GstPad* pad) EXCLUDES(state_.mutex);

  // What comes in on a `sink_%u`.
  GstFlowReturn chain(GstPad* pad, BufferPtr buffer) EXCLUDES(state_.mutex);
  GstFlowReturn take(GstPad* pad, EventPtr event) EXCLUDES(state_.mutex);

  // The task of a `src_%u`. Under the lock, so that none is started on a pad that is being deactivated.
  bool start(ElementState& locked, GstPad* pad) REQUIRES(locked.mutex);

  // The pad `audio` is there in this run.
  void note_audio_begun() EXCLUDES(state_.mutex);
  // READY→PAUSED.
  void begin_run() EXCLUDES(state_.mutex);

 private:
  using CompanionPtr = std::shared_ptr<Companion>;
  using Item = Pusher::Item;
  [[nodiscard]] CompanionPtr find(GstPad* pad) EXCLUDES(state_.mutex);
  [[nodiscard]] PadPtr source_of(const Companion& companion) EXCLUDES(state_.mutex);
  [[nodiscard]] PadPtr new_source(guint number);
  void remove_source(const PadPtr& source, bool is_busy) const;
  bool expose(const CompanionPtr& companion, const EventPtr& caps);
  void say_no_more_pads() EXCLUDES(state_.mutex);

  [[nodiscard]] GstFlowReturn refusal(const Companion& companion) const REQUIRES(state_.mutex);
  GstFlowReturn hold(Companion& companion, HeldItem item);
  HeldItem spooled_if_needed(Companion& companion, BufferPtr buffer);
  void fail(const Error& error);
  bool dispatch(const CompanionPtr& companion, EventPtr event);
  bool push_past(const Companion& companion, EventPtr event);
  bool on_flush_start(Companion& companion, EventPtr event);
  bool on_flush_stop(Companion& companion, EventPtr event);
  bool on_end(Companion& companion, EventPtr event);
  bool hold_event(Companion& companion, EventPtr event);
  void begin_to_end(Companion& companion);

  void play(GstPad* pad);
  HeldItem next_item(Companion& companion);
  [[nodiscard]] bool is_absent(const Companion& companion) const REQUIRES(state_.mutex);
  [[nodiscard]] bool must_stop(const Companion& companion) const REQUIRES(state_.mutex);
  [[nodiscard]] bool must_end(const Companion& companion) const REQUIRES(state_.mutex);
  [[nodiscard]] bool has_work(const Companion& companion) const REQUIRES(state_.mutex);

  ElementState& state_;
  Failures& failures_;
  Pusher& pusher_;
  Handover start_;
  bool said_no_more_pads_ GUARDED_BY(state_.mutex) = false;
};

}  // namespace klingv2a
