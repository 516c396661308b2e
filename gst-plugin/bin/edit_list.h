// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Hides the front of all tracks of an MP4 or QuickTime file: what an encoder needs to get going (its priming), and the
// pictures that a cut inside a GOP left before the first one to be shown. mp4mux can only move tracks against each
// other, so klingv2abin moves them all by `front`, and takes that off again in the finished `moov`, by edit lists
// (ISO/IEC 14496-12, 8.6.6). Pure functions on bytes; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace klingv2a {

using Bytes = std::vector<std::uint8_t>;

struct FrontTrim {
  std::int64_t front_ns = 0;  // taken off every track's beginning
  // Where tracks end exactly, in nanoseconds from their begin after the trim, in the order of the tracks; an encoder
  // fills its last packet up. May be shorter than the number of tracks.
  std::vector<std::optional<std::int64_t>> lengths_ns;
};

// `moov` is the whole box, header included. Returns the new box, never longer than the old one; nullopt if it is not a
// `moov` that can be read, which is then better left as it is.
[[nodiscard]] std::optional<Bytes> trim_front(std::span<const std::uint8_t> moov, const FrontTrim& trim);

// The tracks of a `moov`, in order: each one's handler type (`vide`, `soun`, `sbtl`, `tmcd` …), and whether another
// track names it as its chapters.
struct TrackSummary {
  std::string handler;
  bool chapters = false;
};
[[nodiscard]] std::vector<TrackSummary> list_tracks(std::span<const std::uint8_t> moov);

}  // namespace klingv2a
