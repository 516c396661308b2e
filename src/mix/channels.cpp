// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/channels.h"

#include <algorithm>
#include <array>
#include <optional>

namespace klingv2a::mix {

namespace {

constexpr float kMinus3dB = 0.70710678F;
constexpr float kMinus6dB = 0.5F;

std::optional<std::size_t> index_of(const Layout& layout, Channel channel) {
  const auto found = std::find(layout.begin(), layout.end(), channel);
  if (found == layout.end()) return std::nullopt;
  return static_cast<std::size_t>(found - layout.begin());
}

bool is_positioned(const Layout& layout) {
  return index_of(layout, Channel::front_left) && index_of(layout, Channel::front_right);
}

// The loudspeaker to stand in for `channel` at full level; `none`: there is none.
Channel nearest(Channel channel) {
  switch (channel) {
    case Channel::rear_left:
      return Channel::side_left;
    case Channel::rear_right:
      return Channel::side_right;
    case Channel::side_left:
      return Channel::rear_left;
    case Channel::side_right:
      return Channel::rear_right;
    default:
      return Channel::none;
  }
}

bool is_left(Channel channel) {
  return channel == Channel::front_left || channel == Channel::rear_left || channel == Channel::side_left ||
         channel == Channel::other_left;
}
bool is_right(Channel channel) {
  return channel == Channel::front_right || channel == Channel::rear_right || channel == Channel::side_right ||
         channel == Channel::other_right;
}

void add_to_fronts(std::vector<Route>& routes, std::size_t from, Channel channel, const Layout& to) {
  if (channel == Channel::lfe) return;
  const float gain = channel == Channel::mono ? 1 : kMinus3dB;
  if (!is_right(channel)) routes.push_back({from, *index_of(to, Channel::front_left), gain});
  if (!is_left(channel)) routes.push_back({from, *index_of(to, Channel::front_right), gain});
}

std::vector<Route> by_number(const Layout& from, const Layout& to) {
  std::vector<Route> result;
  const float gain = to.size() < from.size() ? kMinus6dB : 1;
  for (std::size_t number = 0; number < from.size(); ++number) result.push_back({number, number % to.size(), gain});
  if (from.size() == 1 && to.size() > 1) result.push_back({0, 1, 1});
  return result;
}

std::vector<Route> one_to_one(std::size_t channels) {
  std::vector<Route> result;
  for (std::size_t number = 0; number < channels; ++number) result.push_back({number, number, 1});
  return result;
}

}  // namespace

Layout output_layout(const Layout& original, const Layout& generated) {
  const Layout& leading = original.empty() ? generated : original;
  return leading.size() == 1 ? Layout{Channel::front_left, Channel::front_right} : leading;
}

std::vector<Route> routes(const Layout& from, const Layout& to) {
  if (from == to) return one_to_one(to.size());
  const bool numbered = std::find(from.begin(), from.end(), Channel::none) != from.end();
  if (numbered || !is_positioned(to)) return by_number(from, to);
  std::vector<Route> result;
  for (std::size_t number = 0; number < from.size(); ++number) {
    auto place = index_of(to, from[number]);
    if (!place && nearest(from[number]) != Channel::none) place = index_of(to, nearest(from[number]));
    if (place)
      result.push_back({number, *place, 1});
    else
      add_to_fronts(result, number, from[number], to);
  }
  return result;
}

void add_routed(const std::vector<Route>& routes, const Frames& in, float gain, std::span<const float> frame_gains,
                std::span<float> out, std::size_t out_channels) {
  const std::size_t frames = out.size() / out_channels;
  for (const auto& route : routes) {
    const float factor = route.gain * gain;
    const float* source = in.samples.data() + route.from;
    float* target = out.data() + route.to;
    for (std::size_t frame = 0; frame < frames; ++frame) {
      const float own = frame_gains.empty() ? factor : factor * frame_gains[frame];
      target[frame * out_channels] += source[frame * in.channels] * own;
    }
  }
}

}  // namespace klingv2a::mix
