// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Trims the start of tracks of an MP4 or QuickTime file: what an encoder needs to get going (its priming), and the
// pictures that a cut inside a GOP left before the first one to be shown. mp4mux and qtmux can only move tracks
// against each other, so klingv2abin moves them all by a start offset, and says in the finished `moov`, by edit lists
// (ISO/IEC 14496-12, 8.6.6), what is to be shown of each. Pure functions on bytes; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "movie_boxes.h"

namespace klingv2a {

struct TrackTrim {
  std::int64_t trimmed_ns = 0;            // of its media's start
  std::optional<std::int64_t> length_ns;  // what is shown of it at most: an encoder fills its last packet up
  std::string name;                       // for the handler box; empty: as it is
  std::string orientation;                // GStreamer's tag: how the picture is to be turned; empty: as it is
};

struct StartTrim {
  std::int64_t start_offset_ns = 0;  // every track begins so much earlier; negative: later
  std::vector<TrackTrim> tracks;     // in the order of the tracks; those that are missing here hide nothing
};

// `moov` is the whole box, header included. Returns the new box; nullopt if it is not a
// `moov` that can be read, which is then better left as it is.
[[nodiscard]] std::optional<Bytes> trim_start(std::span<const std::uint8_t> moov, const StartTrim& trim);

// Can this orientation be written? "" and "rotate-0" need no writing.
[[nodiscard]] bool can_be_written(const std::string& orientation);

// The tracks of a `moov`, in order: each one's handler type (`vide`, `soun`, `sbtl`, `tmcd` …), and whether another
// track names it as its chapters; how many samples it has.
struct TrackSummary {
  std::string handler;
  bool chapters = false;
  std::uint32_t samples = 0;
};
[[nodiscard]] std::vector<TrackSummary> list_tracks(std::span<const std::uint8_t> moov);

}  // namespace klingv2a
