// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What programs read. docs/klingv2a.1 describes it.
#include "reporter.h"

namespace klingv2a::cli {

namespace {

JsonText event(const char* name) {
  JsonText object;
  object.set("event", name);
  return object;
}

}  // namespace

JsonText to_json(const Trouble& trouble) {
  JsonText object;
  object.set("kind", trouble.kind);
  object.set_known("phase", trouble.phase);
  object.set("paid", trouble.paid);
  object.set("retryable", trouble.retryable);
  object.set("message", trouble.text);
  object.set_known("advice", trouble.advice);
  if (trouble.http_status != 0) object.set("http-status", trouble.http_status);
  object.set_known("kling-code", trouble.kling_code);
  object.set_known("request-id", trouble.request_id);
  object.set_known("task-id", trouble.task_id);
  object.set_known("external-task-id", trouble.external_task_id);
  return object;
}

JsonText to_json(const TaskSeen& task) {
  JsonText object;
  object.set("task-id", task.task_id);
  object.set_known("external-task-id", task.external_task_id);
  object.set("task-status", task.status);
  object.set_known("task-status-msg", task.message);
  return object;
}

void JsonReporter::write(const JsonText& event) {
  to_.write(event.line() + "\n");
}

void JsonReporter::progress(const ProgressSeen& progress) {
  JsonText object = event("progress");
  object.set("percent", progress.percent).set("text", progress.text);
  if (progress.clip > 0) object.set("clip", std::int64_t{progress.clip});
  write(object);
}

void JsonReporter::row(const RowSeen& row) {
  JsonText object = event("row");
  object.set("clips-done", std::int64_t{row.done}).set("clips-planned", std::int64_t{row.planned});
  object.set("plan-complete", row.is_complete).set("paid-tasks", std::int64_t{row.paid}).set("seconds", row.seconds);
  write(object);
}

void JsonReporter::task(const TaskSeen& task) {
  JsonText object = event("task");
  object.set("task-id", task.task_id).set_known("external-task-id", task.external_task_id);
  object.set("task-status", task.status).set_known("task-status-msg", task.message);
  write(object);
}

void JsonReporter::info(const std::string& text) {
  write(event("info").set("text", text));
}

void JsonReporter::warning(const Trouble& trouble) {
  write(event("warning").set("warning", to_json(trouble)));
}

void JsonReporter::failure(const std::string& in, const Trouble& trouble) {
  write(event("error").set("in", in).set("error", to_json(trouble)));
}

// The last event of all is the result; those of the files have a name of their own.
void JsonReporter::of_file(const std::string& in, JsonObject* event) {
  if (member_text(event, "event") == "result") json_object_set_string_member(event, "event", "file-result");
  write(JsonText(event).set("in", in));
}

void JsonReporter::result(const JsonText& report, const std::string&) {
  write(report);
}

}  // namespace klingv2a::cli
