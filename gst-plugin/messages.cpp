// SPDX-License-Identifier: LGPL-2.1-or-later
#include "messages.h"

#include <gst/pbutils/pbutils.h>

namespace klingv2a::messages {

namespace {

struct GstCode {
  GQuark domain;
  int code;
};

GstCode resource(GstResourceError code) {
  return {GST_RESOURCE_ERROR, code};
}

GstCode by_phase(Phase phase) {
  switch (phase) {
    case Phase::check:  // of the publish target
    case Phase::publish:
      return resource(GST_RESOURCE_ERROR_WRITE);
    case Phase::download:
      return resource(GST_RESOURCE_ERROR_READ);
    case Phase::decode:
      return {GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE};
    default:
      return resource(GST_RESOURCE_ERROR_FAILED);
  }
}

GstCode to_gst_code(const ErrorDetails& details) {
  switch (details.kind) {
    case ErrorKind::credentials:
    case ErrorKind::billing:
    case ErrorKind::permission:
      return resource(GST_RESOURCE_ERROR_NOT_AUTHORIZED);
    case ErrorKind::busy:
      return resource(GST_RESOURCE_ERROR_BUSY);
    case ErrorKind::disk:
      return resource(GST_RESOURCE_ERROR_NO_SPACE_LEFT);
    case ErrorKind::settings:
      return resource(GST_RESOURCE_ERROR_SETTINGS);
    case ErrorKind::input:
      // What the service refuses in the request is a property of ours; what is wrong with the clip is the stream's.
      if (details.phase == Phase::submit || details.phase == Phase::check) return resource(GST_RESOURCE_ERROR_SETTINGS);
      return {GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT};
    default:
      return by_phase(details.phase);
  }
}

StructurePtr to_structure(const ErrorDetails& details) {
  StructurePtr structure(gst_structure_new("klingv2a-error", "kind", G_TYPE_STRING,
                                           std::string(to_string(details.kind)).c_str(), "phase", G_TYPE_STRING,
                                           std::string(to_string(details.phase)).c_str(), "retryable", G_TYPE_BOOLEAN,
                                           static_cast<gboolean>(details.retryable), "paid", G_TYPE_STRING,
                                           std::string(to_string(details.paid)).c_str(), nullptr));
  if (details.http_status) gst_structure_set(structure.get(), "http-status", G_TYPE_INT, details.http_status, nullptr);
  const auto set_text = [&](const char* name, const std::string& text) {
    if (!text.empty()) gst_structure_set(structure.get(), name, G_TYPE_STRING, text.c_str(), nullptr);
  };
  set_text("kling-code", details.kling_code);
  set_text("request-id", details.request_id);
  set_text("task-id", details.task_id);
  set_text("external-task-id", details.external_task_id);
  set_text("advice", details.advice);
  return structure;
}

std::string with_advice(const ErrorDetails& details) {
  return details.advice.empty() ? details.message : details.message + ": " + details.advice;
}

void post(GstElement* element, GstMessageType type, const ErrorDetails& details) {
  const auto code = to_gst_code(details);
  gst_element_message_full_with_details(element, type, code.domain, code.code, g_strdup(with_advice(details).c_str()),
                                        g_strdup(describe(details).c_str()), __FILE__, GST_FUNCTION, __LINE__,
                                        to_structure(details).release());
}

}  // namespace

std::string progress_code(unsigned clip_number) {
  return "klingv2a-clip-" + std::to_string(clip_number);
}

void post_progress(GstElement* element, GstProgressType type, const std::string& code, const std::string& text,
                   int percent) {
  GstMessage* message = gst_message_new_progress(GST_OBJECT(element), type, code.c_str(), text.c_str());
  gst_structure_set(gst_message_writable_structure(message), "percent", G_TYPE_INT, percent, nullptr);
  gst_element_post_message(element, message);
}

void post_error(GstElement* element, const ErrorDetails& details) {
  post(element, GST_MESSAGE_ERROR, details);
}
void post_warning(GstElement* element, const ErrorDetails& details) {
  post(element, GST_MESSAGE_WARNING, details);
}

void post_task(GstElement* element, unsigned clip_number, const gateway::Task& task) {
  GstStructure* structure = gst_structure_new(
      "klingv2a-task", "clip", G_TYPE_UINT, clip_number, "task-id", G_TYPE_STRING, task.task_id.c_str(),
      "external-task-id", G_TYPE_STRING, task.external_task_id.c_str(), "task-status", G_TYPE_STRING,
      task.status_text.c_str(), "task-status-msg", G_TYPE_STRING, task.status_message.c_str(), nullptr);
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

void post_clip(GstElement* element, const ClipState& clip) {
  GstStructure* structure = gst_structure_new(
      "klingv2a-clip", "clip", G_TYPE_UINT, clip.clip, "running-time", G_TYPE_INT64, clip.running_time, "duration",
      G_TYPE_UINT64, static_cast<guint64>(clip.duration), "state", G_TYPE_STRING, clip.state, "paid", G_TYPE_BOOLEAN,
      static_cast<gboolean>(clip.paid), "task-id", G_TYPE_STRING, clip.task_id.c_str(), "begins", G_TYPE_STRING,
      clip.begins, "transcoded", G_TYPE_BOOLEAN, static_cast<gboolean>(clip.is_transcoded), nullptr);
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

void post_row(GstElement* element, const RowState& row) {
  GstStructure* structure =
      gst_structure_new("klingv2a-row", "clips-done", G_TYPE_UINT, row.done, "clips-planned", G_TYPE_UINT, row.planned,
                        "plan-complete", G_TYPE_BOOLEAN, static_cast<gboolean>(row.is_complete), "paid-tasks",
                        G_TYPE_UINT, row.paid, "duration", G_TYPE_UINT64, static_cast<guint64>(row.length), nullptr);
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

void post_plan_price(GstElement* element, double join_price, const plan::Summary& plan) {
  GstStructure* structure = gst_structure_new(
      "klingv2a-plan-price", "join-price", G_TYPE_DOUBLE, join_price, "clips", G_TYPE_UINT, plan.clips, "transcoded",
      G_TYPE_UINT, plan.transcoded, "joins-inside", G_TYPE_UINT, plan.joins_inside, "joins-gradual", G_TYPE_UINT,
      plan.joins_gradual, "joins-at-changes", G_TYPE_UINT, plan.joins_at_changes, nullptr);
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

void post_join(GstElement* element, unsigned later_clip, Nanoseconds border, const join::ReportedJoin& join) {
  std::string faults;
  for (const auto& fault : join.faults) faults += (faults.empty() ? "" : "; ") + fault;
  GstStructure* structure = gst_structure_new(
      "klingv2a-join", "clip", G_TYPE_UINT, later_clip, "running-time", G_TYPE_INT64, border, "inside-shot",
      G_TYPE_BOOLEAN, static_cast<gboolean>(join.kind == join::Kind::inside), "fade-begin", G_TYPE_DOUBLE,
      join.fade_s - join.border_s, "fade-length", G_TYPE_DOUBLE, join.fade_end_s - join.fade_s, "correlation",
      G_TYPE_DOUBLE, join.correlation, "gain", G_TYPE_DOUBLE, join.later_gain_db, "matched", G_TYPE_BOOLEAN,
      static_cast<gboolean>(join.is_matched), "faults", G_TYPE_STRING, faults.c_str(), nullptr);
  const auto set = [&](const char* name, double value, double percentile) {
    const std::string of_percentile = std::string(name) + "-percentile";
    gst_structure_set(structure, name, G_TYPE_DOUBLE, value, of_percentile.c_str(), G_TYPE_DOUBLE, percentile, nullptr);
  };
  if (const auto& figures = join.figures) {
    set("level-step", figures->value.level_step, figures->percentile.level_step);
    set("distance", figures->value.distance, figures->percentile.distance);
    set("fade-level", figures->value.fade_level, figures->percentile.fade_level);
    set("click", figures->click, figures->click_percentile);
  }
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

void post_dry_run(GstElement* element, unsigned clip_number, const cycle::DryRun& dry_run) {
  GstStructure* structure =
      gst_structure_new("klingv2a-dry-run", "clip", G_TYPE_UINT, clip_number, "would-pay", G_TYPE_BOOLEAN,
                        static_cast<gboolean>(dry_run.would_pay), "origin", G_TYPE_STRING,
                        std::string(cycle::to_string(dry_run.origin)).c_str(), "request", G_TYPE_STRING,
                        dry_run.request.c_str(), "summary", G_TYPE_STRING, dry_run.summary.c_str(), nullptr);
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

void post_info(GstElement* element, const std::string& text) {
  gst_element_message_full(element, GST_MESSAGE_INFO, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, g_strdup(text.c_str()),
                           g_strdup(text.c_str()), __FILE__, GST_FUNCTION, __LINE__);
}

void post_missing_decoder(GstElement* element, const GstCaps* caps) {
  gst_element_post_message(element, gst_missing_decoder_message_new(element, caps));
}

void post_missing_encoder(GstElement* element, const GstCaps* caps) {
  gst_element_post_message(element, gst_missing_encoder_message_new(element, caps));
}

void post_missing_element(GstElement* element, const char* factory) {
  gst_element_post_message(element, gst_missing_element_message_new(element, factory));
}

}  // namespace klingv2a::messages
