// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Requests into JSON, and the envelope of answers. The task inside is read in task_reader.cpp. No state, no lock.
#include "kling/codec.h"

#include <json-glib/json-glib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "gobject_ptr.h"
#include "kling/json.h"

namespace klingv2a::kling {
namespace {

constexpr std::size_t kMaxPrompt = 200;

std::size_t utf16_units(const std::string& text) {
  std::size_t units = 0;
  for (const char* c = text.c_str(); *c; c = g_utf8_next_char(c)) units += g_utf8_get_char(c) > 0xffff ? 2 : 1;
  return units;
}

// Pairs of the API's name and the value, in the order they are sent.
auto text_fields(const SubmitRequest& request) {
  return std::array{
      std::pair{"video_id", &request.video_id},
      std::pair{"video_url", &request.video_url},
      std::pair{"sound_effect_prompt", &request.sound_effect_prompt},
      std::pair{"bgm_prompt", &request.bgm_prompt},
      std::pair{"external_task_id", &request.external_task_id},
      std::pair{"callback_url", &request.callback_url},
  };
}

void check_encoding(const std::string& name, const std::string& text) {
  // Refuses a zero byte too.
  if (g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr)) return;
  throw make_error(ErrorKind::settings, Phase::check, name + " is not valid UTF-8");
}

bool breaks_line(gunichar c) {
  constexpr gunichar kLineSeparator = 0x2028, kParagraphSeparator = 0x2029;
  return c == kLineSeparator || c == kParagraphSeparator;
}

// The first one is named: it is not to be seen. Nobody means one, and what the service makes of it nobody knows.
void check_controls(const std::string& name, const std::string& text) {
  for (const char* at = text.c_str(); *at; at = g_utf8_next_char(at)) {
    const gunichar c = g_utf8_get_char(at);
    if (!g_unichar_iscntrl(c) && !breaks_line(c)) continue;
    std::array<char, 16> code{};
    (void)g_snprintf(code.data(), code.size(), "U+%04X", c);
    throw make_error(ErrorKind::input, Phase::check,
                     name + " holds a control character or a line break (" + code.data() + ") at character " +
                         std::to_string(g_utf8_pointer_to_offset(text.c_str(), at) + 1),
                     "write it as one line of plain text");
  }
}

void check_url(const char* name, const std::string& url) {
  if (url.empty()) return;
  const GUriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_HAS_PASSWORD, nullptr));
  const std::string_view scheme = uri ? g_uri_get_scheme(uri.get()) : "";
  const char* host = uri ? g_uri_get_host(uri.get()) : nullptr;
  const bool blank = std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
  if ((scheme == "http" || scheme == "https") && host && *host && !blank) return;
  throw make_error(ErrorKind::settings, Phase::check,
                   std::string(name) + " is not an http or https URL: " + http::displayable_url(url));
}

// Kling's own code, or CometAPI's inside `error`.
std::string read_code(JsonObject* root) {
  const std::string inner = text_member(object_member(root, "error"), "code");
  return inner.empty() ? text_member(root, "code") : inner;
}

std::string read_message(JsonObject* root) {
  JsonObject* error = object_member(root, "error");
  for (const std::string& text :
       {text_member(error, "message"), text_member(root, "message"), text_member(root, "error")}) {
    if (!text.empty()) return printable(text);
  }
  return {};
}

// CometAPI has it in the message only: "… (request id: 20261…)".
std::string request_id_in(const std::string& message) {
  constexpr std::string_view kMark = "(request id: ";
  const std::size_t mark = message.rfind(kMark);
  if (mark == std::string::npos) return {};
  const std::size_t begin = mark + kMark.size();
  const std::size_t end = message.find(')', begin);
  return end == std::string::npos ? std::string() : message.substr(begin, end - begin);
}

std::string read_request_id(JsonObject* root, const std::string& message) {
  const std::string given = text_member(root, "request_id");
  return printable(given.empty() ? request_id_in(message) : given, 100);
}

bool is_zero(const std::string& code) {
  return code == "0";
}

bool is_number(const std::string& code) {
  const std::size_t sign = code.starts_with('-') ? 1 : 0;
  return code.size() > sign && std::all_of(code.begin() + static_cast<std::ptrdiff_t>(sign), code.end(),
                                           [](char c) { return g_ascii_isdigit(c); });
}

JsonObject* first_of(JsonArray* array) {
  JsonNode* node = array && json_array_get_length(array) > 0 ? json_array_get_element(array, 0) : nullptr;
  return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : nullptr;
}

bool holds_task(JsonObject* root) {
  JsonObject* data = object_member(root, "data");
  if (!data) data = first_of(array_member(root, "data"));
  return has_value(data, "task_id") || has_value(data, "id") || has_value(root, "task_id") ||
         (has_value(root, "id") && has_value(root, "status"));
}

bool holds_error(JsonObject* root) {
  JsonObject* error = object_member(root, "error");
  return !text_member(error, "message").empty() || !text_member(error, "code").empty() ||
         !text_member(root, "error").empty();
}

bool denies_success(JsonObject* root) {
  JsonNode* node = member(root, "success");
  const bool is_boolean = node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_BOOLEAN;
  return is_boolean && !json_node_get_boolean(node);
}

// Success is code 0. Where a gateway leaves the code out or puts a word there, a task in the answer is a task that was
// paid for.
bool is_success(int http_status, JsonObject* root, const std::string& code) {
  if (http_status < 200 || http_status > 299 || holds_error(root) || denies_success(root)) return false;
  if (is_zero(code)) return true;
  return (!is_number(code) || is_success_code(code)) && holds_task(root);
}

std::string describe_nothing(int http_status, std::string_view body) {
  const std::string beginning = printable(body, 200);
  if (beginning.empty()) return "HTTP " + std::to_string(http_status) + " without a body";
  return "HTTP " + std::to_string(http_status) + " with this body: " + beginning;
}

}  // namespace

bool is_success_code(const std::string& code) noexcept {
  return is_zero(code) || (code.size() == 3 && code.front() == '2' && is_number(code));
}

std::string encode(const SubmitRequest& request) {
  const auto builder = GObjectPtr<JsonBuilder>::adopt(json_builder_new());
  json_builder_begin_object(builder.get());
  for (const auto& [name, value] : text_fields(request)) {
    if (value->empty()) continue;
    json_builder_set_member_name(builder.get(), name);
    json_builder_add_string_value(builder.get(), value->c_str());
  }
  if (request.asmr_mode) {
    json_builder_set_member_name(builder.get(), "asmr_mode");
    json_builder_add_boolean_value(builder.get(), TRUE);
  }
  json_builder_end_object(builder.get());
  const std::unique_ptr<JsonNode, Deleter<json_node_unref>> root(json_builder_get_root(builder.get()));
  const GCharPtr text(json_to_string(root.get(), FALSE));
  return text.get();
}

void check_prompt(const std::string& name, const std::string& prompt) {
  check_encoding(name, prompt);
  check_controls(name, prompt);
  const std::size_t units = utf16_units(prompt);
  if (units <= kMaxPrompt) return;
  throw make_error(
      ErrorKind::input, Phase::check,
      name + " is " + std::to_string(units) + " characters long, the limit is " + std::to_string(kMaxPrompt),
      "shorten it");
}

void validate(const SubmitRequest& request) {
  for (const auto& [name, value] : text_fields(request)) check_encoding(name, *value);
  if (request.video_id.empty() == request.video_url.empty()) {
    throw make_error(
        ErrorKind::settings, Phase::check,
        request.video_id.empty() ? "neither video_id nor video_url is set" : "video_id and video_url are both set",
        "set exactly one of them");
  }
  check_url("video_url", request.video_url);
  check_url("callback_url", request.callback_url);
  check_prompt("sound_effect_prompt", request.sound_effect_prompt);
  check_prompt("bgm_prompt", request.bgm_prompt);
  check_controls("external_task_id", request.external_task_id);
}

Envelope read_envelope(int http_status, std::string_view body) {
  Envelope envelope;
  const std::optional<JsonDocument> document = JsonDocument::parse(body);
  if (!document) {
    envelope.message = describe_nothing(http_status, body);
    return envelope;
  }
  JsonObject* root = document->root();
  envelope.is_json = true;
  envelope.code = printable(read_code(root), 100);
  envelope.type = printable(text_member(object_member(root, "error"), "type"), 100);
  envelope.message = read_message(root);
  envelope.request_id = read_request_id(root, envelope.message);
  envelope.ok = is_success(http_status, root, envelope.code);
  if (envelope.message.empty()) envelope.message = describe_nothing(http_status, body);
  return envelope;
}

}  // namespace klingv2a::kling
