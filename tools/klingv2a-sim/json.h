// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Writing JSON without counting references by hand.
#pragma once

#include <json-glib/json-glib.h>

#include <cstdint>
#include <string>

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

}  // namespace klingv2a::sim
