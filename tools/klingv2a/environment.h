// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What surrounds the program: GStreamer with the plugin, programs that lie beside this one, the key in a file. Called
// on the main thread, before any other one runs (the environment is written).
#pragma once

#include <string>

#include "settings_table.h"

namespace klingv2a::cli {

// Starts GStreamer.
void begin_gstreamer();
// Makes sure that klingv2abin is known: as installed, from where this build installs it, or from the build tree. Throws
// Error{settings} that says where it was looked for.
void find_plugin();
// The folder of this program.
[[nodiscard]] std::string own_folder();
[[nodiscard]] std::string own_path();
// Puts the first line of the file into KLINGV2A_API_KEY. Throws Error{credentials}. Nothing for an empty name.
void take_api_key(const std::string& file);
[[nodiscard]] std::string environment(const char* name);
// What may hold a secret, where no option says something else: KLINGV2A_PUBLISH, KLINGV2A_PUBLISH_HEADERS.
void add_settings_of_environment(Settings& settings);

}  // namespace klingv2a::cli
