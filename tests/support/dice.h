// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Random numbers that are the same everywhere: the distributions are our own, those of the standard library are not
// specified.
//
// One thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>

namespace klingv2a::test {

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  // [0, 1)
  double fraction() { return static_cast<double>(engine_()) / 4294967296.0; }
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - fraction()));
    return radius * std::cos(2 * std::numbers::pi * fraction());
  }
  // [from, to]
  std::int64_t number(std::int64_t from, std::int64_t to) {
    return from + static_cast<std::int64_t>(fraction() * static_cast<double>(to - from + 1));
  }

 private:
  std::mt19937 engine_;
};

}  // namespace klingv2a::test
