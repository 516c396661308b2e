// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/plan.h"

#include <algorithm>
#include <cmath>

namespace klingv2a::plan {

namespace {

// In thousandths.
Cost quantized(double value) {
  return std::isfinite(value) ? std::lround(std::clamp(value, 0.0, 1.0) * 1000) : 0;
}

void count_join(Summary& summary, const Border& border) {
  switch (border.place) {
    case Place::edge:
      return;
    case Place::shot_change:
      ++summary.joins_at_changes;
      return;
    case Place::gradual:
      ++summary.joins_gradual;
      return;
    case Place::inside:
      ++summary.joins_inside;
      return;
  }
}

}  // namespace

const char* to_string(Place place) noexcept {
  switch (place) {
    case Place::edge:
      return "edge";
    case Place::shot_change:
      return "shot-change";
    case Place::gradual:
      return "gradual";
    case Place::inside:
      return "inside";
  }
  return "inside";
}

Cost inside_weight(double motion, double loudness) {
  return (500 + quantized(motion) + quantized(loudness)) * (kClip / 1000);
}

Nanoseconds Settings::handle(Place place) const noexcept {
  switch (place) {
    case Place::edge:
      return 0;
    case Place::shot_change:
      return handle_at_change;
    case Place::gradual:
    case Place::inside:
      return handle_inside;
  }
  return 0;
}

// A fifth in the middle of a dissolve: 0.1 clips at the default price.
Cost Settings::price_of(const Border& border) const noexcept {
  if (border.place == Place::inside) return join_price * (border.weight / 1000) / 1000;
  return border.place == Place::gradual ? join_price / 5 : 0;
}

Summary summarize(const std::vector<PlannedClip>& clips) {
  Summary summary;
  for (const auto& clip : clips) {
    count_join(summary, clip.ends_at);
    if (clip.way == Way::skip) {
      ++summary.skipped;
      continue;
    }
    ++summary.clips;
    summary.new_clips += clip.paid ? 0 : 1;
    summary.transcoded += clip.way == Way::transcode ? 1 : 0;
  }
  return summary;
}

}  // namespace klingv2a::plan
