// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The task inside an answer, in its old and its new spelling, with or without an envelope. No state, no lock.
#include <array>
#include <initializer_list>
#include <string>
#include <utility>

#include "kling/codec.h"
#include "kling/json.h"

namespace klingv2a::kling {
namespace {

[[noreturn]] void refuse(const std::string& why, std::string_view body) {
  throw make_error(ErrorKind::service, Phase::poll, why + ": " + printable(body, 200));
}

using Names = std::initializer_list<const char*>;

// The first of the names that says something.
std::string first_text(JsonObject* object, Names names) {
  for (const char* name : names) {
    std::string text = text_member(object, name);
    if (!text.empty()) return text;
  }
  return {};
}

std::optional<double> first_duration(JsonObject* object, Names names) {
  for (const char* name : names) {
    const std::optional<double> seconds = number_member(object, name);
    if (seconds && *seconds >= 0) return seconds;
  }
  return std::nullopt;
}

std::int64_t first_time(JsonObject* object, Names names) {
  for (const char* name : names) {
    if (const std::int64_t time = integer_member(object, name)) return time;
  }
  return 0;
}

// A list of tasks is accepted when it leaves no doubt which one is meant.
JsonObject* only_element(JsonArray* array) {
  if (!array || json_array_get_length(array) != 1) return nullptr;
  JsonNode* node = json_array_get_element(array, 0);
  return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : nullptr;
}

JsonObject* task_object(JsonObject* root) {
  if (JsonObject* data = object_member(root, "data")) return data;
  if (JsonObject* element = only_element(array_member(root, "data"))) return element;
  return has_value(root, "task_id") || has_value(root, "id") ? root : nullptr;
}

JsonArray* task_array(JsonObject* root) {
  if (JsonArray* data = array_member(root, "data")) return data;
  JsonObject* data = object_member(root, "data");
  for (const char* name : {"list", "tasks"}) {
    if (JsonArray* array = array_member(data, name)) return array;
  }
  return nullptr;
}

bool is_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// A number is taken only when the very digits stand in the text: json-glib lets large ones run over in silence.
std::string read_task_id(JsonObject* task, std::string_view body) {
  const char* name = has_value(task, "task_id") ? "task_id" : "id";
  JsonNode* node = member(task, name);
  if (!node || JSON_NODE_HOLDS_NULL(node)) return {};
  std::string text = text_member(task, name);
  const bool is_string = JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
  if (!is_string && (!is_digits(text) || body.find(text) == std::string_view::npos)) {
    refuse(std::string("the service's ") + name + " is neither a string nor a whole number", body);
  }
  if (printable(text) != text) refuse(std::string("the service's ") + name + " cannot be used", body);
  return text;
}

TaskStatus read_status(const std::string& text) {
  constexpr std::array kWords{
      std::pair<std::string_view, TaskStatus>{"submitted", TaskStatus::submitted},
      std::pair<std::string_view, TaskStatus>{"processing", TaskStatus::processing},
      std::pair<std::string_view, TaskStatus>{"succeed", TaskStatus::succeed},
      std::pair<std::string_view, TaskStatus>{"succeeded", TaskStatus::succeed},
      std::pair<std::string_view, TaskStatus>{"failed", TaskStatus::failed},
  };
  for (const auto& [word, status] : kWords) {
    if (text == word) return status;
  }
  return TaskStatus::unknown;
}

template <typename Reader>
auto read_each(JsonArray* array, Reader&& read) {
  std::vector<decltype(read(static_cast<JsonObject*>(nullptr)))> result;
  for (guint i = 0; array && i < json_array_get_length(array); ++i) {
    JsonNode* node = json_array_get_element(array, i);
    if (JSON_NODE_HOLDS_OBJECT(node)) result.push_back(read(json_node_get_object(node)));
  }
  return result;
}

ResultVideo read_video(JsonObject* video) {
  return {.id = text_member(video, "id"),
          .url = text_member(video, "url"),
          .duration_s = first_duration(video, {"duration"})};
}

ResultAudio read_audio(JsonObject* audio) {
  return {.id = text_member(audio, "id"),
          .url_mp3 = first_text(audio, {"url_mp3", "mp3_url"}),
          .url_wav = first_text(audio, {"url_wav", "wav_url"}),
          .duration_mp3_s = first_duration(audio, {"duration_mp3", "mp3_duration"}),
          .duration_wav_s = first_duration(audio, {"duration_wav", "wav_duration"})};
}

void read_result(JsonObject* task_data, Task& task) {
  JsonObject* result = object_member(task_data, "task_result");
  task.videos = read_each(array_member(result, "videos"), read_video);
  task.audios = read_each(array_member(result, "audios"), read_audio);
}

// As received: a text, or the quota inside an object.
std::string read_deduction(JsonObject* task_data) {
  JsonObject* deduction = object_member(task_data, "final_balance_deduction");
  return deduction ? number_text(deduction, "quota") : number_text(task_data, "final_balance_deduction");
}

JsonDocument parse(std::string_view body) {
  std::optional<JsonDocument> document = JsonDocument::parse(body);
  if (!document) refuse("the service's answer is not JSON", body);
  return std::move(*document);
}

Task read_one(JsonObject* data, std::string_view body) {
  Task task;
  task.task_id = read_task_id(data, body);
  task.status_text = printable(first_text(data, {"task_status", "status"}), 100);
  task.status = read_status(task.status_text);
  task.status_message = printable(first_text(data, {"task_status_msg", "message"}), 1000);
  task.external_task_id = first_text(data, {"external_task_id"});
  if (task.external_task_id.empty()) {
    task.external_task_id = text_member(object_member(data, "task_info"), "external_task_id");
  }
  task.created_at_ms = first_time(data, {"created_at", "create_time"});
  task.updated_at_ms = first_time(data, {"updated_at", "update_time"});
  read_result(data, task);
  task.final_unit_deduction = number_text(data, "final_unit_deduction");
  task.final_balance_deduction = read_deduction(data);
  return task;
}

}  // namespace

std::string_view to_string(TaskStatus status) noexcept {
  switch (status) {
    case TaskStatus::submitted:
      return "submitted";
    case TaskStatus::processing:
      return "processing";
    case TaskStatus::succeed:
      return "succeed";
    case TaskStatus::failed:
      return "failed";
    case TaskStatus::unknown:
      break;
  }
  return "unknown";
}

Task read_task(std::string_view body) {
  const JsonDocument document = parse(body);
  JsonObject* data = task_object(document.root());
  if (!data) refuse("the service's answer holds no task", body);
  Task task = read_one(data, body);
  task.request_id = printable(text_member(document.root(), "request_id"), 100);
  return task;
}

std::vector<Task> read_task_list(std::string_view body) {
  const JsonDocument document = parse(body);
  JsonArray* array = task_array(document.root());
  if (!array) refuse("the service's answer holds no list of tasks", body);
  std::vector<Task> tasks;
  for (guint i = 0; i < json_array_get_length(array); ++i) {
    JsonNode* node = json_array_get_element(array, i);
    if (!JSON_NODE_HOLDS_OBJECT(node)) refuse("the service's list holds something else than tasks", body);
    tasks.push_back(read_one(json_node_get_object(node), body));
    if (tasks.back().task_id.empty()) refuse("the service's list holds a task without a task_id", body);
  }
  return tasks;
}

}  // namespace klingv2a::kling
