// SPDX-License-Identifier: LGPL-2.1-or-later
#include "movie_details.h"

#include <algorithm>
#include <array>
#include <optional>

#include "upstream_bytes.h"

namespace klingv2a {

using namespace movie;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::uint64_t kLargestMoov = 256ull * 1024 * 1024;
constexpr std::uint64_t kLargestBeside = 16ull * 1024 * 1024;  // of one box that is kept beside the movie
constexpr std::size_t kMostBeside = 64;
constexpr std::size_t kMostBoxes = 100'000;  // beside the movie: a fragmented file has many
constexpr std::size_t kMostDetails = 4096;
constexpr guint kHead = 32;  // of a box: size, type, long size, or a uuid

constexpr Uuid kSpherical{0xFF, 0xCC, 0x82, 0x63, 0xF8, 0x55, 0x4A, 0x93,
                          0x88, 0x14, 0x58, 0x7A, 0x02, 0x52, 0x1F, 0xDD};

bool has_uuid(View box, const Uuid& uuid) {
  return box.size() >= kHeader + uuid.size() && std::ranges::equal(box.subspan(kHeader, uuid.size()), uuid);
}

// A box's type for people: Apple's © is one byte.
std::string printable(std::string_view type) {
  std::string text;
  for (const char c : type) {
    if (c == '\xA9')
      text += "©";
    else
      text += c >= ' ' && c <= '~' ? c : '?';
  }
  return text;
}

const DetailRow* find_row(std::string_view place, std::string_view key) {
  const DetailRow* others = nullptr;
  for (const auto& row : movie_detail_rows()) {
    if (row.place != place) continue;
    if (row.key == key) return &row;
    if (row.key == "*") others = &row;
  }
  return others;
}

// What muxers call a track of themselves says nothing about it.
bool is_boilerplate(std::string_view name) {
  constexpr std::array<std::string_view, 8> kParts{"Handler",     "Core Media", "ISO Media",     "GPAC",
                                                   "Mainconcept", "L-SMASH",    "Media Handler", "handler"};
  return name.empty() || std::ranges::any_of(kParts, [&](auto part) { return name.find(part) != name.npos; });
}

// Walks through one movie. What cannot be read ends the walk of that box only.
class Listing {
 public:
  explicit Listing(FileDetails& file) : file_(file) {}

  void movie(View moov) {
    each(moov.subspan(kHeader), "moov", 0, [&](View child, const std::string& type) {
      if (type == "trak") return track(child);
      if (type == "udta") return user_data(child, 0);
      if (type == "meta") return metadata(child, 0);
      if (type == "mvhd") movie_header(child);
      add("moov", type, 0);
    });
  }

 private:
  void add(std::string_view place, const std::string& key, std::uint64_t number, const std::string& shown = {}) {
    const auto* row = find_row(place, printable(key));
    if (!row || file_.details.size() >= kMostDetails) return;
    const auto name = shown.empty() ? printable(key) : shown;
    const auto scope = number == 0 ? Scope::file : row->scope == Scope::file ? Scope::track : row->scope;
    file_.details.push_back({std::string(row->what) + " (" + name + ")", scope, number, row->fates});
  }

  template <typename Visit>
  void each(View content, std::string_view place, std::uint64_t number, Visit visit) {
    try {
      for_each_box(content, [&](View child) {
        try {
          visit(child, type_of(child));
        } catch (const Malformed&) {
          cannot_read(place, number);
        }
      });
    } catch (const Malformed&) {
      cannot_read(place, number);
    }
  }

  void cannot_read(std::string_view place, std::uint64_t number) {
    file_.details.push_back({"a part that cannot be read (" + std::string(place) + ")",
                             number == 0 ? Scope::file : Scope::track,
                             number,
                             {}});
  }

  void movie_header(View mvhd) {
    file_.created = read(mvhd, kFullHeader, is_long(mvhd) ? 8 : 4);
    if (file_.created != 0) add("moov", "mvhd creation", 0);
    const std::size_t matrix = kHeader + (is_long(mvhd) ? 48 : 36);
    if (!is_identity(mvhd, matrix)) add("moov", "mvhd display", 0);
  }

  // All zeros is no matrix, and means none.
  static bool is_identity(View box, std::size_t at) {
    constexpr std::array<std::uint64_t, 9> kIdentity{0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000};
    bool identity = true, nothing = true;
    for (std::size_t i = 0; i < kIdentity.size(); ++i) {
      const auto value = read(box, at + 4 * i, 4);
      identity = identity && value == kIdentity[i];
      nothing = nothing && value == 0;
    }
    return identity || nothing;
  }

  void user_data(View udta, std::uint64_t number) {
    each(udta.subspan(kHeader), "udta", number, [&](View child, const std::string& type) {
      if (type == "meta") return metadata(child, number);
      add("udta", type, number);
    });
  }

  void metadata(View meta, std::uint64_t number) {
    const View content = meta_content(meta);
    std::vector<std::string> names;
    each(content, "meta", number, [&](View child, const std::string& type) {
      if (type == "keys") names = key_names(child);
    });
    each(content, "meta", number, [&](View child, const std::string& type) {
      if (type == "ilst") return items(child, names, number);
      add("meta", type, number);
    });
  }

  void items(View ilst, const std::vector<std::string>& names, std::uint64_t number) {
    each(ilst.subspan(kHeader), "ilst", number, [&](View item, const std::string& type) {
      const auto index = read(item, 4, 4);
      const bool named = index >= 1 && index <= names.size();
      if (named) return add("ilst", "*", number, names[static_cast<std::size_t>(index - 1)]);
      add("ilst", type, number);
    });
  }

  static std::vector<std::string> key_names(View keys) {
    std::vector<std::string> names;
    if (keys.size() < kFullHeader + 4) return names;
    for_each_box(keys.subspan(kFullHeader + 4), [&](View key) {
      const View text = key.subspan(kHeader);
      std::string name(text.begin(), text.end());
      for (char& c : name) c = c >= ' ' && c <= '~' ? c : '?';
      names.push_back(name.substr(0, 128));
    });
    return names;
  }

  void track(View trak) {
    TrackFacts facts;
    try {
      facts = facts_of(trak);
    } catch (const Malformed&) {
      return add("trak", "*", 0, "trak");
    }
    file_.tracks.push_back(facts);
    each(trak.subspan(kHeader), "trak", facts.id, [&](View child, const std::string& type) {
      if (type == "udta") return user_data(child, facts.id);
      if (type == "meta") return metadata(child, facts.id);
      if (type == "tkhd") track_header(child, facts);
      if (type == "mdia") media(child, facts);
      if (type == "edts") edits(child, facts.id);
      if (type == "uuid" && has_uuid(child, kSpherical)) return add("trak", "uuid spherical", facts.id);
      add("trak", type, facts.id);
    });
  }

  static TrackFacts facts_of(View trak) {
    TrackFacts facts;
    facts.id = track_id(trak);
    facts.handler = handler_of(trak);
    const View tkhd = find(trak, {"tkhd"});
    facts.is_enabled = tkhd.empty() || (read(tkhd, kHeader, 4) & 1) != 0;
    facts.is_default = facts.is_enabled;
    const View entry = sample_entry(trak);
    const auto type = entry.empty() ? std::string() : type_of(entry);
    facts.is_encrypted = type == "encv" || type == "enca" || type == "encs" || type == "enct" || type == "drmi" ||
                         type == "drms" || type == "drmt";
    return facts;
  }

  void track_header(View tkhd, const TrackFacts& track) {
    if (!track.is_enabled) add("trak", "tkhd disabled", track.id);
    const std::size_t at = kHeader + (is_long(tkhd) ? 44 : 32);  // layer, alternate group, volume
    if (read(tkhd, at, 2) != 0) add("trak", "tkhd layer", track.id);
    const bool is_loud = read(tkhd, at + 4, 2) == 0x100;
    if (track.handler == "soun" && !is_loud) add("trak", "tkhd volume", track.id);
    if (track.handler == "vide" && !is_identity(tkhd, at + 8)) add("trak", "tkhd matrix", track.id);
  }

  void edits(View edts, std::uint64_t number) {
    const View elst = find(edts, {"elst"});
    if (elst.empty()) return;
    const std::size_t size = is_long(elst) ? 20 : 12;
    const auto count = read(elst, kFullHeader, 4);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::size_t at = kFullHeader + 4 + static_cast<std::size_t>(i) * size;
      if (read(elst, at + size - 4, 4) != 0x10000) return add("trak", "edts speed", number);
    }
  }

  void media(View mdia, const TrackFacts& track) {
    each(mdia.subspan(kHeader), "mdia", track.id, [&](View child, const std::string& type) {
      if (type == "mdhd") add("mdia", "mdhd language", track.id);
      if (type == "hdlr" && !is_boilerplate(handler_name(child))) add("mdia", "hdlr name", track.id);
      if (type == "minf") tables(find(child, {"stbl"}), track);
      add("mdia", type, track.id);
    });
  }

  void tables(View stbl, const TrackFacts& track) {
    if (stbl.empty()) return;
    each(stbl.subspan(kHeader), "stbl", track.id, [&](View child, const std::string& type) {
      if (type == "stsd") entry(child, track);
      add("stbl", type, track.id);
    });
  }

  void entry(View stsd, const TrackFacts& track) {
    const View first = first_entry(stsd);
    each(entry_boxes(first, track.handler), "entry", track.id, [&](View child, const std::string& type) {
      if (type == "colr") return colours(child, track.id);
      add("entry", type, track.id);
    });
    const bool forced = !first.empty() && type_of(first) == "tx3g" && (read(first, 16, 4) & 0xC0000000) != 0;
    if (forced) add("entry", "tx3g forced", track.id);
  }

  void colours(View colr, std::uint64_t number) {
    const View type = colr.subspan(kHeader).first(std::min<std::size_t>(4, colr.size() - kHeader));
    const std::string kind(type.begin(), type.end());
    const bool coded = kind == "nclx" || kind == "nclc";
    add("entry", coded ? "colr " + kind : "colr *", number, "colr " + printable(kind));
  }

  FileDetails& file_;
};

struct TopBox {
  std::uint64_t offset = 0, size = 0;
  std::string type;
  bool is_xmp = false;
};

bool is_type(View type) {
  return std::ranges::all_of(type, [](auto c) { return (c >= ' ' && c <= '~') || c == 0xA9; });
}

// None where no box can be read that lies in the file.
std::optional<TopBox> read_top(GstPad* source, std::uint64_t offset, std::uint64_t length) {
  const auto head = read_bytes(source, offset, kHead);
  if (head.size() < kHeader || !is_type(View(head).subspan(4, 4))) return std::nullopt;
  TopBox box{offset, read(head, 0, 4), type_of(head)};
  if (box.size == 0) box.size = length - offset;
  if (box.size == 1 && head.size() >= 16) box.size = read(head, kHeader, 8);
  if (box.size < kHeader || box.size > length - offset) return std::nullopt;
  box.is_xmp = box.type == "uuid" && has_uuid(head, kXmpUuid);
  return box;
}

// Goes through the boxes on top of the file.
class TopListing {
 public:
  TopListing(GstPad* source, std::uint64_t length) : source_(source), length_(length) {}

  FileDetails list() {
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < kMostBoxes && offset < length_; ++i) {
      const auto box = read_top(source_, offset, length_);
      if (!box) break;
      take(*box);
      offset += box->size;
    }
    if (file_.movie.empty()) return {};
    if (offset < length_) add("trailer", length_ - offset);
    return std::move(file_);
  }

 private:
  void take(const TopBox& box) {
    if (box.type == "moov" && box.size <= kLargestMoov && file_.movie.empty()) {
      file_.movie = read_bytes(source_, box.offset, static_cast<guint>(box.size));
      return list_movie_details(file_.movie, file_);
    }
    const bool room = box.size <= kLargestBeside && beside_ < kMostBeside;
    if (box.type == "uuid" && room) {
      ++beside_;
      append(file_.beside_movie, read_bytes(source_, box.offset, static_cast<guint>(box.size)));
    }
    add(box.is_xmp ? "uuid XMP" : box.type, box.size, room);
  }

  void add(const std::string& key, std::uint64_t size, bool room = true) {
    const auto* row = find_row("file", printable(key));
    if (!row || file_.details.size() >= kMostDetails) return;
    const auto what = std::string(row->what) + " (" + printable(key) + ", " + std::to_string(size) + " bytes)";
    file_.details.push_back({what, Scope::file, 0, room || row->fates.movie == Fate::rebuilt ? row->fates : Fates()});
  }

  GstPad* const source_;
  const std::uint64_t length_;
  FileDetails file_;
  std::size_t beside_ = 0;
};

// Which files are read: the first box tells, as it tells typefind.
bool is_movie(GstPad* source) {
  constexpr std::array<std::string_view, 8> kFirst{"ftyp", "moov", "mdat", "free", "skip", "wide", "pnot", "styp"};
  const auto head = read_bytes(source, 0, kHead);
  return head.size() >= kHeader && std::ranges::find(kFirst, type_of(head)) != kFirst.end();
}

}  // namespace

void list_movie_details(View moov, FileDetails& file) {
  if (moov.size() >= kHeader) Listing(file).movie(moov);
}

FileDetails read_movie_details(GstPad* source) {
  gint64 length = 0;
  if (!gst_pad_query_duration(source, GST_FORMAT_BYTES, &length) || length <= 0 || !is_movie(source)) return {};
  return TopListing(source, static_cast<std::uint64_t>(length)).list();
}

}  // namespace klingv2a
