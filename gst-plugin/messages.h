// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the element says on the bus. Every function posts, so none may be called with the element's mutex held. Any
// thread.
#pragma once

#include <gst/gst.h>

#include <string>

#include "cycle/dry_run.h"
#include "error.h"
#include "gateway/task.h"
#include "gst_ptr.h"
#include "join/report.h"
#include "nanoseconds.h"
#include "plan/plan.h"

namespace klingv2a::messages {

// The `code` of the PROGRESS messages of a clip.
[[nodiscard]] std::string progress_code(unsigned clip_number);
// PROGRESS; `code` names the job, `percent` is 0-100.
void post_progress(GstElement* element, GstProgressType type, const std::string& code, const std::string& text,
                   int percent);

// An ERROR or a WARNING with the details structure; the same fields stand in the debug string, so that gst-launch shows
// them.
void post_error(GstElement* element, const ErrorDetails& details);
void post_warning(GstElement* element, const ErrorDetails& details);

// Element message `klingv2a-task`: clip, task-id, external-task-id, task-status, task-status-msg.
void post_task(GstElement* element, unsigned clip_number, const gateway::Task& task);

// What becomes of a clip: queued, submitted, ready, playing, failed, silent.
struct ClipState {
  unsigned clip = 0;
  Nanoseconds running_time = 0, duration = 0;  // that its sound is played over
  const char* state = "";
  bool paid = false;            // for a task of its own, now
  std::string task_id;          // empty: none
  const char* begins = "edge";  // edge, shot-change, gradual, inside
  bool is_transcoded = false;   // of a planned row: whatever the video is, the clip does not begin at a key frame
};
// Element message `klingv2a-clip`: clip, running-time, duration, state, paid, task-id, begins, transcoded.
void post_clip(GstElement* element, const ClipState& clip);

// How far all clips of a video are.
struct RowState {
  unsigned done = 0, planned = 0, paid = 0;  // clips; those that are known; tasks paid for now
  Nanoseconds length = 0;                    // of those that are done
  bool is_complete = false;                  // no more clips will be planned
};
// Element message `klingv2a-row`: clips-done, clips-planned, plan-complete, paid-tasks, duration.
void post_row(GstElement* element, const RowState& row);

// Element message `klingv2a-plan-price`: what the video would be cut into at a price of a join: join-price, clips,
// transcoded, joins-inside, joins-gradual, joins-at-changes.
void post_plan_price(GstElement* element, double join_price, const plan::Summary& plan);

// Element message `klingv2a-join`: clip (the later one), running-time (of the border), inside-shot, fade-begin and
// fade-length (s, the former from the border), correlation, gain (dB, of the later one), matched, faults; where there
// is enough sound to tell, level-step (LU), distance, fade-level (dB) and click, each with the percentile of what the
// two sounds do by themselves (level-step-percentile …).
void post_join(GstElement* element, unsigned later_clip, Nanoseconds border, const join::ReportedJoin& join);

// Element message `klingv2a-dry-run`: clip, would-pay, origin, request, summary.
void post_dry_run(GstElement* element, unsigned clip_number, const cycle::DryRun& dry_run);

void post_info(GstElement* element, const std::string& text);

// Element messages of gst-pbutils for what is not installed, so that installers can help.
void post_missing_element(GstElement* element, const char* factory);
void post_missing_decoder(GstElement* element, const GstCaps* caps);
void post_missing_encoder(GstElement* element, const GstCaps* caps);

}  // namespace klingv2a::messages
