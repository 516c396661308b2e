// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The GObject shell of the element `klingv2a`: class, pads, documentation. The work is Element's (element.h).
#pragma once

#include <gst/gst.h>

#include "gst_ptr.h"

G_BEGIN_DECLS
#define GST_TYPE_KLINGV2A (gst_klingv2a_get_type())
G_DECLARE_FINAL_TYPE(GstKlingV2A, gst_klingv2a, GST, KLINGV2A, GstElement)
GST_ELEMENT_REGISTER_DECLARE(klingv2a)
G_END_DECLS

namespace klingv2a {

class Element;

// What stands behind a klingv2a.
[[nodiscard]] Element& element_of(gpointer object);

// A new `audio` pad of the klingv2a `self` with its functions, not yet active and not yet added.
[[nodiscard]] PadPtr new_audio_pad(GstElement* self);
// Likewise the pads of the companion `number`.
[[nodiscard]] PadPtr new_companion_sink(guint number);
[[nodiscard]] PadPtr new_companion_source(GstElement* self, guint number);

}  // namespace klingv2a
