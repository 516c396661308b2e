// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kling/price.h"

namespace klingv2a::kling {

std::string price_of(std::uint64_t tasks) {
  constexpr std::uint64_t kCent = 10, kDollar = 1000, kTen = 10;
  const std::uint64_t rounded = tasks * kTenthsOfCentPerTask + kCent / 2;
  const std::uint64_t cents = rounded % kDollar / kCent;
  return "about $" + std::to_string(rounded / kDollar) + (cents < kTen ? ".0" : ".") + std::to_string(cents);
}

}  // namespace klingv2a::kling
