// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The words of a page. Gateways and what stands before them answer with HTML where JSON is due, and people want to read
// what it says, not how it looks. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace klingv2a::kling {

// The text without tags, comments, scripts and styles; each of them is a space. A "<" that begins none of these stays:
// "the width is < 720". Looks at no more than a page's beginning.
[[nodiscard]] std::string without_markup(std::string_view text);

}  // namespace klingv2a::kling
