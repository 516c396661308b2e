// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Random features (Rahimi and Recht): each part of the direction is a cosine of the picture's luma, weighted by chance.
// The angle between two directions then tells how far the pictures are apart, in units of kFar.
#include "look.h"

#include <cmath>
#include <numbers>

#include "chance.h"

namespace klingv2a::sim {
namespace {

// Of 576 pixels: coded again, each is off by about 1, together 24. From frame to frame of a scene that moves, each
// changes by about 5, together 120.
constexpr double kFar = 60;

double distance2(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = double{1} * a[i] - b[i];
    sum += difference * difference;
  }
  return sum;
}

}  // namespace

Look look_of(std::span<const std::uint8_t> picture, std::span<const std::uint8_t> before) {
  Look look;
  double length2 = 0;
  for (std::size_t i = 0; i < kLookSize; ++i) {
    Chance chance(i + 1);
    double sum = 0;
    const double phase = 2 * std::numbers::pi * chance.fraction();
    for (const std::uint8_t pixel : picture) sum += chance.fraction() < 0.5 ? -double{1} * pixel : double{1} * pixel;
    const double part = std::cos(sum / kFar + phase);
    look.direction.at(i) = static_cast<float>(part);
    length2 += part * part;
  }
  for (float& part : look.direction) part /= static_cast<float>(std::sqrt(length2));
  if (!before.empty()) look.repeats = std::exp(-distance2(picture, before) / (2 * kFar * kFar));
  return look;
}

}  // namespace klingv2a::sim
