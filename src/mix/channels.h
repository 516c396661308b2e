// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which loudspeaker a channel is for, and where the channels of one layout go in another one. Named after GStreamer's
// channel positions, which the caller translates. Pure functions over plain values; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace klingv2a::mix {

enum class Channel {
  none,  // for no loudspeaker in particular
  mono,
  front_left,
  front_right,
  front_center,
  lfe,
  rear_left,
  rear_right,
  rear_center,
  side_left,
  side_right,
  other_left,  // wide, top …
  other_right,
  other_center,
};

using Layout = std::vector<Channel>;

// The layout of the mix: the original's when it has two channels or more, stereo when it is mono. Without an original
// (empty), the same of the generated sound. Empty when both are.
[[nodiscard]] Layout output_layout(const Layout& original, const Layout& generated);

// One channel's way into another.
struct Route {
  std::size_t from = 0, to = 0;
  float gain = 1;
  bool operator==(const Route&) const = default;
};

// A channel goes to its own loudspeaker, or, where there is none, to the nearest: mono to the left and right front at
// full level; surround to surround; what is in the middle to the left and right front, and surround to its side's
// front, at -3 dB. A low-frequency channel without its loudspeaker is left out. Channels for no loudspeaker go by their
// number.
[[nodiscard]] std::vector<Route> routes(const Layout& from, const Layout& to);

// Adds the interleaved `in` to `out`, which has as many frames. `gain` is a factor; `frame_gains`, when not empty, one
// more for each frame.
struct Frames {
  std::span<const float> samples;  // interleaved
  std::size_t channels = 0;
};
void add_routed(const std::vector<Route>& routes, const Frames& in, float gain, std::span<const float> frame_gains,
                std::span<float> out, std::size_t out_channels);

}  // namespace klingv2a::mix
