// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus_events.h"

#include <string_view>

#include "gobject_ptr.h"
#include "option_words.h"

namespace klingv2a::cli {

namespace {

ErrorKind kind_of_resource(int code) {
  switch (code) {
    case GST_RESOURCE_ERROR_NOT_FOUND:
    case GST_RESOURCE_ERROR_OPEN_READ:
    case GST_RESOURCE_ERROR_READ:
      return ErrorKind::input;
    default:
      return ErrorKind::disk;
  }
}

// An error of GStreamer's own elements: the demuxer's and the decoder's are about IN, the sink's about OUT.
ErrorKind kind_of(const GError* error) {
  if (error->domain == GST_RESOURCE_ERROR) return kind_of_resource(error->code);
  if (error->domain == GST_CORE_ERROR) return ErrorKind::settings;
  if (error->domain == GST_STREAM_ERROR && error->code == GST_STREAM_ERROR_CODEC_NOT_FOUND) return ErrorKind::settings;
  return ErrorKind::input;
}

void read_details(Trouble& trouble, const GstStructure* details) {
  trouble.kind = text_field(details, "kind");
  trouble.phase = text_field(details, "phase");
  trouble.paid = text_field(details, "paid");
  trouble.advice = in_options(text_field(details, "advice"));
  trouble.kling_code = text_field(details, "kling-code");
  trouble.request_id = text_field(details, "request-id");
  trouble.task_id = text_field(details, "task-id");
  trouble.external_task_id = text_field(details, "external-task-id");
  gst_structure_get_int(details, "http-status", &trouble.http_status);
  gboolean retryable = FALSE;
  gst_structure_get_boolean(details, "retryable", &retryable);
  trouble.retryable = retryable;
}

// Elements put what the kernel has said where only developers look: it says what is lacking.
std::string system_error_in(const char* debug) {
  constexpr std::string_view kMark = "system error: ";
  const std::string_view text = debug ? debug : "";
  const auto at = text.find(kMark);
  if (at == std::string_view::npos) return {};
  const std::string_view reason = text.substr(at + kMark.size());
  return ": " + std::string(reason.substr(0, reason.find('\n')));
}

// "klingv2a-clip-12".
unsigned clip_of(const char* code) {
  constexpr const char* kClip = "klingv2a-clip-";
  guint64 number = 0;
  if (!code || !g_str_has_prefix(code, kClip)) return 0;
  const char* digits = code + std::string_view(kClip).size();
  return g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT, &number, nullptr) ? static_cast<unsigned>(number) : 0;
}

}  // namespace

std::string text_field(const GstStructure* structure, const char* name) {
  const char* text = structure ? gst_structure_get_string(structure, name) : nullptr;
  return text ? text : "";
}

ProgressSeen read_progress(GstMessage* message) {
  ProgressSeen seen;
  char *code = nullptr, *text = nullptr;
  GstProgressType type{};
  gst_message_parse_progress(message, &type, &code, &text);
  seen.is_broken_off = type == GST_PROGRESS_TYPE_CANCELED || type == GST_PROGRESS_TYPE_ERROR;
  seen.has_ended = seen.is_broken_off || type == GST_PROGRESS_TYPE_COMPLETE;
  const GCharPtr owned(text), owned_code(code);
  seen.clip = clip_of(code);
  seen.text = text ? text : "";
  gst_structure_get_int(gst_message_get_structure(message), "percent", &seen.percent);
  return seen;
}

RowSeen read_row(const GstStructure* structure) {
  RowSeen row;
  guint64 length = 0;
  gboolean is_complete = FALSE;
  gst_structure_get(structure, "clips-done", G_TYPE_UINT, &row.done, "clips-planned", G_TYPE_UINT, &row.planned,
                    "paid-tasks", G_TYPE_UINT, &row.paid, "duration", G_TYPE_UINT64, &length, "plan-complete",
                    G_TYPE_BOOLEAN, &is_complete, nullptr);
  row.seconds = static_cast<double>(length) / static_cast<double>(GST_SECOND);
  row.is_complete = is_complete != FALSE;
  return row;
}

TaskSeen read_task(const GstStructure* structure) {
  return {text_field(structure, "task-id"), text_field(structure, "external-task-id"),
          text_field(structure, "task-status"), text_field(structure, "task-status-msg")};
}

Trouble read_trouble(GstMessage* message) {
  GError* raw = nullptr;
  char* raw_debug = nullptr;
  const GstStructure* details = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, &raw, &raw_debug);
    gst_message_parse_error_details(message, &details);
  } else {
    gst_message_parse_warning(message, &raw, &raw_debug);
    gst_message_parse_warning_details(message, &details);
  }
  const GErrorPtr error(raw);
  const GCharPtr debug(raw_debug);
  Trouble trouble;
  trouble.text = in_options(error->message);
  if (details && gst_structure_has_field(details, "kind")) {
    read_details(trouble, details);
    return trouble;
  }
  const GCharPtr name(gst_object_get_name(GST_MESSAGE_SRC(message)));
  trouble.kind = to_string(kind_of(error.get()));
  trouble.text = error->message + system_error_in(debug.get()) + " (" + name.get() + ")";
  return trouble;
}

std::string read_info(GstMessage* message) {
  GError* raw = nullptr;
  gst_message_parse_info(message, &raw, nullptr);
  const GErrorPtr error(raw);
  return in_options(error->message);
}

}  // namespace klingv2a::cli
