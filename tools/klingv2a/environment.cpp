// SPDX-License-Identifier: LGPL-2.1-or-later
#include "environment.h"

#include <gst/gst.h>

#include <utility>
#include <vector>

#include "error.h"
#include "gobject_ptr.h"

namespace klingv2a::cli {

namespace {

constexpr const char* kElement = "klingv2abin";

bool is_known() {
  return static_cast<bool>(GObjectPtr<GstElementFactory>::adopt(gst_element_factory_find(kElement)));
}

// Beside what GStreamer searches by itself.
std::vector<std::string> more_folders() {
  return {own_folder() + "/../../gst-plugin", KLINGV2A_PLUGIN_DIR};
}

std::string searched() {
  std::string text;
  const auto add = [&text](const std::string& name) { text += (text.empty() ? "" : ", ") + name; };
  for (const char* name : {"GST_PLUGIN_PATH_1_0", "GST_PLUGIN_PATH"})
    if (!environment(name).empty()) add(std::string(name) + "=" + environment(name));
  const std::string system = environment("GST_PLUGIN_SYSTEM_PATH_1_0");
  add(system.empty() ? "GStreamer's own folders" : "GST_PLUGIN_SYSTEM_PATH_1_0=" + system);
  for (const std::string& folder : more_folders()) add(folder);
  return text;
}

}  // namespace

void begin_gstreamer() {
  GError* failure = nullptr;
  if (gst_init_check(nullptr, nullptr, &failure)) return;
  const GErrorPtr error(failure);
  throw make_error(ErrorKind::settings, Phase::check,
                   std::string("GStreamer does not start: ") + (error ? error->message : "no reason is given"));
}

void find_plugin() {
  if (is_known()) return;
  for (const std::string& folder : more_folders()) {
    if (!g_file_test(folder.c_str(), G_FILE_TEST_IS_DIR)) continue;
    gst_registry_scan_path(gst_registry_get(), folder.c_str());
    if (is_known()) return;
  }
  throw make_error(ErrorKind::settings, Phase::check,
                   std::string("GStreamer does not find klingv2a's plugin (element ") + kElement +
                       "). Looked for it in: " + searched(),
                   "install it with meson install, or name its folder in GST_PLUGIN_PATH; gst-inspect-1.0 klingv2a "
                   "says what GStreamer finds");
}

std::string own_path() {
  const GCharPtr path(g_file_read_link("/proc/self/exe", nullptr));
  return path ? path.get() : "klingv2a";
}

std::string own_folder() {
  const GCharPtr folder(g_path_get_dirname(own_path().c_str()));
  return folder.get();
}

void take_api_key(const std::string& file) {
  if (file.empty()) return;
  char* text = nullptr;
  GError* failure = nullptr;
  const bool read = g_file_get_contents(file.c_str(), &text, nullptr, &failure);
  const GCharPtr content(text);
  const GErrorPtr error(failure);
  if (!read) throw make_error(ErrorKind::credentials, Phase::check, std::string("--api-key-file: ") + error->message);
  std::string key = text;
  key = key.substr(0, key.find_first_of("\r\n"));
  if (key.empty()) throw make_error(ErrorKind::credentials, Phase::check, "--api-key-file: the first line is empty");
  g_setenv("KLINGV2A_API_KEY", key.c_str(), TRUE);
}

std::string environment(const char* name) {
  const char* text = g_getenv(name);
  return text ? text : "";
}

void add_settings_of_environment(Settings& settings) {
  for (const auto& [variable, property] :
       {std::pair{"KLINGV2A_PUBLISH", "publish"}, {"KLINGV2A_PUBLISH_HEADERS", "publish-headers"}})
    if (const std::string value = environment(variable); !value.empty()) set_default(settings, property, value);
}

}  // namespace klingv2a::cli
