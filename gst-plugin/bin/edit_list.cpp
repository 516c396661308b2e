// SPDX-License-Identifier: LGPL-2.1-or-later
#include "edit_list.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <stdexcept>
#include <string_view>

namespace klingv2a {

using namespace movie;  // NOLINT(google-build-using-namespace)

namespace {

// Of mvhd and mdhd: after version, flags, creation and modification time.
std::uint64_t timescale(View header) {
  if (header.empty()) throw Malformed();
  const auto scale = read(header, kHeader + (is_long(header) ? 20 : 12), 4);
  if (scale == 0) throw Malformed();
  return scale;
}

std::int64_t scaled(std::int64_t ns, std::uint64_t scale) {
  return std::llround(static_cast<long double>(ns) * static_cast<long double>(scale) / 1e9L);
}

struct Edit {
  std::int64_t duration = 0;    // movie timescale
  std::int64_t media_time = 0;  // media timescale; -1: nothing is shown
  std::uint32_t rate = 0x10000;
};

std::int64_t sign_extended(std::uint64_t value, bool is_long_form) {
  return is_long_form ? static_cast<std::int64_t>(value) : static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
}

std::vector<Edit> read_edits(View elst) {
  const bool wide = is_long(elst);
  const std::size_t width = wide ? 8 : 4;
  std::vector<Edit> edits;
  const auto count = read(elst, kHeader + 4, 4);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t at = kHeader + 8 + i * (2 * width + 4);
    edits.push_back({static_cast<std::int64_t>(read(elst, at, width)),
                     sign_extended(read(elst, at + width, width), wide),
                     static_cast<std::uint32_t>(read(elst, at + 2 * width, 4))});
  }
  return edits;
}

Bytes write_elst(View old, const std::vector<Edit>& edits) {
  const bool wide = is_long(old);
  const std::size_t width = wide ? 8 : 4;
  Bytes elst(kHeader + 8 + edits.size() * (2 * width + 4));
  overwrite(elst, 0, old.first(kHeader + 4));
  write(elst, 0, 4, elst.size());
  write(elst, kHeader + 4, 4, edits.size());
  for (std::size_t i = 0; i < edits.size(); ++i) {
    const std::size_t at = kHeader + 8 + i * (2 * width + 4);
    write(elst, at, width, static_cast<std::uint64_t>(edits[i].duration));
    write(elst, at + width, width, static_cast<std::uint64_t>(edits[i].media_time));
    write(elst, at + 2 * width, 4, edits[i].rate);
  }
  return elst;
}

struct Track {
  std::uint64_t movie_scale = 0, media_scale = 0;
  std::int64_t start_offset_ns = 0;
  TrackTrim trim;
};

// Where the track's media begins in the movie, and how much of it is shown.
std::vector<Edit> trimmed(const std::vector<Edit>& edits, const Track& track) {
  const auto trimmed = scaled(track.trim.trimmed_ns, track.movie_scale);
  std::int64_t empty = trimmed - scaled(track.start_offset_ns, track.movie_scale);
  std::vector<Edit> shown;
  for (Edit edit : edits) {
    if (edit.media_time < 0) {
      empty += edit.duration;
      continue;
    }
    if (shown.empty()) {
      edit.media_time += scaled(track.trim.trimmed_ns, track.media_scale);
      edit.duration = std::max<std::int64_t>(edit.duration - trimmed, 0);
      if (track.trim.length_ns)
        edit.duration = std::min(edit.duration, scaled(*track.trim.length_ns, track.movie_scale));
    }
    shown.push_back(edit);
  }
  if (empty > 0) shown.insert(shown.begin(), Edit{empty, -1});
  return shown;
}

std::int64_t total(const std::vector<Edit>& edits) {
  std::int64_t sum = 0;
  for (const auto& edit : edits) sum += edit.duration;
  return sum;
}

void set_duration(Bytes& box, std::size_t at_short, std::size_t at_long, std::int64_t duration) {
  const bool wide = is_long(box);
  write(box, kHeader + (wide ? at_long : at_short), wide ? 8 : 4, static_cast<std::uint64_t>(duration));
}

Bytes boxed(View old, const Bytes& content) {
  Bytes box = old.first(kHeader).copy();
  append(box, content);
  write(box, 0, 4, box.size());
  return box;
}

struct NewTrack {
  Bytes box;
  std::int64_t duration = 0;  // movie timescale
};

Bytes with_name(View mdia, const std::string& name) {
  Bytes content;
  for_each_box(mdia.subspan(kHeader), [&](View child) {
    append(content, type_of(child) == "hdlr" ? View(with_handler_name(child, name)) : child);
  });
  return boxed(mdia, content);
}

// A turn clockwise, as the matrix of a tkhd (ISO/IEC 14496-12, 8.3.2); u and v are 0, w is 1.
struct Turn {
  std::string_view orientation;
  std::int32_t a, b, c, d;
  bool shift_by_width, shift_by_height;  // so that the turned picture begins at 0
};
constexpr std::array kTurns{
    Turn{"rotate-90", 0, 1, -1, 0, false, true},
    Turn{"rotate-180", -1, 0, 0, -1, true, true},
    Turn{"rotate-270", 0, -1, 1, 0, true, false},
};

const Turn* find_turn(const std::string& orientation) {
  const auto* found = std::ranges::find(kTurns, orientation, &Turn::orientation);
  return found == kTurns.end() ? nullptr : found;
}

// Sizes and shifts are 16.16; a rotated picture begins at x = its height (90) or y = its width (270).
void turn(Bytes& tkhd, const Turn& by) {
  const std::size_t at = kHeader + (is_long(tkhd) ? 52 : 40);
  const auto width = read(tkhd, at + 36, 4), height = read(tkhd, at + 40, 4);
  const bool upside_down = by.shift_by_width && by.shift_by_height;
  const std::uint64_t x = upside_down ? width : by.shift_by_height ? height : 0;
  const std::uint64_t y = upside_down ? height : by.shift_by_width ? width : 0;
  const auto fixed = [](std::int32_t value) { return static_cast<std::uint32_t>(value * 0x10000); };
  const std::array<std::uint64_t, 9> matrix{fixed(by.a), fixed(by.b), 0, fixed(by.c), fixed(by.d), 0, x, y, 0x40000000};
  for (std::size_t i = 0; i < matrix.size(); ++i) write(tkhd, at + 4 * i, 4, matrix[i]);
}

NewTrack trim_track(View trak, const Track& track) {
  const View elst = find(trak, {"edts", "elst"});
  if (elst.empty()) throw Malformed();
  const auto edits = trimmed(read_edits(elst), track);
  NewTrack result;
  result.duration = total(edits);
  Bytes content;
  for_each_box(trak.subspan(kHeader), [&](View child) {
    Bytes box(child.begin(), child.end());
    if (type_of(child) == "mdia" && !track.trim.name.empty()) box = with_name(child, track.trim.name);
    if (type_of(child) == "edts") box = boxed(child, write_elst(elst, edits));
    if (type_of(child) == "tkhd") {
      set_duration(box, 20, 28, result.duration);
      if (const Turn* by = find_turn(track.trim.orientation)) turn(box, *by);
    }
    append(content, box);
  });
  result.box = boxed(trak, content);
  return result;
}

// A track of chapters or time code has no edits to be trimmed.
bool can_be_trimmed(View trak) {
  return !find(trak, {"edts", "elst"}).empty();
}

Bytes trim_movie(View moov, const StartTrim& trim) {
  const auto movie_scale = timescale(find(moov, {"mvhd"}));
  Bytes content;
  std::optional<std::size_t> mvhd_at;  // of the first one, which is the one that counts
  std::size_t number = 0;
  std::int64_t longest = 0;
  for_each_box(moov.subspan(kHeader), [&](View child) {
    if (type_of(child) == "mvhd" && !mvhd_at) mvhd_at = content.size();
    if (type_of(child) != "trak") return append(content, child);
    const auto wanted = number < trim.tracks.size() ? trim.tracks[number] : TrackTrim();
    ++number;
    if (!can_be_trimmed(child)) return append(content, child);
    const auto track =
        trim_track(child, {movie_scale, timescale(find(child, {"mdia", "mdhd"})), trim.start_offset_ns, wanted});
    longest = std::max(longest, track.duration);
    append(content, track.box);
  });
  Bytes box = boxed(moov, content);
  const View old_mvhd = find(moov, {"mvhd"});
  Bytes mvhd(old_mvhd.begin(), old_mvhd.end());
  set_duration(mvhd, 16, 24, longest);
  if (!mvhd_at) throw Malformed();
  overwrite(box, kHeader + *mvhd_at, mvhd);
  return box;
}

std::set<std::uint32_t> chapters_named_by(View trak) {
  std::set<std::uint32_t> ids;
  const View chap = find(trak, {"tref", "chap"});
  for (std::size_t at = kHeader; at + 4 <= chap.size(); at += 4)
    ids.insert(static_cast<std::uint32_t>(read(chap, at, 4)));
  return ids;
}

}  // namespace

std::optional<Bytes> trim_start(std::span<const std::uint8_t> moov, const StartTrim& trim) {
  try {
    if (type_of(moov) != "moov" || read(moov, 0, 4) != moov.size()) return std::nullopt;
    return trim_movie(moov, trim);
  } catch (const Malformed&) {
    return std::nullopt;
  }
}

bool can_be_written(const std::string& orientation) {
  return orientation.empty() || orientation == "rotate-0" || find_turn(orientation) != nullptr;
}

std::vector<TrackSummary> list_tracks(std::span<const std::uint8_t> moov) {
  std::vector<TrackSummary> tracks;
  std::vector<std::uint32_t> ids;
  std::set<std::uint32_t> chapters;
  try {
    for_each_box(moov.subspan(std::min(kHeader, moov.size())), [&](View child) {
      if (type_of(child) != "trak") return;
      const View hdlr = find(child, {"mdia", "hdlr"});
      if (hdlr.size() < kHeader + 12) return;
      const View sizes = find(child, {"mdia", "minf", "stbl", "stsz"});
      const auto samples = sizes.size() >= kHeader + 12 ? read(sizes, kHeader + 8, 4) : 0;
      tracks.push_back({std::string(hdlr.begin() + kHeader + 8, hdlr.begin() + kHeader + 12), false,
                        static_cast<std::uint32_t>(samples)});
      ids.push_back(track_id(child));
      chapters.merge(chapters_named_by(child));
    });
  } catch (const Malformed&) {
    return tracks;
  }
  for (std::size_t i = 0; i < tracks.size(); ++i) tracks[i].chapters = chapters.contains(ids[i]);
  return tracks;
}

}  // namespace klingv2a
