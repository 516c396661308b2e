// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The video's frames: each goes into the clip that is being filled, into its key and its proxy, and into the hold: in
// memory, or, beyond max-hold-bytes, in the spool file. A clip that is complete is handed to its run.
//
// Threads: the streaming thread of `sink`; forget_held() while that does not run. Never touches the network; waits for
// the transcoder, and for room when the clip's sound is there and its frames are leaving.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clip_intake.h"
#include "element_state.h"
#include "failures.h"
#include "row/planned_row.h"
#include "run_threads.h"

namespace klingv2a {

class VideoIntake {
 public:
  // All outlive this object.
  VideoIntake(ElementState& state, Failures& failures, RunThreads& threads, PlannedRow& planned)
      : state_(state), failures_(failures), threads_(threads), planned_(planned) {}

  GstFlowReturn chain(BufferPtr buffer) EXCLUDES(state_.mutex);

  // What is wrong with the stream is the failure of the clip that is being filled. Returns what upstream is answered;
  // OK: it goes on, since the failure has become silence.
  GstFlowReturn refuse(const Error& error, Failures::Policy policy) EXCLUDES(state_.mutex);
  // Gives a clip that is complete to its run.
  void hand_over(CompleteClip clip) EXCLUDES(state_.mutex);

  // READY→PAUSED.
  void begin_run() EXCLUDES(state_.mutex);
  // What is held has been forgotten: so is the sound that has no run yet, and the spool file.
  void forget_held() EXCLUDES(state_.mutex);

 private:
  [[nodiscard]] GstFlowReturn refusal() const REQUIRES(state_.mutex);
  GstFlowReturn hold_header(const BufferPtr& buffer);
  GstFlowReturn place(IntakeBuffer& part);
  void begin_sound(const std::shared_ptr<ClipSound>& sound) REQUIRES(state_.mutex);
  bool start_unstarted() EXCLUDES(state_.mutex);
  GstFlowReturn examine(IntakeBuffer part, HeldItem& item);
  void check_growing() EXCLUDES(state_.mutex);
  [[nodiscard]] bool outgrows_clip() EXCLUDES(state_.mutex);
  void check_segment_length() EXCLUDES(state_.mutex);
  void warn_if_dropped_by_sinks();
  void take_in(IntakeBuffer part, HeldItem& item);
  void take_planned(RowPart part);
  HoldSpool* spool_for(std::size_t size);
  GstFlowReturn hold(HeldItem item);
  void wait_for_room() REQUIRES(state_.mutex);
  [[nodiscard]] bool continues_frame(GstBuffer* buffer) const REQUIRES(state_.mutex);
  [[nodiscard]] GstClockTime timestamp_of(GstBuffer* buffer) const REQUIRES(state_.mutex);

  ElementState& state_;
  Failures& failures_;
  RunThreads& threads_;
  PlannedRow& planned_;
  std::vector<RowPart> taken_;        // of the clip that is being filled, while it may become a planned row; as spool_
  std::unique_ptr<HoldSpool> spool_;  // the streaming thread's own; others', when it does not run
  std::shared_ptr<ClipSound> unstarted_ GUARDED_BY(state_.mutex);  // its run is to be started without the lock
  bool warned_latency_ GUARDED_BY(state_.mutex) = false;
};

}  // namespace klingv2a
