// SPDX-License-Identifier: LGPL-2.1-or-later
#include "setting_check.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "environment.h"
#include "error.h"
#include "exit_code.h"
#include "gobject_ptr.h"
#include "human_text.h"
#include "kling/codec.h"
#include "suggestion.h"

namespace klingv2a::cli {

namespace {

using ClassPtr = std::unique_ptr<void, Deleter<g_type_class_unref>>;

ClassPtr class_of_element() {
  find_plugin();
  const auto factory = GObjectPtr<GstElementFactory>::adopt(gst_element_factory_find("klingv2abin"));
  const auto loaded = GObjectPtr<GstPluginFeature>::adopt(gst_plugin_feature_load(GST_PLUGIN_FEATURE(factory.get())));
  if (!loaded) throw make_error(ErrorKind::settings, Phase::check, "the plugin of klingv2abin cannot be loaded");
  return ClassPtr(g_type_class_ref(gst_element_factory_get_element_type(GST_ELEMENT_FACTORY(loaded.get()))));
}

// GStreamer reads -1 as the largest unsigned number there is.
bool is_negative_for(const GValue* value, const std::string& text) {
  return (G_VALUE_HOLDS_UINT(value) || G_VALUE_HOLDS_UINT64(value)) && text.find('-') != std::string::npos;
}

bool is_finite(const GValue* value) {
  return !G_VALUE_HOLDS_DOUBLE(value) || std::isfinite(g_value_get_double(value));
}

std::vector<std::string> names_of(GParamSpecEnum* spec) {
  std::vector<std::string> names;
  for (guint i = 0; i < spec->enum_class->n_values; ++i) names.emplace_back(spec->enum_class->values[i].value_nick);
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Largest numbers that a type has are no limit that anybody has set.
template <typename Number>
std::string range(const char* what, Number least, Number most) {
  const std::string from = what + std::to_string(least);
  return most == std::numeric_limits<Number>::max() ? from + " or more" : from + " to " + std::to_string(most);
}

std::string milliseconds_taken(GParamSpec* spec) {
  const auto* time = G_PARAM_SPEC_UINT64(spec);
  constexpr guint64 kNanoseconds = 1'000'000;
  return "milliseconds from " + std::to_string(time->minimum / kNanoseconds) + " to " +
         std::to_string(time->maximum / kNanoseconds);
}

std::string number_taken(GParamSpec* spec) {
  constexpr const char* kWhole = "a whole number from ";
  if (G_IS_PARAM_SPEC_UINT(spec))
    return range(kWhole, G_PARAM_SPEC_UINT(spec)->minimum, G_PARAM_SPEC_UINT(spec)->maximum);
  if (G_IS_PARAM_SPEC_UINT64(spec))
    return range(kWhole, G_PARAM_SPEC_UINT64(spec)->minimum, G_PARAM_SPEC_UINT64(spec)->maximum);
  if (G_IS_PARAM_SPEC_INT(spec)) return range(kWhole, G_PARAM_SPEC_INT(spec)->minimum, G_PARAM_SPEC_INT(spec)->maximum);
  if (!G_IS_PARAM_SPEC_DOUBLE(spec)) return "something else";
  return "a number from " + number_text(G_PARAM_SPEC_DOUBLE(spec)->minimum, 0) + " to " +
         number_text(G_PARAM_SPEC_DOUBLE(spec)->maximum, 0);
}

// What the option takes, for people.
std::string taken(GParamSpec* spec, const SettingOption& option) {
  if (option.kind == ValueKind::milliseconds) return milliseconds_taken(spec);
  if (option.kind == ValueKind::loudness) return "off, or " + number_taken(spec);
  if (G_IS_PARAM_SPEC_ENUM(spec)) return joined(names_of(G_PARAM_SPEC_ENUM(spec)));
  if (G_PARAM_SPEC_VALUE_TYPE(spec) == GST_TYPE_STRUCTURE) return "headers,NAME=VALUE,…";
  return G_IS_PARAM_SPEC_BOOLEAN(spec) ? "true, false" : number_taken(spec);
}

UsageError wrong_value(GParamSpec* spec, const SettingOption& option, const std::string& given) {
  std::string text = "--" + std::string(option.name) + ": ";
  text += option.secret ? "what was given" : option.kind == ValueKind::milliseconds ? "this time" : "'" + given + "'";
  text += " is no value; it takes " + taken(spec, option);
  if (G_IS_PARAM_SPEC_ENUM(spec)) text += suggestion(given, names_of(G_PARAM_SPEC_ENUM(spec)));
  return UsageError(text);
}

void check_with(GObjectClass* of, const Setting& setting) {
  const SettingOption* option = option_of_property(setting.property);
  GParamSpec* spec = g_object_class_find_property(of, setting.property.c_str());
  if (!option || !spec)
    throw make_error(ErrorKind::settings, Phase::check, "this klingv2a has no property " + setting.property,
                     "command and plugin are of different versions: install both anew");
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_PARAM_SPEC_VALUE_TYPE(spec));
  const bool good = read_value(spec, setting.value, &value);
  g_value_unset(&value);
  if (!good) throw wrong_value(spec, *option, setting.value);
  if (option->kind == ValueKind::prompt) kling::check_prompt("--" + std::string(option->name), setting.value);
}

}  // namespace

void check_setting(const Setting& setting) {
  check_settings({setting});
}

void check_settings(const Settings& settings) {
  if (settings.empty()) return;
  const ClassPtr of = class_of_element();
  for (const Setting& setting : settings) check_with(G_OBJECT_CLASS(of.get()), setting);
}

bool read_value(GParamSpec* spec, const std::string& text, GValue* value) {
  if (G_VALUE_HOLDS_STRING(value)) {
    g_value_set_string(value, text.c_str());
    return true;
  }
  // Changed by validation: it was beyond the property's limits.
  return !text.empty() && !is_negative_for(value, text) && gst_value_deserialize(value, text.c_str()) &&
         is_finite(value) && !g_param_value_validate(spec, value);
}

}  // namespace klingv2a::cli
