// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Properties as one typed table: a row says all of a property once (name, texts, member, limits, flags). The
// GParamSpec, set and get follow from it; the default is what the member is in a fresh settings object. The id of a row
// is its place in the table, from 1.
//
// Plain functions; whoever owns the settings object guards it.
#pragma once

#include <gst/gst.h>

#include <span>
#include <string>
#include <variant>

#include "gst_ptr.h"
#include "setting.h"

namespace klingv2a {

inline constexpr auto kReadWrite = static_cast<GParamFlags>(G_PARAM_READWRITE | kSettingFlags);
// Secrets, and URLs that may carry a signature or an unguessable path: never in a DOT dump, a preset or gst-inspect.
inline constexpr auto kWriteOnly = static_cast<GParamFlags>(G_PARAM_WRITABLE | kSettingFlags);
// Another, older name of a property: it still works.
inline constexpr auto kOldName = static_cast<GParamFlags>(kReadWrite | G_PARAM_DEPRECATED);

// The kinds of members of a settings `Object`.
template <typename Object>
struct Text {
  std::string Object::*member;  // empty: unset, NULL
};
template <typename Object>
struct Flag {
  bool Object::*member;
};
template <typename Object>
struct Structure {
  StructurePtr Object::*member;  // may be null
};
template <typename Object, typename Value>
struct Number {
  Value Object::*member;
  Value min, max;  // both are allowed
};
// An enum class whose values are those of a registered GEnum.
template <typename Object>
struct Choice {
  GType (*type)();
  int (*get)(const Object& object);
  void (*set)(Object& object, int value);
};
template <typename Object, typename Enum, Enum Object::*Member>
[[nodiscard]] constexpr Choice<Object> choice(GType (*type)()) {
  return {type, [](const Object& object) { return static_cast<int>(object.*Member); },
          [](Object& object, int value) { object.*Member = static_cast<Enum>(value); }};
}

template <typename Object>
struct Property {
  const char *name, *nick, *blurb;
  std::variant<Text<Object>, Flag<Object>, Structure<Object>, Choice<Object>, Number<Object, guint>,
               Number<Object, guint64>, Number<Object, double>>
      value;
  GParamFlags flags = kReadWrite;
};

namespace property_table {

// One overload for each kind: its GParamSpec, and the member's value out of and into a GValue.
template <typename Object>
GParamSpec* spec(const Property<Object>& row, const Text<Object>&, const Object&) {
  return g_param_spec_string(row.name, row.nick, row.blurb, nullptr, row.flags);
}
template <typename Object>
void get(const Object& object, const Text<Object>& kind, GValue* value) {
  const std::string& text = object.*kind.member;
  g_value_set_string(value, text.empty() ? nullptr : text.c_str());
}
template <typename Object>
void set(Object& object, const Text<Object>& kind, const GValue* value) {
  const char* text = g_value_get_string(value);
  object.*kind.member = text ? text : "";
}

template <typename Object>
GParamSpec* spec(const Property<Object>& row, const Flag<Object>& kind, const Object& initial) {
  return g_param_spec_boolean(row.name, row.nick, row.blurb, initial.*kind.member, row.flags);
}
template <typename Object>
void get(const Object& object, const Flag<Object>& kind, GValue* value) {
  g_value_set_boolean(value, object.*kind.member);
}
template <typename Object>
void set(Object& object, const Flag<Object>& kind, const GValue* value) {
  object.*kind.member = g_value_get_boolean(value);
}

template <typename Object>
GParamSpec* spec(const Property<Object>& row, const Structure<Object>&, const Object&) {
  return g_param_spec_boxed(row.name, row.nick, row.blurb, GST_TYPE_STRUCTURE, row.flags);
}
template <typename Object>
void get(const Object& object, const Structure<Object>& kind, GValue* value) {
  g_value_set_boxed(value, (object.*kind.member).get());
}
template <typename Object>
void set(Object& object, const Structure<Object>& kind, const GValue* value) {
  (object.*kind.member).reset(static_cast<GstStructure*>(g_value_dup_boxed(value)));
}

template <typename Object>
GParamSpec* spec(const Property<Object>& row, const Choice<Object>& kind, const Object& initial) {
  gst_type_mark_as_plugin_api(kind.type(), static_cast<GstPluginAPIFlags>(0));
  return g_param_spec_enum(row.name, row.nick, row.blurb, kind.type(), kind.get(initial), row.flags);
}
template <typename Object>
void get(const Object& object, const Choice<Object>& kind, GValue* value) {
  g_value_set_enum(value, kind.get(object));
}
template <typename Object>
void set(Object& object, const Choice<Object>& kind, const GValue* value) {
  kind.set(object, g_value_get_enum(value));
}

// What differs between the types of numbers.
inline void put(GValue* value, guint number) {
  g_value_set_uint(value, number);
}
inline void put(GValue* value, guint64 number) {
  g_value_set_uint64(value, number);
}
inline void put(GValue* value, double number) {
  g_value_set_double(value, number);
}
inline void take(const GValue* value, guint& number) {
  number = g_value_get_uint(value);
}
inline void take(const GValue* value, guint64& number) {
  number = g_value_get_uint64(value);
}
inline void take(const GValue* value, double& number) {
  number = g_value_get_double(value);
}
inline constexpr auto new_spec(guint) {
  return g_param_spec_uint;
}
inline constexpr auto new_spec(guint64) {
  return g_param_spec_uint64;
}
inline constexpr auto new_spec(double) {
  return g_param_spec_double;
}

template <typename Object, typename Value>
GParamSpec* spec(const Property<Object>& row, const Number<Object, Value>& kind, const Object& initial) {
  return new_spec(Value{})(row.name, row.nick, row.blurb, kind.min, kind.max, initial.*kind.member, row.flags);
}
template <typename Object, typename Value>
void get(const Object& object, const Number<Object, Value>& kind, GValue* value) {
  put(value, object.*kind.member);
}
template <typename Object, typename Value>
void set(Object& object, const Number<Object, Value>& kind, const GValue* value) {
  take(value, object.*kind.member);
}

}  // namespace property_table

// Installs the rows, with ids from 1; returns the first id that is free.
template <typename Object>
guint install_properties(GObjectClass* gobject_class, std::span<const Property<Object>> table) {
  const Object initial;
  guint id = 0;
  for (const Property<Object>& row : table) {
    const auto spec = [&](const auto& kind) { return property_table::spec(row, kind, initial); };
    g_object_class_install_property(gobject_class, ++id, std::visit(spec, row.value));
  }
  return id + 1;
}

// Return false for an id that is not in the table.
template <typename Object>
[[nodiscard]] bool set_in(Object& object, std::span<const Property<Object>> table, guint id, const GValue* value) {
  if (id == 0 || id > table.size()) return false;
  std::visit([&](const auto& kind) { property_table::set(object, kind, value); }, table[id - 1].value);
  return true;
}
template <typename Object>
[[nodiscard]] bool get_from(const Object& object, std::span<const Property<Object>> table, guint id, GValue* value) {
  if (id == 0 || id > table.size()) return false;
  std::visit([&](const auto& kind) { property_table::get(object, kind, value); }, table[id - 1].value);
  return true;
}

}  // namespace klingv2a
