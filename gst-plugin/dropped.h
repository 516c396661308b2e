// SPDX-License-Identifier: LGPL-2.1-or-later
//
// For dispose(): an element whose last reference goes while it is not in NULL still has threads, which would wait on
// what is destroyed under them. It is taken to NULL, on a thread of the reaper's, because what its tasks are doing
// downstream may never end: then it lives on, with that thread's reference, and nobody else waits for it.
#pragma once

#include <gst/gst.h>

namespace klingv2a {

// At the beginning of dispose(). True when the element is in NULL, as the parent's dispose() wants it; false when it
// lives on, and dispose() is to do nothing: it comes again. Says of what was dropped that it was, as GStreamer does.
[[nodiscard]] bool is_at_rest(GstElement* element);

}  // namespace klingv2a
