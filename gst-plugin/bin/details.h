// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an input holds beside its coded packets: tags, flags, descriptions, of the file, of a track, of a track's
// packets. A reader for each family of containers lists it (movie_details.h), with what becomes of it in each family of
// outputs. What is lost is known so before anything is paid.
//
// Plain values and pure functions, but for read_details(), which runs on the demuxer's streaming thread.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "container.h"
#include "movie_boxes.h"

namespace klingv2a {

enum class Fate {
  kept,      // the output has it as it came
  rebuilt,   // it says nothing but what the streams themselves say: written anew
  reported,  // the output lacks it; a loss
};

struct Fates {
  Fate movie = Fate::reported;      // MP4, QuickTime
  Fate matroska = Fate::reported;   // Matroska, WebM
  Fate transport = Fate::reported;  // MPEG transport streams
};
[[nodiscard]] Fate fate_in(const Fates& fates, Container container);

// Whom a detail belongs to. One of the packets goes with them, one of the track stays when another sound takes the
// track's place.
enum class Scope { file, track, packets };

struct Detail {
  std::string what;  // "the Dolby Vision configuration (dvvC)"
  Scope scope = Scope::file;
  std::uint64_t track = 0;  // its number in the file; 0: the whole file's
  Fates fates;
};

// A row of what a reader knows. The documents have the same table.
struct DetailRow {
  std::string_view place;  // "moov/udta"
  std::string_view key;    // the box or element; "*": all others
  std::string_view what;
  Scope scope = Scope::file;
  Fates fates;
};

struct TrackFacts {
  std::uint64_t id = 0;
  std::string handler;     // "vide", "soun" …
  bool is_enabled = true;  // to be played at all
  bool is_default = true;  // the one of its kind that a player takes
  bool is_encrypted = false;
};

struct FileDetails {
  std::uint64_t created = 0;  // seconds since 1904; 0: it does not say
  std::vector<Detail> details;
  std::vector<TrackFacts> tracks;
  Bytes movie;                // the whole `moov`; empty: another container
  bool lists_extras = false;  // chapters and attachments are among the details
  Bytes matroska;             // its elements Tracks, Chapters, Attachments, Tags; empty: another container
  Bytes beside_movie;         // boxes of the file that stand beside it, to be written behind it
};

// Empty for containers without a reader, and where upstream cannot be read at will (pipes).
[[nodiscard]] FileDetails read_details(GstPad* sink);

// What becomes of a track's packets. A track that is not named here is left out, which is reported as such.
enum class TrackUse { copied, mixed };
using TrackUses = std::map<std::uint64_t, TrackUse>;

// A sentence for each detail that is lost, each once.
[[nodiscard]] std::vector<std::string> lost_details(const FileDetails& file, Container container,
                                                    const TrackUses& uses);

// The number of a track that a demuxer hands out as the stream of this id ("…/NUMBER", "…/NUMBER:UID"); 0: none.
[[nodiscard]] std::uint64_t track_of(std::string_view stream_id);

}  // namespace klingv2a
