// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties that an element's own class installs, and values for them.
#pragma once

#include <gst/gst.h>
#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gobject_ptr.h"

namespace klingv2a::test {

class Value {
 public:
  explicit Value(GType type) { g_value_init(&value_, type); }
  ~Value() { g_value_unset(&value_); }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  GValue* get() { return &value_; }
  [[nodiscard]] std::string text() const {
    const GCharPtr text(g_strdup_value_contents(&value_));
    return text.get();
  }

 private:
  GValue value_ = G_VALUE_INIT;
};

[[nodiscard]] inline GObjectPtr<GstElement> new_element(const char* factory) {
  return GObjectPtr<GstElement>::adopt(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make(factory, nullptr))));
}

// Without old names, which stand for properties that have new ones.
[[nodiscard]] inline std::vector<GParamSpec*> own_properties(GstElement* element) {
  guint count = 0;
  const std::unique_ptr<GParamSpec*, Deleter<g_free>> specs(
      g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &count));
  std::vector<GParamSpec*> own;
  for (GParamSpec* spec : std::span(specs.get(), count))
    if (spec->owner_type == G_OBJECT_TYPE(element) && !(spec->flags & G_PARAM_DEPRECATED)) own.push_back(spec);
  return own;
}

[[nodiscard]] inline std::string read_property(GstElement* element, const GParamSpec* spec) {
  Value value(spec->value_type);
  g_object_get_property(G_OBJECT(element), spec->name, value.get());
  return value.text();
}

// Some value that is not the default.
inline void set_other_value(GParamSpec* spec, GValue* value) {
  g_param_value_set_default(spec, value);
  if (G_VALUE_HOLDS_STRING(value)) return g_value_set_string(value, "Änderung & Prüfung");
  if (G_VALUE_HOLDS_BOOLEAN(value)) return g_value_set_boolean(value, !g_value_get_boolean(value));
  if (G_VALUE_HOLDS_UINT(value)) return g_value_set_uint(value, g_value_get_uint(value) + 1);
  if (G_VALUE_HOLDS_UINT64(value)) return g_value_set_uint64(value, g_value_get_uint64(value) + 1);
  if (G_VALUE_HOLDS_DOUBLE(value)) {
    const double preset = g_value_get_double(value);
    return g_value_set_double(value, preset - 1 < G_PARAM_SPEC_DOUBLE(spec)->minimum ? preset + 1 : preset - 1);
  }
  if (G_VALUE_HOLDS_ENUM(value)) return g_value_set_enum(value, g_value_get_enum(value) + 1);
  if (G_VALUE_HOLDS(value, GST_TYPE_STRUCTURE))
    return g_value_take_boxed(value, gst_structure_new("headers", "x-other", G_TYPE_STRING, "1", nullptr));
  FAIL() << "no other value for " << spec->name << " of type " << g_type_name(spec->value_type);
}

}  // namespace klingv2a::test
