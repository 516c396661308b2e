// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The plugin's debug category for tests that link parts of the plugin; in the plugin itself plugin.cpp has it.
#include "log.h"

GST_DEBUG_CATEGORY(klingv2a_debug);

namespace {

const bool initialized = [] {
  GST_DEBUG_CATEGORY_INIT(klingv2a_debug, "klingv2a", 0, "Kling video-to-audio");
  return true;
}();

}  // namespace
