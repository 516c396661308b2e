// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The tasks of the pads `video` and `audio`: each plays clip after clip from its own view of the row, and waits until
// the clip may leave. Two tasks, because a muxer that waits for the other stream would block a common one for ever.
//
// Threads: play_video() and play_audio() on their tasks; the others on any, with the lock held where they say so.
#pragma once

#include <vector>

#include "element_state.h"
#include "failures.h"
#include "handover.h"
#include "pusher.h"

namespace klingv2a {

class RowPlayer {
 public:
  RowPlayer(ElementState& state, Failures& failures, Pusher& pusher)
      : state_(state), failures_(failures), pusher_(pusher) {}

  // The task of `video` or `audio`. Under the lock, so that none is started on a pad that is being deactivated.
  bool start(ElementState& locked, GstPad* pad) REQUIRES(locked.mutex);
  // After a flush: the tasks of the pads that are active.
  void restart() EXCLUDES(state_.mutex);
  // PAUSED→READY: nothing has been sent.
  void reset() EXCLUDES(state_.mutex);

 private:
  using Item = Pusher::Item;
  void play_video();
  void play_audio();
  void report_begun();
  HeldItem next_video_item();
  std::vector<Item> next_audio_items();
  [[nodiscard]] bool has_work(Reader reader) const REQUIRES(state_.mutex);
  bool may_play(Reader reader) REQUIRES(state_.mutex);
  bool must_end(Reader reader) REQUIRES(state_.mutex);
  std::vector<Item> begin_sound(Clip& clip) REQUIRES(state_.mutex);
  std::vector<Item> next_sound(Clip& clip) REQUIRES(state_.mutex);
  EventPtr audio_segment(const Clip& clip) REQUIRES(state_.mutex);

  ElementState& state_;
  Failures& failures_;
  Pusher& pusher_;
  Handover start_;
  std::shared_ptr<SoundListener> begun_;  // the audio task's own: of the clip that plays, until it is reported
  bool audio_caps_sent_ GUARDED_BY(state_.mutex) = false;
  Nanoseconds sound_until_ GUARDED_BY(state_.mutex) = kNever;  // the end of the clip that was played last
};

}  // namespace klingv2a
