// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Text from outside, as people may be shown it: what would move the cursor, turn the direction of writing or stand
// there unseen is written as its number. Pure; any thread.
#pragma once

#include <glib.h>

#include <string>
#include <string_view>

namespace klingv2a {

// A control character, or one that only tells how others are to be shown (U+202E and its like, U+200B, U+FEFF, U+2028).
// Not those that join the letters of a script or the parts of an emoji.
[[nodiscard]] bool is_unseen(gunichar character) noexcept;

// "a<U+202E>b". Line breaks stay; what is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string visible(std::string_view text);

// "<U+202E>"
[[nodiscard]] std::string number_of(gunichar character);

}  // namespace klingv2a
