// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The options that go through to properties of the element, once: their names on the command line and in a manifest,
// what they mean, and which of them may hold a secret. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace klingv2a::cli {

enum class ValueKind {
  text,
  prompt,        // a text that the service gets to see
  flag,          // no value: sets true
  off_switch,    // no value: sets false; its name begins with "no-"
  milliseconds,  // the property is in nanoseconds
  loudness,      // a number, or "off", which the property calls 0
};

struct SettingOption {
  const char* group;
  const char* name;      // without the dashes
  const char* property;  // of the element
  ValueKind kind;
  const char* placeholder;
  const char* help;
  bool secret = false;  // may hold one: never in a report, nor in the command line of a child
};

// One property, as text that GStreamer reads ("true", "5", "duck" …).
struct Setting {
  std::string property, value;
  bool operator==(const Setting&) const = default;
};
using Settings = std::vector<Setting>;

[[nodiscard]] std::span<const SettingOption> setting_options();
[[nodiscard]] const SettingOption* find_option(std::string_view name);
[[nodiscard]] const SettingOption* option_of_property(std::string_view property);
[[nodiscard]] bool is_secret(std::string_view property);
// Whoever sets it decides who gets the key or the video, what is listened on, where is written, or what is paid twice.
[[nodiscard]] bool needs_trust(std::string_view property);
// Does the output depend on it? Not on how long one waits, or where things lie meanwhile.
[[nodiscard]] bool shapes_output(std::string_view property);
// What `given` for an option means for its property. Throws UsageError.
[[nodiscard]] Setting to_setting(const SettingOption& option, const std::string& given);
// The value of a property; empty when it is not set. Of several the last counts.
[[nodiscard]] std::string value_of(const Settings& settings, std::string_view property);
// Adds one unless the property is set already.
void set_default(Settings& settings, const std::string& property, const std::string& value);

}  // namespace klingv2a::cli
