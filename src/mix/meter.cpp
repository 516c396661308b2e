// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/meter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

namespace klingv2a::mix {

namespace {

constexpr unsigned long kRate = 48000;

bool has(const Layout& layout, Channel channel) {
  return std::find(layout.begin(), layout.end(), channel) != layout.end();
}

// The angles of BS.1770: with side loudspeakers there, the rear ones stand at 135 degrees, else at 110, and only the
// sides and those at 110 count for more.
int role_of(Channel channel, bool has_sides) {
  switch (channel) {
    case Channel::lfe:
      return EBUR128_UNUSED;
    case Channel::front_right:
      return EBUR128_RIGHT;
    case Channel::front_center:
      return EBUR128_CENTER;
    case Channel::rear_left:
      return has_sides ? EBUR128_Mp135 : EBUR128_LEFT_SURROUND;
    case Channel::rear_right:
      return has_sides ? EBUR128_Mm135 : EBUR128_RIGHT_SURROUND;
    case Channel::rear_center:
      return EBUR128_Mp180;
    case Channel::side_left:
      return EBUR128_Mp090;
    case Channel::side_right:
      return EBUR128_Mm090;
    default:
      return EBUR128_LEFT;
  }
}

}  // namespace

Meter::Meter(const Layout& layout, Peaks peaks)
    : state_(ebur128_init(static_cast<unsigned>(layout.size()), kRate,
                          peaks == Peaks::measured ? EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK : EBUR128_MODE_I)) {
  if (!state_) throw std::bad_alloc();
  const bool has_sides = has(layout, Channel::side_left) || has(layout, Channel::side_right);
  for (unsigned number = 0; number < layout.size(); ++number)
    ebur128_set_channel(state_.get(), number, role_of(layout[number], has_sides));
}

void Meter::add(std::span<const float> samples) {
  if (ebur128_add_frames_float(state_.get(), samples.data(), samples.size() / state_->channels) != EBUR128_SUCCESS)
    throw std::bad_alloc();
}

double Meter::loudness() const {
  double lufs = 0;
  if (ebur128_loudness_global(state_.get(), &lufs) != EBUR128_SUCCESS) throw std::bad_alloc();
  return lufs;
}

double Meter::true_peak() const {
  double largest = 0;
  for (unsigned number = 0; number < state_->channels; ++number) {
    double peak = 0;
    if (ebur128_true_peak(state_.get(), number, &peak) == EBUR128_SUCCESS) largest = std::max(largest, peak);
  }
  return largest > 0 ? 20 * std::log10(largest) : -std::numeric_limits<double>::infinity();
}

}  // namespace klingv2a::mix
