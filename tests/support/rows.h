// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Rows of invented clips, and what becomes of them when they are joined.
//
// One thread.
#pragma once

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "join/row_joiner.h"
#include "takes.h"

namespace klingv2a::test {

// Each second clip differs from the others as the row says.
struct Row {
  std::size_t clips = 12;
  double seconds = 5;  // of each clip's own range
  double handle_s = 0.5;
  double level_db = 0, tilt = 0, shared = 0;
  std::uint32_t seed = 1;
  join::Kind kind = join::Kind::inside;
  join::Format format{.channels = 1};
};

// `take`: other noise, for another take of the same clip.
inline join::RowClip make_clip(const Row& row, std::size_t index, Take take) {
  const auto& format = row.format;
  const auto length = format.frames_in(row.seconds), handle = format.frames_in(row.handle_s);
  join::RowClip clip{.begin = static_cast<std::int64_t>(index) * length, .begins = row.kind};
  clip.end = clip.begin + length;
  clip.shown_begin = index == 0 ? clip.begin : clip.begin - handle;
  const auto shown_end = index + 1 == row.clips ? clip.end : clip.end + handle;
  take.seconds = static_cast<double>(shown_end - clip.shown_begin) / format.rate;
  take.shared = row.shared;
  take.scene = row.seed;
  // Inventing what is not heard takes a while.
  if (row.shared > 0) take.scene_begin_s = static_cast<double>(clip.shown_begin) / format.rate;
  clip.samples = make_take(take, format);
  return clip;
}

inline std::vector<join::RowClip> make_row(const Row& row) {
  std::vector<join::RowClip> clips;
  for (std::size_t i = 0; i < row.clips; ++i) {
    const bool differs = i % 2 == 1;
    clips.push_back(make_clip(row, i,
                              {.level_db = differs ? row.level_db : 0,
                               .tilt_db_per_octave = differs ? row.tilt : 0,
                               .seed = row.seed * 100 + static_cast<std::uint32_t>(i)}));
  }
  return clips;
}

struct JoinedRow {
  std::vector<join::RowJoiner::Piece> pieces;
  std::vector<join::MadeJoin> joins;
  [[nodiscard]] std::vector<float> samples() const {
    std::vector<float> all;
    for (const auto& piece : pieces) all.insert(all.end(), piece.samples.begin(), piece.samples.end());
    return all;
  }
};

inline JoinedRow join_row(std::vector<join::RowClip> clips, const join::Format& format) {
  join::RowJoiner joiner(format);
  JoinedRow row;
  for (auto& clip : clips) {
    if (auto piece = joiner.add(std::move(clip))) row.pieces.push_back(std::move(*piece));
    if (joiner.made()) row.joins.push_back(*joiner.made());
  }
  if (auto piece = joiner.finish()) row.pieces.push_back(std::move(*piece));
  return row;
}

// For a person who reads why a test failed.
inline std::string text_of(const join::Figures& figures) {
  const auto& [value, percentile, click, click_percentile] = figures;
  std::ostringstream text;
  text << "step " << value.level_step << " P" << percentile.level_step << ", distance " << value.distance << " P"
       << percentile.distance << ", fade " << value.fade_level << " P" << percentile.fade_level << ", click " << click
       << " P" << click_percentile;
  return text.str();
}

}  // namespace klingv2a::test
