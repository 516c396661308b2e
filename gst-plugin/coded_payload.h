// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The part of a coded picture that containers and parsers leave alone, for codecs without NAL units: what comes before
// the picture itself (sequence headers, temporal delimiters) is repeated or left out by whoever wrote the file.
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "gst_ptr.h"

namespace klingv2a {

// What a key calls the codec: the media type, with the version that tells kinds of one media type apart.
[[nodiscard]] std::string payload_name(const GstCaps* caps);

// Shows `visit` the picture data of one buffer: of MPEG-1, -2 and -4 from the first picture on, of AV1 the frames and
// tiles, of any other codec all of it. What cannot be told apart is shown as a whole.
void visit_payload(const GstCaps* caps, std::span<const std::byte> bytes,
                   const std::function<void(std::span<const std::byte>)>& visit);

}  // namespace klingv2a
