// SPDX-License-Identifier: LGPL-2.1-or-later
//
// May the clip's own packets be shown to the service, or does it get a transcoded copy? And if so, which one. Pure
// functions over caps; any thread.
#pragma once

#include <string>
#include <vector>

#include "gst_ptr.h"

namespace klingv2a {

enum class Conform { automatic, never, always };

// Why a video of these fixed caps cannot be remuxed into a proxy within the limits, in words for messages: empty for
// 8-bit 4:2:0 progressive H.264 of 720p or 1080p. What the caps do not say is taken to be in order; the finished proxy
// is probed.
[[nodiscard]] std::vector<std::string> why_not_remuxed(const GstCaps* caps);

[[nodiscard]] std::string joined(const std::vector<std::string>& reasons);

struct Size {
  int width = 0, height = 0;
};

// The size of the proxy for pictures of `width` x `height` with this pixel aspect ratio: square pixels, and the short
// side the nearest of 720 and 1080. Both sides are even.
[[nodiscard]] Size proxy_size(int width, int height, int par_n, int par_d);

}  // namespace klingv2a
