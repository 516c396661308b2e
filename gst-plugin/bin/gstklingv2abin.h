// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The GObject face of klingv2abin.
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_KLINGV2ABIN (gst_klingv2abin_get_type())
G_DECLARE_FINAL_TYPE(GstKlingV2ABin, gst_klingv2abin, GST, KLINGV2ABIN, GstBin)
GST_ELEMENT_REGISTER_DECLARE(klingv2abin)

G_END_DECLS
