// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Subtitles without their markup, for muxers that take plain text only. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "gst_ptr.h"

namespace klingv2a {

// Pango markup without tags, entities resolved. What is no markup comes back as it is.
[[nodiscard]] std::string plain_text(std::string_view markup);

// The same for a subtitle; times, flags and metas stay.
[[nodiscard]] BufferPtr plain_text(const BufferPtr& subtitle);

}  // namespace klingv2a
