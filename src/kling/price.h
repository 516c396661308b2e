// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What tasks cost, as far as anybody can say beforehand. Source: Kling's price page (November 2026): "Video to Audio",
// 0.25 units a call, $0.14 a unit. Gateways may charge something else.
#pragma once

#include <cstdint>
#include <string>

namespace klingv2a::kling {

inline constexpr std::uint64_t kTenthsOfCentPerTask = 35;  // of a US dollar

// "about $0.42"; any thread.
[[nodiscard]] std::string price_of(std::uint64_t tasks);

}  // namespace klingv2a::kling
