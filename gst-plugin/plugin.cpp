// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The plugin's entry point, the only symbol the module exports.
#include "bin/gstklingv2abin.h"
#include "gstklingv2a.h"
#include "log.h"
#include "mix/gstklingv2amix.h"
#include "settings.h"

GST_DEBUG_CATEGORY(klingv2a_debug);

static gboolean plugin_init(GstPlugin* plugin) {
  GST_DEBUG_CATEGORY_INIT(klingv2a_debug, "klingv2a", 0, "Kling video-to-audio");
  return GST_ELEMENT_REGISTER(klingv2a, plugin) && GST_ELEMENT_REGISTER(klingv2amix, plugin) &&
         GST_ELEMENT_REGISTER(klingv2abin, plugin);
}

#define PACKAGE "klingv2a"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, klingv2a, "Sound for video by Kling's video-to-audio service",
                  plugin_init, KLINGV2A_VERSION, "LGPL", "klingv2a", "https://github.com/klingv2a/klingv2a")
