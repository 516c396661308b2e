// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The video's events. What comes before the first frame of a stream and does not block downstream (STREAM_START, CAPS)
// passes at once, so that muxers learn the caps early; all other serialized events wait in the row between the frames
// they came with. With the first CAPS the pad `audio` is added.
//
// Threads: the streaming thread of `sink`; FLUSH_START comes on another one and takes no stream lock.
#pragma once

#include <optional>
#include <string>

#include "companion_pads.h"
#include "element_state.h"
#include "row_player.h"
#include "run_threads.h"
#include "video_intake.h"

namespace klingv2a {

class VideoEvents {
 public:
  // All outlive this object.
  VideoEvents(ElementState& state, VideoIntake& intake, PlannedRow& planned, RowPlayer& player,
              CompanionPads& companions, RunThreads& threads)
      : state_(state),
        intake_(intake),
        planned_(planned),
        player_(player),
        companions_(companions),
        threads_(threads) {}

  // What is not taken on the way down was flushed; of anything else upstream would make an error. Behind a failure that
  // waits to be reported nothing counts any more.
  GstFlowReturn take(EventPtr event) EXCLUDES(state_.mutex);
  // PAUSED→READY.
  void forget_stream() EXCLUDES(state_.mutex);

 private:
  bool dispatch(EventPtr event);
  bool on_flush_start(EventPtr event);
  bool on_flush_stop(EventPtr event);
  void drop_held();
  bool on_stream_start(EventPtr event);
  bool on_caps(EventPtr event);
  [[nodiscard]] std::optional<ErrorDetails> why_refused(const GstCaps* caps) const REQUIRES(state_.mutex);
  void expose_audio();
  [[nodiscard]] EventPtr make_audio_stream_start() const REQUIRES(state_.mutex);
  void note_orientation(GstEvent* tag);
  bool on_segment(EventPtr event);
  bool refuse_segment();
  bool on_instant_rate_change(const EventPtr& event);
  bool on_end(const EventPtr& event);
  bool pass_or_hold(EventPtr event);
  [[nodiscard]] PadPtr audio_pad();

  ElementState& state_;
  VideoIntake& intake_;
  PlannedRow& planned_;
  RowPlayer& player_;
  CompanionPads& companions_;
  RunThreads& threads_;
  std::optional<guint> group_id_ GUARDED_BY(state_.mutex);
};

}  // namespace klingv2a
