// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The service's limits for a clip, each checked as early as it can be known. Pure functions; any thread. Each throws
// Error{input, paid=no} that names the limit, the value and the way out.
// Sources: Kling's "Video to Audio" page (3-20 s, 100 MB, MP4/MOV); CometAPI's page of the same name (720p or 1080p).
#pragma once

#include <gst/gst.h>

#include <cstdint>

#include "clip_timeline.h"

namespace klingv2a::limits {

inline constexpr Nanoseconds kMinLength = 3 * static_cast<Nanoseconds>(GST_SECOND);
inline constexpr Nanoseconds kMaxLength = 20 * static_cast<Nanoseconds>(GST_SECOND);
// MB may be 10^6 or 2^20: the smaller one is taken.
inline constexpr std::uint64_t kMaxBytes = 100'000'000;

// Pixels of the short side.
inline constexpr int kSmallSide = 720, kLargeSide = 1080;
inline constexpr int kMostFrames = 60;  // a second

// Both in pixels; the short side decides, so portrait is the same as landscape.
[[nodiscard]] bool is_size(int width, int height);
void check_size(int width, int height);
// The proxy's length; half a frame (`frame`, 0 if not known) of tolerance on either side.
void check_length(Nanoseconds length, Nanoseconds frame);
// While frames arrive: what is there already, pre-roll included, is more than the limit.
void check_length_so_far(Nanoseconds length, Nanoseconds pre_roll, Nanoseconds frame);
// What a segment that ends will show, at the most; only an excess of more than a tenth counts.
void check_segment_length(GstClockTime length);
void check_bytes(std::uint64_t bytes);

}  // namespace klingv2a::limits
