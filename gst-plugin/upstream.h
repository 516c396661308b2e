// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is asked of the elements before a sink pad. Any thread, with no lock held.
#pragma once

#include <gst/gst.h>

#include "gst_ptr.h"

namespace klingv2a {

// Does the stream that comes to `sink` come from a live source?
[[nodiscard]] bool upstream_is_live(GstPad* sink);
// Where the stream of a sink pad begins: an element, or a pad that belongs to none. Never null.
[[nodiscard]] GObjectPtr<GstObject> origin_of(GstPad* sink);

}  // namespace klingv2a
