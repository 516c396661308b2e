// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The GObject shell of the element `klingv2amix`: class, pads, documentation. The work is MixElement's (mix_element.h).
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS
#define GST_TYPE_KLINGV2A_MIX (gst_klingv2a_mix_get_type())
G_DECLARE_FINAL_TYPE(GstKlingV2AMix, gst_klingv2a_mix, GST, KLINGV2A_MIX, GstElement)
GST_ELEMENT_REGISTER_DECLARE(klingv2amix)
G_END_DECLS
