// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Do two files hold the same streams? What containers say of themselves (when they were made, random ids) does not
// count, every packet and its time does. Main thread; after begin_gstreamer().
#pragma once

#include <functional>
#include <string>

namespace klingv2a::cli {

// False also when one of them cannot be read as a file of streams, within a minute or two. `is_cancelled` is asked
// while it reads.
[[nodiscard]] bool is_same_content(const std::string& one, const std::string& other,
                                   const std::function<bool()>& is_cancelled);

}  // namespace klingv2a::cli
