// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The unit of every time and length in a stream. Signed, because frames before the start of a segment lie before 0.
#pragma once

#include <cstdint>

namespace klingv2a {

using Nanoseconds = std::int64_t;
inline constexpr Nanoseconds kMillisecond = 1'000'000;
inline constexpr Nanoseconds kSecond = 1000 * kMillisecond;

}  // namespace klingv2a
