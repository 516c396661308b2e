// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What was typed for an option, judged before anything begins by the element's own idea of the property: which values
// there are, and from where to where a number goes. No element is made. Main thread, after begin_gstreamer().
#pragma once

#include <gst/gst.h>

#include "settings_table.h"

namespace klingv2a::cli {

// Throws UsageError that says what the option takes, or Error{settings} when the plugin is not found.
void check_setting(const Setting& setting);
void check_settings(const Settings& settings);

// `text` as a value of the property, by GObject's own rules; false when it is none. `value`: initialised, of its type.
[[nodiscard]] bool read_value(GParamSpec* spec, const std::string& text, GValue* value);

}  // namespace klingv2a::cli
