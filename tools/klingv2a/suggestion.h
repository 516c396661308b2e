// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What somebody may have meant who typed a name that is none. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace klingv2a::cli {

// "; did you mean NAME?" with the nearest of `names`; empty when none of them is near.
[[nodiscard]] std::string suggestion(std::string_view typed, const std::vector<std::string>& names);

}  // namespace klingv2a::cli
