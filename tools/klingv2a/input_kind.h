// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a file is that is given for a video and is none: GStreamer would say that it cannot determine a type, or that
// a picture is too short. By its content, not by its name. Main thread, after begin_gstreamer().
#pragma once

#include <string>

namespace klingv2a::cli {

// "empty", "a text (text/plain)", "a picture (image/png)", "an archive …"; empty for what may be a video.
[[nodiscard]] std::string what_else_it_is(const std::string& file);

// Is it a URL, by its form?
[[nodiscard]] bool is_url(const std::string& in);

}  // namespace klingv2a::cli
