// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How a picture looks, as a direction: two pictures that are almost the same, as a copy is after it was coded again,
// have almost the same one; two that are not have directions at about a right angle. So what is made of directions is
// shared by clips that show the same pictures, whatever they are called and wherever they begin.
//
// Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace klingv2a::sim {

constexpr std::size_t kLookSize = 32;

struct Look {
  std::array<float, kLookSize> direction{};  // of length 1
  double repeats = 0;  // how much of the picture before there is in it: 0 (nothing, or there is none) to 1 (the same)
};

// `picture`, `before`: luma of a small picture, 0-255, in one order. An empty `before`: there is none.
[[nodiscard]] Look look_of(std::span<const std::uint8_t> picture, std::span<const std::uint8_t> before);

}  // namespace klingv2a::sim
