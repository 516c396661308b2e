// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What GStreamer's AAC encoder says of itself, for tests whose expectation follows from it: it takes six channels in
// GStreamer 1.22, sixteen in 1.26. After gst_init(), any thread.
#pragma once

#include <gst/gst.h>

#include "gobject_ptr.h"

namespace klingv2a::test {

// Does its pad template have a place for so many?
inline bool aac_encoder_takes(int channels) {
  const auto factory = GObjectPtr<GstElementFactory>::adopt(gst_element_factory_find("avenc_aac"));
  GstCaps* raw = gst_caps_new_simple("audio/x-raw", "format", G_TYPE_STRING, "F32LE", "rate", G_TYPE_INT, 48000,
                                     "channels", G_TYPE_INT, channels, nullptr);
  const bool takes = factory && gst_element_factory_can_sink_any_caps(factory.get(), raw);
  gst_caps_unref(raw);
  return takes;
}

}  // namespace klingv2a::test
