// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/law.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>

namespace klingv2a::join {

namespace {

double product(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0, std::plus<>(),
                            [](float x, float y) { return static_cast<double>(x) * static_cast<double>(y); });
}

}  // namespace

double correlation(const Sound& a, const Sound& b) {
  const auto common = std::min(a.samples.size(), b.samples.size());
  const auto x = a.samples.first(common), y = b.samples.first(common);
  const double power = std::sqrt(product(x, x) * product(y, y));
  return power > 0 ? std::clamp(product(x, y) / power, kLeastCorrelation, 1.0) : 0;
}

Gains gains_at(double progress, double correlation) {
  const double angle = std::clamp(progress, 0.0, 1.0) * std::numbers::pi / 2;
  const double earlier = std::cos(angle), later = std::sin(angle);
  const double level = std::sqrt(1 + 2 * correlation * earlier * later);
  return {earlier / level, later / level};
}

}  // namespace klingv2a::join
