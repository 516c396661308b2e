// SPDX-License-Identifier: LGPL-2.1-or-later
#include "passed_properties.h"

#include "gobject_ptr.h"

namespace klingv2a {

namespace {

// A GParamSpec belongs to one class, so the bin needs its own, of the same kind and with the same limits.
GParamSpec* copy(GParamSpec* spec) {
  const char* name = g_param_spec_get_name(spec);
  const char* nick = g_param_spec_get_nick(spec);
  const char* blurb = g_param_spec_get_blurb(spec);
  const GParamFlags flags = spec->flags;
  if (G_IS_PARAM_SPEC_STRING(spec))
    return g_param_spec_string(name, nick, blurb, G_PARAM_SPEC_STRING(spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_BOOLEAN(spec))
    return g_param_spec_boolean(name, nick, blurb, G_PARAM_SPEC_BOOLEAN(spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_ENUM(spec))
    return g_param_spec_enum(name, nick, blurb, spec->value_type, G_PARAM_SPEC_ENUM(spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_BOXED(spec)) return g_param_spec_boxed(name, nick, blurb, spec->value_type, flags);
  if (const auto* number = G_IS_PARAM_SPEC_UINT(spec) ? G_PARAM_SPEC_UINT(spec) : nullptr)
    return g_param_spec_uint(name, nick, blurb, number->minimum, number->maximum, number->default_value, flags);
  if (const auto* number = G_IS_PARAM_SPEC_UINT64(spec) ? G_PARAM_SPEC_UINT64(spec) : nullptr)
    return g_param_spec_uint64(name, nick, blurb, number->minimum, number->maximum, number->default_value, flags);
  if (const auto* number = G_IS_PARAM_SPEC_DOUBLE(spec) ? G_PARAM_SPEC_DOUBLE(spec) : nullptr)
    return g_param_spec_double(name, nick, blurb, number->minimum, number->maximum, number->default_value, flags);
  return nullptr;
}

GParamSpec* find(GstElement* child, GParamSpec* spec) {
  return child ? g_object_class_find_property(G_OBJECT_GET_CLASS(child), g_param_spec_get_name(spec)) : nullptr;
}

using ClassPtr = std::unique_ptr<void, Deleter<g_type_class_unref>>;
using SpecsPtr = std::unique_ptr<GParamSpec*, Deleter<g_free>>;

}  // namespace

void install_passed(GObjectClass* gobject_class, guint first, std::initializer_list<GType> types, const char* own) {
  guint id = first;
  for (const GType type : types) {
    const ClassPtr source(g_type_class_ref(type));
    guint count = 0;
    const SpecsPtr specs(g_object_class_list_properties(G_OBJECT_CLASS(source.get()), &count));
    for (guint i = 0; i < count; ++i) {
      GParamSpec* spec = specs.get()[i];
      const char* name = g_param_spec_get_name(spec);
      if (spec->owner_type != type || g_str_equal(name, own)) continue;
      if (g_object_class_find_property(gobject_class, name)) continue;
      if (GParamSpec* passed = copy(spec)) g_object_class_install_property(gobject_class, id++, passed);
    }
  }
}

void set_passed(GParamSpec* spec, const GValue* value, std::initializer_list<GstElement*> children) {
  for (GstElement* child : children)
    if (find(child, spec)) g_object_set_property(G_OBJECT(child), g_param_spec_get_name(spec), value);
}

void get_passed(GParamSpec* spec, GValue* value, std::initializer_list<GstElement*> children) {
  for (GstElement* child : children)
    if (find(child, spec)) return g_object_get_property(G_OBJECT(child), g_param_spec_get_name(spec), value);
}

}  // namespace klingv2a
