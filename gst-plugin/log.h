// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The plugin's debug category, `klingv2a`; defined in plugin.cpp. No secret is ever given to it.
#pragma once

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(klingv2a_debug);
#define GST_CAT_DEFAULT klingv2a_debug
