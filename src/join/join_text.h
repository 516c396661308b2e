// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A join as a line of text, which is kept until the row is joined again: exact, to the last bit. Plain words, so that
// no locale and no library of a format has a say. Pure functions; any thread.
//
//   join 1 inside rate 48000 fade -4800 14400 correlation 0.25 earlier none later 3.5 9600 384000 unmatched
//
// A fit is its gain, `full` and `gone`; then `unmatched`, or `matched` and a number for each band.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "join/join.h"

namespace klingv2a::join {

[[nodiscard]] std::string to_text(const Join& join);

// Nothing, where the text is not one that to_text() could have given: another version, a number out of its range,
// anything more or less. The text may come from a stranger.
[[nodiscard]] std::optional<Join> join_from_text(std::string_view text);

}  // namespace klingv2a::join
