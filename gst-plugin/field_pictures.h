// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Raw video of which each buffer is one field (interlace-mode=alternate), for those who can work with whole pictures
// only: each first field is a picture of half the height. Pure functions.
#pragma once

#include "gst_ptr.h"

namespace klingv2a {

[[nodiscard]] bool is_of_fields(const GstCaps* caps);
// The caps of one field, as a progressive picture of the same shape; other caps as they are.
[[nodiscard]] CapsPtr field_as_picture(const CapsPtr& caps);

}  // namespace klingv2a
