// SPDX-License-Identifier: LGPL-2.1-or-later
#include "envelope.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "json.h"

namespace klingv2a::sim {
namespace {

struct ErrorRow {
  std::string_view code;
  int http_status;
  std::string_view meaning;
};
// Sources: Kling's "Error codes" page; CometAPI's error pages and bodies seen in public clients.
constexpr std::array kErrors = {
    ErrorRow{"1000", 401, "Authentication failed"},
    ErrorRow{"1001", 401, "Authorization is empty"},
    ErrorRow{"1002", 401, "Authorization is invalid"},
    ErrorRow{"1003", 401, "Authorization is not yet valid"},
    ErrorRow{"1004", 401, "Authorization has expired"},
    ErrorRow{"1100", 429, "Account exception"},
    ErrorRow{"1101", 429, "Account in arrears"},
    ErrorRow{"1102", 429, "Resource pack depleted or expired"},
    ErrorRow{"1103", 403, "Unauthorized access to requested resource"},
    ErrorRow{"1200", 400, "Invalid request parameters"},
    ErrorRow{"1201", 400, "Invalid parameters"},
    ErrorRow{"1202", 404, "The requested method is invalid"},
    ErrorRow{"1203", 404, "The requested resource does not exist"},
    ErrorRow{"1300", 400, "Trigger the platform strategy"},
    ErrorRow{"1301", 400, "Trigger the content security policy of the platform"},
    ErrorRow{"1302", 429, "The API request is too fast"},
    ErrorRow{"1303", 429, "Concurrency or QPS exceeds the prepaid resource package limit"},
    ErrorRow{"1304", 429, "Trigger the platform's IP whitelisting policy"},
    ErrorRow{"5000", 500, "Server internal error"},
    ErrorRow{"5001", 503, "Server temporarily unavailable"},
    ErrorRow{"5002", 504, "Server internal timeout"},
    ErrorRow{"invalid_request", 500, "Invalid request"},
    ErrorRow{"insufficient_user_quota", 403, "Insufficient user quota"},
    ErrorRow{"model_not_found", 503, "No available channel for this model"},
};
constexpr ErrorRow kUnknownError = {"", 400, "Error"};
constexpr const char* kPrice = "0.035";

const ErrorRow& row_of(const std::string& code) {
  const auto row = std::ranges::find(kErrors, code, &ErrorRow::code);
  return row == kErrors.end() ? kUnknownError : *row;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::string request_id() {
  const GCharPtr uuid(g_uuid_string_random());
  return uuid.get();
}

std::string seconds_text(double seconds) {
  const GCharPtr text(g_strdup_printf("%.3f", seconds));
  return text.get();
}

Answer json_answer(int status, const std::string& text) {
  Answer answer;
  answer.status = status;
  answer.body = make_blob(text);
  return answer;
}

std::string result_url(const Dialect& dialect, const SimTask& task, const char* file) {
  return dialect.host_url + "/results/" + task.result_path + "/" + file + "?sig=" + task.link.signature;
}

void write_info(JsonWriter& json, const Dialect& dialect, const SimTask& task) {
  json.object("task_info");
  if (task.paid.status == "succeed")
    json.object("parent_video")
        .string("id", task.submit.video_id)
        .string("url", task.submit.video_url)
        .string("duration", seconds_text(task.paid.duration_s))
        .end_object();
  if (dialect.provider == Provider::kling && !task.paid.external_task_id.empty())
    json.string("external_task_id", task.paid.external_task_id);
  json.end_object();
}

void write_videos(JsonWriter& json, const Dialect& dialect, const SimTask& task) {
  json.array("videos");
  if (task.results.video)
    json.object()
        .string("id", task.paid.task_id + "-v")
        .string("url", result_url(dialect, task, "video.mp4"))
        .string("duration", seconds_text(task.paid.duration_s))
        .end_object();
  json.end_array();
}

void write_audios(JsonWriter& json, const Dialect& dialect, const SimTask& task) {
  if (!task.results.wav && !task.results.mp3) return;
  const bool is_new = dialect.naming == Naming::new_names;
  const std::string duration = seconds_text(task.results.sound_s);
  json.array("audios").object().string("id", task.paid.task_id + "-a");
  if (task.results.mp3)
    json.string(is_new ? "mp3_url" : "url_mp3", result_url(dialect, task, "sound.mp3"))
        .string(is_new ? "mp3_duration" : "duration_mp3", duration);
  if (task.results.wav)
    json.string(is_new ? "wav_url" : "url_wav", result_url(dialect, task, "sound.wav"))
        .string(is_new ? "wav_duration" : "duration_wav", duration);
  json.end_object().end_array();
}

const char* sound_file(const View& view) {
  return view.shape == "spaces" ? "my sound.wav" : "sound.wav";
}

// Only the WAV, where a gateway has put it.
void write_odd_result(JsonWriter& json, const Dialect& dialect, const SimTask& task, const View& view) {
  const std::string link = result_url(dialect, task, sound_file(view));
  if (view.shape == "text") {
    JsonWriter inner;
    inner.object().array("audios").object().string("url_wav", link).end_object().end_array().end_object();
    json.string("task_result", inner.text());
    return;
  }
  json.object("task_result");
  if (view.shape == "elsewhere") json.object("audio").string("url", link).end_object().end_object();
  if (view.shape == "elsewhere") return;
  json.array("audios");
  if (view.shape == "empty_first") json.object().string("id", "").string("url_wav", "").end_object();
  if (view.shape == "bare_links")
    json.text_value(link);
  else
    json.object().string("url_wav", link).end_object();
  json.end_array().end_object();
}

void write_result(JsonWriter& json, const Dialect& dialect, const SimTask& task, const View& view) {
  if (!view.shape.empty()) return write_odd_result(json, dialect, task, view);
  json.object("task_result");
  const bool shown = task.paid.status == "succeed" && !view.hide_results;
  if (shown) {
    write_videos(json, dialect, task);
    write_audios(json, dialect, task);
  }
  json.end_object();
  if (task.paid.status == "succeed")
    json.string("final_unit_deduction", "0.25")
        .object("final_balance_deduction")
        .string("quota", kPrice)
        .string("list_price", kPrice)
        .end_object();
}

void write_task(JsonWriter& json, const Dialect& dialect, const SimTask& task, const View& view) {
  json.string("task_id", task.paid.task_id).string("task_status", view.status.empty() ? task.paid.status : view.status);
  if (dialect.provider == Provider::kling || task.paid.status == "failed")
    json.string("task_status_msg", task.paid.status_message);
  write_info(json, dialect, task);
  write_result(json, dialect, task, view);
  json.integer("created_at", task.created_ms).integer("updated_at", task.updated_ms);
}

// Kling's body, from which gateways differ in little: {"code":0,"message":"SUCCEED",…
JsonWriter success(bool with_request_id) {
  JsonWriter json;
  json.object().integer("code", 0).string("message", "SUCCEED");
  if (with_request_id) json.string("request_id", request_id());
  return json;
}

std::string comet_error(const ErrorRow& row, const std::string& code, const std::string& message,
                        const std::string& param) {
  JsonWriter json;
  return json.object()
      .object("error")
      .string("message", message + " (request id: " + request_id() + ")")
      .string("type", "comet_api_error")
      .string("param", param)
      .string("code", row.http_status == 401 ? "" : code)
      .end_object()
      .end_object()
      .text();
}

std::string kling_error(const std::string& code, const std::string& message) {
  JsonWriter json;
  json.object();
  if (is_number(code))
    json.integer("code", g_ascii_strtoll(code.c_str(), nullptr, 10));
  else
    json.string("code", code);
  return json.string("message", message).string("request_id", request_id()).end_object().text();
}

}  // namespace

Answer accepted_answer(const Dialect& dialect, const SimTask& task) {
  JsonWriter json = success(dialect.provider == Provider::kling);
  json.object("data").string("task_id", task.paid.task_id).string("task_status", "submitted");
  write_info(json, dialect, task);
  json.integer("created_at", task.created_ms).integer("updated_at", task.updated_ms);
  return json_answer(200, json.end_object().end_object().text());
}

Answer task_answer(const Dialect& dialect, const SimTask& task, const View& view) {
  JsonWriter json = success(true);
  json.object("data");
  write_task(json, dialect, task, view);
  return json_answer(200, json.end_object().end_object().text());
}

Answer list_answer(const Dialect& dialect, const std::vector<SimTask>& tasks) {
  JsonWriter json = success(true);
  json.array("data");
  for (const SimTask& task : tasks) {
    json.object();
    write_task(json, dialect, task, {});
    json.end_object();
  }
  return json_answer(200, json.end_array().end_object().text());
}

std::string callback_body(const Dialect& dialect, const SimTask& task) {
  JsonWriter json;
  json.object();
  if (dialect.naming == Naming::old_names) {
    write_task(json, dialect, task, {.status = {}, .hide_results = true});
  } else {
    json.string("id", task.paid.task_id)
        .string("status", task.paid.status == "succeed" ? "succeeded" : task.paid.status)
        .string("message", task.paid.status_message)
        .integer("create_time", task.created_ms)
        .integer("update_time", task.updated_ms);
  }
  return json.end_object().text();
}

Answer error_answer(const Dialect& dialect, const std::string& code, const std::string& message,
                    const std::string& param) {
  const ErrorRow& row = row_of(code);
  const bool comet = dialect.provider == Provider::cometapi;
  return json_answer(row.http_status, comet ? comet_error(row, code, message, param) : kling_error(code, message));
}

std::string meaning_of(const std::string& code) {
  return std::string(row_of(code).meaning);
}

Answer text_answer(int status, const std::string& text) {
  Answer answer;
  answer.status = status;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = make_blob(text + "\n");
  return answer;
}

Answer html_answer(int status, const std::string& title) {
  Answer answer = json_answer(status, "<!DOCTYPE html><html><head><title>" + title + "</title></head><body><h1>" +
                                          title + "</h1></body></html>\n");
  answer.content_type = "text/html; charset=utf-8";
  return answer;
}

}  // namespace klingv2a::sim
