// SPDX-License-Identifier: LGPL-2.1-or-later
#include "matroska_copy.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "ebml.h"
#include "matroska_details.h"

namespace klingv2a {

using ebml::for_each;
using ebml::to_number;
using movie::append;

namespace {

constexpr std::uint64_t kSegment = 0x18538067, kTracks = 0x1654AE6B, kCluster = 0x1F43B675, kChapters = 0x1043A770;
constexpr std::uint64_t kAttachments = 0x1941A469, kTrackEntry = 0xAE, kTrackNumber = 0xD7, kName = 0x536E;
constexpr std::uint64_t kLanguage = 0x22B59C;
constexpr std::size_t kRoomOfAMuxer = 1024;  // for what is added to tracks
constexpr std::size_t kLeastPadding = 2;

// What describes the packets as they are written, the muxer knows best. ContentEncodings are undone by the demuxer.
constexpr std::array<std::uint64_t, 15> kMuxers{0xD7,   0x83,   0x9C, 0x6DE7, 0x6DF8, 0x23E383, 0x234E7A, 0x23314F,
                                                0x537F, 0x55EE, 0x86, 0x63A2, 0x56AA, 0x56BB,   0x6D80};
// Not known to be true of the output: of tracks that it may not have, and of nothing.
constexpr std::array<std::uint64_t, 9> kLeftOut{0x6FAB, 0x6624, 0xE2, 0xC0, 0xC6, 0xC7, 0xEC, 0xBF, 0xAA};

bool is_among(std::uint64_t id, std::span<const std::uint64_t> ids) {
  return std::ranges::find(ids, id) != ids.end();
}

bool is_of_track(std::uint64_t id) {
  bool is_known = false, of_track = false;
  for (const auto& row : matroska_detail_rows()) {
    if (row.id != id || row.row.place != "TrackEntry") continue;
    is_known = true;
    of_track = row.row.scope == Scope::track;
  }
  return of_track || !is_known;
}

Bytes text(std::uint64_t id, std::string_view value) {
  return ebml::make(id, Bytes(value.begin(), value.end()));
}

bool has(View elements, std::uint64_t wanted) {
  bool found = false;
  for_each(elements, [&](std::uint64_t id, View) { found = found || id == wanted; });
  return found;
}

View find_entry(View input, std::uint64_t number) {
  View found;
  for_each(input, [&](std::uint64_t id, View entries) {
    if (id != kTracks) return;
    for_each(entries, [&](std::uint64_t inner, View entry) {
      if (inner != kTrackEntry) return;
      for_each(entry, [&](std::uint64_t of, View content) {
        if (of == kTrackNumber && to_number(content) == number) found = entry;
      });
    });
  });
  return found;
}

// One track of the output, from what the muxer has written and what the input says.
class Entry {
 public:
  Entry(View written, View input, const TrackOrigin& origin, const std::string& sound_name)
      : written_(written), input_(input), origin_(origin), sound_name_(sound_name) {}

  [[nodiscard]] Bytes finished() const {
    Bytes content;
    for_each(written_, [&](std::uint64_t id, View inner) {
      if (stays(id)) append(content, ebml::make(id, inner));
    });
    for_each(input_, [&](std::uint64_t id, View inner) {
      if (comes(id)) append(content, ebml::make(id, inner));
    });
    if (makes_room() && !sound_name_.empty()) append(content, text(kName, sound_name_));
    // It means English where it is missing.
    if (input_.empty() && !has(written_, kLanguage)) append(content, text(kLanguage, "und"));
    return ebml::make(kTrackEntry, content);
  }

 private:
  [[nodiscard]] bool makes_room() const {
    bool room = false;
    for_each(written_, [&](std::uint64_t id, View name) {
      const std::string_view begin(reinterpret_cast<const char*>(name.data()), name.size());
      room = room || (id == kName && begin.starts_with(kRoomName));
    });
    return room;
  }

  [[nodiscard]] bool comes(std::uint64_t id) const {
    if (is_among(id, kMuxers) || is_among(id, kLeftOut)) return false;
    if (id == kName && origin_.is_named) return false;
    return origin_.use == TrackUse::copied || is_of_track(id);
  }

  [[nodiscard]] bool stays(std::uint64_t id) const {
    if (id == kName) return !makes_room() && (input_.empty() || origin_.is_named);
    if (id == kLanguage) return input_.empty();
    return !comes(id) || !has(input_, id);
  }

  const View written_, input_;
  const TrackOrigin& origin_;
  const std::string& sound_name_;
};

Bytes finished_tracks(View entries, const HeaderFinish& finish) {
  Bytes content;
  std::size_t i = 0;
  for_each(entries, [&](std::uint64_t id, View entry) {
    if (id != kTrackEntry) return;
    const auto origin = i < finish.origins.size() ? finish.origins[i] : TrackOrigin();
    const auto input = origin.id == 0 ? View() : find_entry(finish.input->matroska, origin.id);
    append(content, Entry(entry, input, origin, finish.sound_name).finished());
    ++i;
  });
  auto tracks = ebml::make(kTracks, content);
  for_each(finish.input->matroska, [&](std::uint64_t id, View beside) {
    if (id == kChapters || id == kAttachments) append(tracks, ebml::make(id, beside));
  });
  return tracks;
}

struct Place {
  std::size_t at = 0, size = 0, head = 0;
};

std::optional<Place> find_tracks(View written) {
  const auto segment = ebml::read_head(written);
  if (!segment || segment->id != kSegment) return std::nullopt;
  std::size_t at = segment->head;
  while (const auto element = ebml::read_head(written.subspan(at))) {
    if (element->unknown_size || element->id == kCluster || element->size > written.size() - at - element->head) break;
    const auto size = element->head + static_cast<std::size_t>(element->size);
    if (element->id == kTracks) return Place{at, size, element->head};
    at += size;
  }
  return std::nullopt;
}

}  // namespace

std::string name_with_room(const FileDetails& input) {
  return kRoomName + std::string(input.matroska.size() + kRoomOfAMuxer, '.');
}

std::string matroska_name(const FileDetails& input, std::uint64_t number) {
  std::string name;
  for_each(find_entry(input.matroska, number), [&](std::uint64_t id, View content) {
    if (id == kName) name.assign(content.begin(), content.end());
  });
  return name.substr(0, name.find('\0'));
}

bool has_chapters(const FileDetails& input) {
  return has(input.matroska, kChapters);
}

std::optional<Bytes> finish_header(View written, const HeaderFinish& finish) try {
  const auto place = find_tracks(written);
  if (!place) return std::nullopt;
  const auto tracks = finished_tracks(written.subspan(place->at + place->head, place->size - place->head), finish);
  if (tracks.size() + kLeastPadding > place->size) return std::nullopt;
  Bytes result = written.first(place->at).copy();
  append(result, tracks);
  append(result, ebml::padding(place->size - tracks.size()));
  append(result, written.subspan(place->at + place->size));
  return result;
} catch (const Malformed&) {
  return std::nullopt;
}

}  // namespace klingv2a
