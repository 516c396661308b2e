// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The task inside an answer, in its old and its new spelling, with or without an envelope. No state, no lock.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "kling/codec.h"
#include "kling/json.h"
#include "kling/result_reader.h"
#include "kling/status_words.h"

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

bool is_string(JsonNode* node) {
  return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

bool is_number(JsonNode* node) {
  return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) != G_TYPE_STRING &&
         json_node_get_value_type(node) != G_TYPE_BOOLEAN;
}

// The very digits that stand in the text: json-glib lets large numbers run over in silence. Of several numbers nobody
// can tell which one is meant.
std::string digits_in(std::string_view body, const char* name) {
  const std::string key = std::string("\"") + name + "\"";
  std::string digits;
  for (std::size_t at = body.find(key); at != std::string_view::npos; at = body.find(key, at + 1)) {
    const std::size_t begin = body.find_first_not_of(" \t\r\n:", at + key.size());
    const std::size_t end = std::min(body.find_first_not_of("0123456789", begin), body.size());
    if (begin >= end) continue;
    const std::string found(body.substr(begin, end - begin));
    const bool is_whole = end < body.size() && std::string_view(" \t\r\n,}]").find(body[end]) != std::string_view::npos;
    if (!is_whole || found.starts_with('0') || (!digits.empty() && digits != found)) return {};
    digits = found;
  }
  return digits;
}

// A number that json-glib has read as it stands, else its digits.
std::string exact_number(JsonObject* task, const char* name, std::string_view body) {
  const std::string text = text_member(task, name);
  const bool is_positive = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  const std::string key = std::string("\"") + name + "\"";
  const bool is_only = body.find(key) == body.rfind(key);
  return is_positive && !is_only && body.find(text) != std::string_view::npos ? text : digits_in(body, name);
}

std::string trimmed(std::string text) {
  return g_strstrip(text.data());
}

std::string read_task_id(JsonObject* task, std::string_view body) {
  constexpr const char* kReplaced = "\xef\xbf\xbd";
  const char* name = has_value(task, "task_id") ? "task_id" : "id";
  JsonNode* node = member(task, name);
  if (!node || JSON_NODE_HOLDS_NULL(node)) return {};
  std::string text = is_string(node)   ? trimmed(text_member(task, name))
                     : is_number(node) ? exact_number(task, name, body)
                                       : std::string();
  if (text.empty() && !is_string(node))
    refuse(std::string("the service's ") + name + " is neither a string nor a whole number", body);
  if (printable(text) != text || text.find(kReplaced) != std::string::npos)
    refuse(std::string("the service's ") + name + " cannot be used", body);
  return text;
}

// The beginning of what came, for a message that has to say that it holds no link.
std::string written(JsonObject* data) {
  const std::unique_ptr<JsonNode, Deleter<json_node_unref>> node(json_node_init_object(json_node_alloc(), data));
  constexpr std::size_t kLength = 300;
  return printable(GCharPtr(json_to_string(node.get(), FALSE)).get(), kLength);
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
  if (task.status == TaskStatus::succeed && !has_links(task)) task.text = written(data);
  task.final_unit_deduction = number_text(data, "final_unit_deduction");
  task.final_balance_deduction = read_deduction(data);
  return task;
}

}  // namespace

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
