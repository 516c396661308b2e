// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From decoded pictures of any kind to those of the proxy: progressive, upright, at most 60 a second, square pixels,
// scaled. Only what the pictures need is there.
#pragma once

#include <string>

#include "inner_pipeline.h"

namespace klingv2a {

// Links `pad`, which gives raw video of fixed `caps`, to `encodebin` in `pipeline`. `orientation` is the tag
// image-orientation, empty for upright pictures. Throws Error{settings} for a
// missing element, Error{input} when something does not fit. On whatever thread has the first picture.
void link_picture_chain(InnerPipeline& pipeline, GstPad* pad, const GstCaps* caps, const std::string& orientation,
                        GstElement* encodebin);

}  // namespace klingv2a
