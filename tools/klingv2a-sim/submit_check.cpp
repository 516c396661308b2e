// SPDX-License-Identifier: LGPL-2.1-or-later
#include "submit_check.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "gobject_ptr.h"

namespace klingv2a::sim {
namespace {

constexpr long kMaxPromptUnits = 200;
constexpr double kMinSeconds = 3.0, kMaxSeconds = 20.0;

enum class Kind { text, prompt, url, callback, yes_no };
struct Field {
  std::string_view name;
  Kind kind;
};
constexpr std::array kFields = {
    Field{"video_id", Kind::text},         Field{"video_url", Kind::url},
    Field{"bgm_prompt", Kind::prompt},     Field{"sound_effect_prompt", Kind::prompt},
    Field{"asmr_mode", Kind::yes_no},      Field{"external_task_id", Kind::text},
    Field{"callback_url", Kind::callback},
};

[[noreturn]] void refuse(const std::string& param, const std::string& why) {
  throw Refusal("1201", param + " " + why, param);
}

void check_prompt(const std::string& name, const char* text) {
  glong units = 0;
  const std::unique_ptr<gunichar2, Deleter<g_free>> utf16(g_utf8_to_utf16(text, -1, nullptr, &units, nullptr));
  if (!utf16) refuse(name, "is not valid UTF-8");
  if (units > kMaxPromptUnits) refuse(name, "is longer than 200 characters");
}

void check_url(const std::string& name, const char* text) {
  const GUriPtr uri(g_uri_parse(text, G_URI_FLAGS_NONE, nullptr));
  if (!uri) refuse(name, "is not a URL");
  const std::string_view scheme = g_uri_get_scheme(uri.get());
  if (scheme != "http" && scheme != "https") refuse(name, "is not an http or https URL");
  const char* host = g_uri_get_host(uri.get());
  if (!host || !*host) refuse(name, "names no host");
}

// The real service calls https only. On loopback http will do, where a dry_run has no certificate.
void check_callback(const std::string& name, const char* text) {
  check_url(name, text);
  const GUriPtr uri(g_uri_parse(text, G_URI_FLAGS_NONE, nullptr));
  if (std::string_view(g_uri_get_scheme(uri.get())) == "https") return;
  const std::string host = g_uri_get_host(uri.get());
  const auto address = GObjectPtr<GInetAddress>::adopt(g_inet_address_new_from_string(host.c_str()));
  if (host == "localhost" || (address && g_inet_address_get_is_loopback(address.get()))) return;
  refuse(name, "is not https (this simulation takes http on loopback only)");
}

void check_field(const std::string& name, JsonNode* value) {
  const auto field = std::ranges::find(kFields, name, &Field::name);
  if (field == kFields.end()) refuse(name, "is not a parameter of this endpoint");
  const GType type = JSON_NODE_HOLDS_VALUE(value) ? json_node_get_value_type(value) : G_TYPE_INVALID;
  if (field->kind == Kind::yes_no) {
    if (type != G_TYPE_BOOLEAN) refuse(name, "is not true or false");
    return;
  }
  if (type != G_TYPE_STRING) refuse(name, "is not a string");
  const char* text = json_node_get_string(value);
  if (field->kind == Kind::prompt) return check_prompt(name, text);
  if (!*text) refuse(name, "is empty");
  if (field->kind == Kind::url) check_url(name, text);
  if (field->kind == Kind::callback) check_callback(name, text);
}

void check_content_type(const std::string& header) {
  const std::string_view type = std::string_view(header).substr(0, header.find(';'));
  if (g_ascii_strcasecmp(std::string(type).c_str(), "application/json") != 0)
    throw Refusal("1200", "the content type is not application/json");
}

std::string text_of(JsonObject* object, const char* name) {
  return json_object_has_member(object, name) ? json_object_get_string_member(object, name) : "";
}

}  // namespace

std::optional<double> known_video_s(const std::string& video_id) {
  constexpr std::string_view kPrefix = "sim-";
  if (!g_str_has_prefix(video_id.c_str(), kPrefix.data()) || !g_str_has_suffix(video_id.c_str(), "s")) return {};
  const std::string number = video_id.substr(kPrefix.size(), video_id.size() - kPrefix.size() - 1);
  if (number.empty() || number.find_first_not_of("0123456789.") != std::string::npos) return {};
  char* end = nullptr;
  const double seconds = g_ascii_strtod(number.c_str(), &end);
  if (*end || seconds < kMinSeconds || seconds > kMaxSeconds) return {};
  return seconds;
}

Submit read_submit(const std::string& content_type, const std::string& body) {
  check_content_type(content_type);
  const auto parser = GObjectPtr<JsonParser>::adopt(json_parser_new_immutable());
  if (!json_parser_load_from_data(parser.get(), body.data(), static_cast<gssize>(body.size()), nullptr))
    throw Refusal("1200", "the body is not JSON");
  JsonNode* root = json_parser_get_root(parser.get());
  if (!root || !JSON_NODE_HOLDS_OBJECT(root)) throw Refusal("1200", "the body is not a JSON object");
  JsonObject* object = json_node_get_object(root);

  JsonObjectIter iter;
  const char* name = nullptr;
  JsonNode* value = nullptr;
  json_object_iter_init(&iter, object);
  while (json_object_iter_next(&iter, &name, &value)) check_field(name, value);

  Submit submit{text_of(object, "video_id"), text_of(object, "video_url"), text_of(object, "external_task_id"), body,
                text_of(object, "callback_url")};
  if (submit.video_id.empty() == submit.video_url.empty())
    refuse("video_id", "or video_url must be given, and not both");
  if (!submit.video_id.empty() && !known_video_s(submit.video_id)) refuse("video_id", "names no video");
  return submit;
}

}  // namespace klingv2a::sim
