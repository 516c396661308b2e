// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The encoder of transcoded proxies. GStreamer's ranks choose it; those that are known by name get settings that keep
// time and memory small, since nobody watches a proxy.
#pragma once

#include <gst/gst.h>

#include "transcoder.h"

namespace klingv2a {

// Makes `encodebin` one that encodes raw video to H.264 without a container, and sets up the encoder that it has
// chosen. Throws Error{settings} when there is none. Before the pipeline starts.
EncoderInUse set_up_h264_encoder(GstElement* encodebin, guint bitrate_kbit);

}  // namespace klingv2a
