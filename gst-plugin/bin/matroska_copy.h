// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Puts what a Matroska or WebM input says of its tracks, its chapters and its attachments into the header that
// matroskamux or webmmux write, which know less. The header keeps its size, since the muxer counts its bytes: room is
// made by the name of a track, which is given to the muxer as a tag. What is kept and what is not says
// matroska_detail_rows(). Pure functions on bytes; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "details.h"
#include "movie_copy.h"

namespace klingv2a {

// How the name begins that makes room.
inline constexpr const char* kRoomName = "klingv2a makes room";

struct HeaderFinish {
  std::shared_ptr<const FileDetails> input;
  std::vector<TrackOrigin> origins;  // in the order of the tracks
  std::string sound_name;            // of the track whose name made room; empty: as in the input
};

[[nodiscard]] std::string name_with_room(const FileDetails& input);
// `written` is what the muxer pushes at the beginning of its segment. Nullopt where it is something else, or has no
// room.
[[nodiscard]] std::optional<Bytes> finish_header(View written, const HeaderFinish& finish);

// What the input calls the track of this number; empty: nothing.
[[nodiscard]] std::string matroska_name(const FileDetails& input, std::uint64_t number);

[[nodiscard]] bool has_chapters(const FileDetails& input);

}  // namespace klingv2a
