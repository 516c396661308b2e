// SPDX-License-Identifier: LGPL-2.1-or-later
#include "json_text.h"

#include <cmath>

namespace klingv2a::cli {

namespace {

std::string write(JsonNode* node, bool pretty) {
  const GCharPtr text(json_to_string(node, pretty));
  return text.get();
}

// The name of a file may be any bytes, JSON is UTF-8: a reader would take no line that holds anything else.
GCharPtr valid(const char* text) {
  return GCharPtr(g_utf8_make_valid(text, -1));
}

JsonNodePtr text_node(const char* text) {
  JsonNode* node = json_node_alloc();
  return JsonNodePtr(text ? json_node_init_string(node, valid(text).get()) : json_node_init_null(node));
}

JsonNodePtr number_node(std::int64_t number) {
  return JsonNodePtr(json_node_init_int(json_node_alloc(), number));
}

// JSON has no infinity, which is the loudness of silence.
JsonNodePtr double_node(double number) {
  JsonNode* node = json_node_alloc();
  return JsonNodePtr(std::isfinite(number) ? json_node_init_double(node, number) : json_node_init_null(node));
}

// GstValueArray and GstValueList have functions of their own that do the same.
template <auto Size, auto At>
JsonNodePtr array_node(const GValue* value) {
  JsonArray* array = json_array_new();
  for (guint i = 0; i < Size(value); ++i) json_array_add_element(array, to_json(At(value, i)).release());
  JsonNode* node = json_node_alloc();
  json_node_init_array(node, array);
  json_array_unref(array);
  return JsonNodePtr(node);
}

JsonNodePtr other_node(const GValue* value) {
  if (G_VALUE_HOLDS_ENUM(value)) {
    gpointer type = g_type_class_peek(G_VALUE_TYPE(value));
    const GEnumValue* entry = type ? g_enum_get_value(G_ENUM_CLASS(type), g_value_get_enum(value)) : nullptr;
    if (entry) return text_node(entry->value_nick);
  }
  const GCharPtr text(gst_value_serialize(value));
  return text_node(text.get());
}

}  // namespace

JsonText& JsonText::set(const char* name, const std::string& text) {
  json_object_set_string_member(object_.get(), name, valid(text.c_str()).get());
  return *this;
}

JsonText& JsonText::set(const char* name, std::int64_t number) {
  json_object_set_int_member(object_.get(), name, number);
  return *this;
}

JsonText& JsonText::set(const char* name, double number) {
  return set(name, double_node(number));
}

JsonText& JsonText::set(const char* name, bool value) {
  json_object_set_boolean_member(object_.get(), name, value);
  return *this;
}

JsonText& JsonText::set(const char* name, const JsonText& object) {
  return set(name, object.node());
}

JsonText& JsonText::set(const char* name, const std::vector<std::string>& texts) {
  JsonArray* array = json_array_new();
  for (const std::string& text : texts) json_array_add_string_element(array, valid(text.c_str()).get());
  json_object_set_array_member(object_.get(), name, array);
  return *this;
}

JsonText& JsonText::set(const char* name, const std::vector<JsonText>& objects) {
  JsonArray* array = json_array_new();
  for (const JsonText& object : objects) json_array_add_element(array, object.node().release());
  json_object_set_array_member(object_.get(), name, array);
  return *this;
}

JsonText& JsonText::set(const char* name, JsonNodePtr node) {
  json_object_set_member(object_.get(), name, node.release());
  return *this;
}

JsonNodePtr JsonText::node() const {
  JsonNode* node = json_node_alloc();
  return JsonNodePtr(json_node_init_object(node, object_.get()));
}

std::string JsonText::line() const {
  return write(node().get(), false);
}

std::string JsonText::pretty() const {
  return write(node().get(), true) + "\n";
}

JsonNodePtr to_json(const GstStructure* structure) {
  JsonText object;
  for (int i = 0; i < gst_structure_n_fields(structure); ++i) {
    const char* name = gst_structure_nth_field_name(structure, static_cast<guint>(i));
    object.set(name, to_json(gst_structure_get_value(structure, name)));
  }
  return parse_json(object.line());
}

JsonNodePtr to_json(const GValue* value) {
  if (GST_VALUE_HOLDS_STRUCTURE(value)) return to_json(gst_value_get_structure(value));
  if (GST_VALUE_HOLDS_ARRAY(value)) return array_node<gst_value_array_get_size, gst_value_array_get_value>(value);
  if (GST_VALUE_HOLDS_LIST(value)) return array_node<gst_value_list_get_size, gst_value_list_get_value>(value);
  switch (G_VALUE_TYPE(value)) {
    case G_TYPE_STRING:
      return text_node(g_value_get_string(value));
    case G_TYPE_BOOLEAN:
      return JsonNodePtr(json_node_init_boolean(json_node_alloc(), g_value_get_boolean(value)));
    case G_TYPE_INT:
      return number_node(g_value_get_int(value));
    case G_TYPE_UINT:
      return number_node(g_value_get_uint(value));
    case G_TYPE_INT64:
      return number_node(g_value_get_int64(value));
    case G_TYPE_UINT64:
      return number_node(static_cast<std::int64_t>(g_value_get_uint64(value)));
    case G_TYPE_DOUBLE:
      return double_node(g_value_get_double(value));
    default:
      return other_node(value);
  }
}

JsonNodePtr parse_json(const std::string& text) {
  return JsonNodePtr(json_from_string(text.c_str(), nullptr));
}

std::string member_text(JsonObject* object, const char* name) {
  JsonNode* node = object ? json_object_get_member(object, name) : nullptr;
  if (!node || !JSON_NODE_HOLDS_VALUE(node)) return {};
  if (json_node_get_value_type(node) == G_TYPE_STRING) return json_node_get_string(node);
  return write(node, false);
}

JsonObject* member_object(JsonObject* object, const char* name) {
  JsonNode* node = object ? json_object_get_member(object, name) : nullptr;
  return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : nullptr;
}

JsonObject* object_of(const JsonNodePtr& node) {
  return node && JSON_NODE_HOLDS_OBJECT(node.get()) ? json_node_get_object(node.get()) : nullptr;
}

}  // namespace klingv2a::cli
