// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What stands behind the GObject: the element's life through its states, and which of its parts a pad's call is for.
// The work is theirs; element_state.h says which part works on which thread, and what the one mutex guards.
#pragma once

#include <gst/gst.h>

#include "companion_pads.h"
#include "element_state.h"
#include "failures.h"
#include "links.h"
#include "pad_queries.h"
#include "pusher.h"
#include "row/planned_row.h"
#include "row_player.h"
#include "run_threads.h"
#include "seeks.h"
#include "setting.h"
#include "timed_pad.h"
#include "video_events.h"
#include "video_intake.h"

namespace klingv2a {

class Element {
 public:
  // `self` owns this object. `sink` and `video` have been added to it.
  Element(GstElement* self, GstPad* sink, GstPad* video, const Signals& signals);
  ~Element();
  Element(const Element&) = delete;
  Element& operator=(const Element&) = delete;

  // Ids of the properties that are not settings.
  static guint task_id_property() { return first_free_property_id(); }
  static guint stats_property() { return first_free_property_id() + 1; }
  SetResult set_property(guint id, const GValue* value);
  bool get_property(guint id, GValue* value);

  // State changes. check_settings() posts the error itself and returns false.
  bool check_settings();
  bool prepare();                 // READY→PAUSED: takes the settings, and checks them again
  void begin_stop();              // PAUSED→READY, before the pads are deactivated
  void finish_stop();             // PAUSED→READY, after it
  void note_paused(bool paused);  // PLAYING→PAUSED; PAUSED→PLAYING

  // `sink`
  GstFlowReturn chain(BufferPtr buffer) { return intake_.chain(std::move(buffer)); }
  GstFlowReturn on_sink_event(EventPtr event) { return events_.take(std::move(event)); }
  // `sink` and each `sink_%u`
  bool on_sink_query(GstPad* pad, GstQuery* query) { return queries_.answer_sink(pad, query); }

  // The source pads
  bool activate(GstPad* pad, bool active);
  bool on_source_event(GstPad* pad, EventPtr event);
  bool on_source_query(GstPad* pad, GstQuery* query) { return queries_.answer_source(pad, query); }
  // All pads
  [[nodiscard]] PadPtr internal_link(GstPad* pad) { return queries_.internal_link(pad); }

  CompanionPads& companions() { return companions_; }

 private:
  [[nodiscard]] bool is_good(const RunSettings& settings) const;

  ElementState state_;
  Links links_;
  Failures failures_;
  RunThreads threads_;
  Pusher pusher_;
  RowPlayer player_;
  CompanionPads companions_;
  PlannedRow planned_;
  VideoIntake intake_;
  VideoEvents events_;
  PadQueries queries_;
  Seeks seeks_;
  TimedPad timed_sink_;  // has its own state, of the streaming thread
};

}  // namespace klingv2a
