// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reading JSON that strangers wrote: see json.h. No state, no lock.
#include "kling/json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "kling/answer_text.h"
#include "kling/markup.h"
#include "visible_text.h"

namespace klingv2a::kling {
namespace {

std::optional<double> read_number(const std::string& text) {
  const char* begin = text.c_str();
  char* end = nullptr;
  const double value = g_ascii_strtod(begin, &end);
  if (end == begin || *end != '\0' || !std::isfinite(value)) return std::nullopt;
  return value;
}

// Of the objects in a page or among warnings, only one that says what the API says is its answer.
bool speaks_as_the_api(JsonObject* root) {
  constexpr std::array kMembers{"code", "data", "error", "task_id"};
  return std::ranges::any_of(kMembers, [root](const char* name) { return has_value(root, name); });
}

}  // namespace

std::optional<JsonDocument> JsonDocument::parse(std::string_view text) {
  const std::string valid = answer_text(text, {});
  if (std::optional<JsonDocument> whole = parse_exactly(valid)) return whole;
  for (const std::string_view object : json_objects_in(valid)) {
    std::optional<JsonDocument> document = parse_exactly(object);
    if (document && speaks_as_the_api(document->root())) return document;
  }
  return std::nullopt;
}

std::optional<JsonDocument> JsonDocument::parse_exactly(std::string_view text) {
  if (!may_be_json(text)) return std::nullopt;
  const std::string json = with_sound_escapes(text);
  auto parser = GObjectPtr<JsonParser>::adopt(json_parser_new_immutable());
  if (!json_parser_load_from_data(parser.get(), json.data(), static_cast<gssize>(json.size()), nullptr)) {
    return std::nullopt;
  }
  JsonNode* root = json_parser_get_root(parser.get());
  if (!root || !JSON_NODE_HOLDS_OBJECT(root)) return std::nullopt;
  return JsonDocument(std::move(parser), json_node_get_object(root));
}

JsonNode* member(JsonObject* object, const char* name) {
  return object ? json_object_get_member(object, name) : nullptr;
}

JsonObject* object_member(JsonObject* object, const char* name) {
  JsonNode* node = member(object, name);
  return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : nullptr;
}

JsonArray* array_member(JsonObject* object, const char* name) {
  JsonNode* node = member(object, name);
  return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : nullptr;
}

bool has_value(JsonObject* object, const char* name) {
  JsonNode* node = member(object, name);
  return node && !JSON_NODE_HOLDS_NULL(node);
}

std::string text_member(JsonObject* object, const char* name) {
  JsonNode* node = member(object, name);
  if (!node || !JSON_NODE_HOLDS_VALUE(node)) return {};
  if (json_node_get_value_type(node) == G_TYPE_INT64) return std::to_string(json_node_get_int(node));
  const char* text = json_node_get_string(node);
  // An escape such as \udc00 makes an invalid string out of valid text.
  return text && g_utf8_validate(text, -1, nullptr) ? text : "";
}

std::string number_text(JsonObject* object, const char* name) {
  JsonNode* node = member(object, name);
  const bool fraction = node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_DOUBLE;
  if (!fraction) return printable(text_member(object, name), 100);
  std::array<char, G_ASCII_DTOSTR_BUF_SIZE> buffer;
  return g_ascii_formatd(buffer.data(), static_cast<int>(buffer.size()), "%.12g", json_node_get_double(node));
}

std::optional<double> number_member(JsonObject* object, const char* name) {
  JsonNode* node = member(object, name);
  if (!node || !JSON_NODE_HOLDS_VALUE(node)) return std::nullopt;
  if (json_node_get_value_type(node) != G_TYPE_DOUBLE) return read_number(text_member(object, name));
  const double value = json_node_get_double(node);
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

std::int64_t integer_member(JsonObject* object, const char* name) {
  const double value = number_member(object, name).value_or(0);
  // Milliseconds since 1970 are exact in a double for 285,000 years.
  return std::abs(value) < 9e15 ? static_cast<std::int64_t>(value) : 0;
}

std::string printable(std::string_view given, std::size_t length) {
  if (given.empty()) return {};
  const std::string text = without_markup(given);
  // Each character has at most four bytes; what lies behind is not wanted.
  const GCharPtr valid(g_utf8_make_valid(text.data(), static_cast<gssize>(std::min(text.size(), 4 * length + 4))));
  std::string result;
  std::size_t count = 0;
  for (const char* c = valid.get(); *c; c = g_utf8_next_char(c)) {
    const gunichar character = g_utf8_get_char(c);
    const bool blank = g_unichar_isspace(character) || g_unichar_iscntrl(character);
    if (blank && (result.empty() || result.back() == ' ')) continue;
    if (count++ == length) return result + "…";
    if (blank) {
      result += ' ';
    } else if (is_unseen(character)) {
      result += number_of(character);
    } else {
      result.append(c, static_cast<std::size_t>(g_utf8_next_char(c) - c));
    }
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

}  // namespace klingv2a::kling
