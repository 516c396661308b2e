// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Writing and reading JSON without counting references by hand.
#pragma once

#include <json-glib/json-glib.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "gobject_ptr.h"

namespace klingv2a::sim {

class JsonWriter {
 public:
  JsonWriter& object() { return json_builder_begin_object(builder_.get()), *this; }
  JsonWriter& object(const char* name) { return member(name).object(); }
  JsonWriter& end_object() { return json_builder_end_object(builder_.get()), *this; }
  JsonWriter& array(const char* name) {
    member(name);
    return json_builder_begin_array(builder_.get()), *this;
  }
  JsonWriter& end_array() { return json_builder_end_array(builder_.get()), *this; }
  JsonWriter& value(std::int64_t number) { return json_builder_add_int_value(builder_.get(), number), *this; }
  JsonWriter& string(const char* name, const std::string& text) {
    member(name);
    return json_builder_add_string_value(builder_.get(), text.c_str()), *this;
  }
  JsonWriter& text_value(const std::string& text) {
    return json_builder_add_string_value(builder_.get(), text.c_str()), *this;
  }
  JsonWriter& integer(const char* name, std::int64_t number) { return member(name).value(number); }
  JsonWriter& number(const char* name, double value) {
    member(name);
    return json_builder_add_double_value(builder_.get(), value), *this;
  }
  JsonWriter& boolean(const char* name, bool value) {
    member(name);
    return json_builder_add_boolean_value(builder_.get(), value), *this;
  }
  [[nodiscard]] std::string text() const {
    JsonNode* root = json_builder_get_root(builder_.get());
    const GCharPtr text(json_to_string(root, FALSE));
    json_node_unref(root);
    return text.get();
  }

 private:
  JsonWriter& member(const char* name) { return json_builder_set_member_name(builder_.get(), name), *this; }

  GObjectPtr<JsonBuilder> builder_ = GObjectPtr<JsonBuilder>::adopt(json_builder_new());
};

// The members of a JSON object. One that is missing or of another kind is a std::invalid_argument that names it.
class JsonFields {
 public:
  // Throws std::invalid_argument when `text` is not a JSON object.
  explicit JsonFields(const std::string& text) : parser_(GObjectPtr<JsonParser>::adopt(json_parser_new_immutable())) {
    const bool read = json_parser_load_from_data(parser_.get(), text.data(), static_cast<gssize>(text.size()), nullptr);
    JsonNode* root = read ? json_parser_get_root(parser_.get()) : nullptr;
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) throw std::invalid_argument("not a JSON object");
    object_ = json_node_get_object(root);
  }

  [[nodiscard]] bool has(const char* name) const { return json_object_has_member(object_, name); }
  [[nodiscard]] JsonFields object(const char* name) const {
    JsonNode* node = member(name);
    if (!JSON_NODE_HOLDS_OBJECT(node)) refuse(name);
    return {parser_, json_node_get_object(node)};
  }
  [[nodiscard]] std::string string(const char* name) const { return json_node_get_string(value(name, G_TYPE_STRING)); }
  [[nodiscard]] std::int64_t integer(const char* name) const { return json_node_get_int(value(name, G_TYPE_INT64)); }
  [[nodiscard]] double number(const char* name) const {
    JsonNode* node = member(name);
    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64)
      return static_cast<double>(json_node_get_int(node));
    return json_node_get_double(value(name, G_TYPE_DOUBLE));
  }
  [[nodiscard]] bool boolean(const char* name) const { return json_node_get_boolean(value(name, G_TYPE_BOOLEAN)); }
  [[nodiscard]] std::vector<std::int64_t> integers(const char* name) const {
    JsonNode* node = member(name);
    if (!JSON_NODE_HOLDS_ARRAY(node)) refuse(name);
    JsonArray* array = json_node_get_array(node);
    std::vector<std::int64_t> numbers;
    for (guint i = 0; i < json_array_get_length(array); ++i) numbers.push_back(json_array_get_int_element(array, i));
    return numbers;
  }

 private:
  JsonFields(GObjectPtr<JsonParser> parser, JsonObject* object) : parser_(std::move(parser)), object_(object) {}

  [[noreturn]] static void refuse(const char* name) {
    throw std::invalid_argument(std::string(name) + " is missing or of another kind");
  }
  JsonNode* member(const char* name) const {
    JsonNode* node = json_object_get_member(object_, name);
    if (!node) refuse(name);
    return node;
  }
  JsonNode* value(const char* name, GType type) const {
    JsonNode* node = member(name);
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != type) refuse(name);
    return node;
  }

  GObjectPtr<JsonParser> parser_;  // owns the objects
  JsonObject* object_ = nullptr;
};

}  // namespace klingv2a::sim
