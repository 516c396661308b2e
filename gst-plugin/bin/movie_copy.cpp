// SPDX-License-Identifier: LGPL-2.1-or-later
#include "movie_copy.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "movie_details.h"

namespace klingv2a {

using namespace movie;  // NOLINT(google-build-using-namespace)

namespace {

bool is_one_of(std::string_view type, std::initializer_list<std::string_view> types) {
  return std::ranges::find(types, type) != types.end();
}

// The children of `box` that `wanted` takes, one after the other.
template <typename Wanted>
Bytes children(View box, Wanted wanted) {
  Bytes all;
  if (box.size() < kHeader) return all;
  for_each_box(box.subspan(kHeader), [&](View child) {
    if (wanted(child, type_of(child))) append(all, child);
  });
  return all;
}

// Times of creation stand behind the version; in the output they are written as wide as it has them.
void copy_creation(Bytes& to, View from) {
  const auto time = read(from, kFullHeader, is_long(from) ? 8 : 4);
  if (!is_long(to) && time > UINT32_MAX) return;
  write(to, kFullHeader, is_long(to) ? 8 : 4, time);
}

void copy_bytes(Bytes& to, std::size_t to_at, View from, std::size_t from_at, std::size_t size) {
  overwrite(to, to_at, from.subspan(from_at, size));
}

Bytes movie_header(View mvhd, View input) {
  Bytes box(mvhd.begin(), mvhd.end());
  if (input.empty()) return box;
  copy_creation(box, input);
  constexpr std::size_t kMatrixAndPreview = 36 + 24;
  const auto at = [](View header) { return kHeader + (is_long(header) ? 48U : 36U); };
  copy_bytes(box, at(box), input, at(input), kMatrixAndPreview);
  return box;
}

// The references to other tracks, with the numbers that these have in the output.
Bytes references(View tref, const std::map<std::uint64_t, std::uint32_t>& numbers) {
  Bytes content;
  if (tref.empty()) return content;
  for_each_box(tref.subspan(kHeader), [&](View child) {
    Bytes ids;
    for (std::size_t at = kHeader; at + 4 <= child.size(); at += 4) {
      const auto found = numbers.find(read(child, at, 4));
      if (found == numbers.end()) continue;
      ids.resize(ids.size() + 4);
      write(ids, ids.size() - 4, 4, found->second);
    }
    if (!ids.empty()) append(content, make_box(type_of(child), ids));
  });
  return content.empty() ? content : make_box("tref", content);
}

// Items of a `meta` lie anywhere in the input's file.
bool has_items(View meta) {
  bool found = false;
  for_each_box(meta_content(meta), [&](View child) { found = found || is_one_of(type_of(child), {"iloc", "iinf"}); });
  return found;
}

const DetailRow* row_of_entry(View box) {
  const auto type = type_of(box);
  const DetailRow* others = nullptr;
  for (const auto& row : movie_detail_rows()) {
    if (row.place != "entry") continue;
    if (row.key.substr(0, 4) == type && row.key != "tx3g forced") return &row;
    if (row.key == "*") others = &row;
  }
  return others;
}

// QuickTime's form of the colours, as ISO files have it.
Bytes colours(View colr, bool quicktime) {
  Bytes box(colr.begin(), colr.end());
  constexpr std::size_t kNclc = kHeader + 4 + 6;
  if (quicktime || colr.size() != kNclc || read(colr, kHeader, 4) != 0x6E636C63) return box;
  box[kHeader + 3] = 'x';
  box.push_back(0);  // not the full range
  write(box, 0, 4, box.size());
  return box;
}

// Merges one track of the input into one of the output.
class TrackCopy {
 public:
  TrackCopy(View output, View input, const TrackOrigin& origin, const std::map<std::uint64_t, std::uint32_t>& numbers,
            bool quicktime)
      : output_(output),
        input_(input),
        origin_(origin),
        numbers_(numbers),
        quicktime_(quicktime),
        handler_(handler_of(output)),
        copies_packets_(origin.use == TrackUse::copied && handler_ == handler_of(input)) {}

  Bytes track() {
    Bytes content;
    for_each_box(output_.subspan(kHeader), [&](View child) {
      const auto type = type_of(child);
      if (type == "tkhd") return append(content, header(child));
      if (type == "mdia") return append(content, media(child));
      if (!is_one_of(type, {"udta", "meta", "tref"})) append(content, child);
    });
    append(content, references(find(input_, {"tref"}), numbers_));
    append(content, children(input_, [&](View child, const std::string& type) {
             if (type == "meta") return !has_items(child);
             return !is_one_of(type, {"tkhd", "mdia", "edts", "tref", "free", "skip"});
           }));
    return make_box("trak", content);
  }

  [[nodiscard]] const std::vector<std::string>& lost() const { return lost_; }

 private:
  Bytes header(View tkhd) const {
    Bytes box(tkhd.begin(), tkhd.end());
    const View input = find(input_, {"tkhd"});
    if (input.empty()) return box;
    copy_bytes(box, kHeader + 1, input, kHeader + 1, 3);  // the flags
    const auto layer_at = [](View header) { return kHeader + (is_long(header) ? 44U : 32U); };
    const auto to = layer_at(box), from = layer_at(input);
    copy_bytes(box, to + 2, input, from + 2, 2);  // the alternate group
    copy_creation(box, input);
    if (!copies_packets_) return box;
    constexpr std::size_t kLayerToHeight = 52;
    copy_bytes(box, to, input, from, kLayerToHeight);
    return box;
  }

  Bytes media(View mdia) {
    Bytes content;
    for_each_box(mdia.subspan(kHeader), [&](View child) {
      const auto type = type_of(child);
      if (type == "mdhd") return append(content, media_header(child));
      if (type == "hdlr") return append(content, handler(child));
      if (type == "minf") return append(content, information(child));
      append(content, child);
    });
    append(content, children(find(input_, {"mdia"}), [](View, const std::string& type) {
             return !is_one_of(type, {"mdhd", "hdlr", "minf", "free", "skip"});
           }));
    return make_box("mdia", content);
  }

  Bytes media_header(View mdhd) const {
    Bytes box(mdhd.begin(), mdhd.end());
    const View input = find(input_, {"mdia", "mdhd"});
    if (input.empty()) return box;
    const auto language_at = [](View header) { return kFullHeader + (is_long(header) ? 28U : 16U); };
    const auto language = read(input, language_at(input), 2);
    // QuickTime's own numbers mean nothing in an ISO file; the muxer knows the language from the demuxer.
    constexpr std::uint64_t kFirstIso = 0x400;
    if (quicktime_ || language >= kFirstIso) write(box, language_at(box), 2, language);
    copy_creation(box, input);
    return box;
  }

  Bytes handler(View hdlr) const {
    const View input = find(input_, {"mdia", "hdlr"});
    if (input.empty() || origin_.is_named) return {hdlr.begin(), hdlr.end()};
    return with_handler_name(hdlr, handler_name(input));
  }

  Bytes information(View minf) {
    Bytes content;
    for_each_box(minf.subspan(kHeader), [&](View child) {
      append(content, type_of(child) == "stbl" && copies_packets_ ? View(tables_ = tables(child)) : child);
    });
    return make_box("minf", content);
  }

  // What is said of each sample holds as long as they are the same ones.
  Bytes tables(View stbl) {
    const auto is_of_samples = [](std::string_view type) {
      return is_one_of(type, {"stps", "sdtp", "sbgp", "sgpd", "csgp", "subs", "padb", "stdp"});
    };
    const View input = find(input_, {"mdia", "minf", "stbl"});
    const bool same = sample_count(input_) == sample_count(output_);
    const auto taken = children(input, [&](View, const std::string& type) { return is_of_samples(type); });
    // Of the others the coded packets say the same.
    const auto owed = children(input, [&](View, const std::string& type) { return is_one_of(type, {"padb", "stdp"}); });
    if (!same && !owed.empty())
      lost_.push_back("what is said of single samples of track " + std::to_string(origin_.id));
    Bytes content;
    for_each_box(stbl.subspan(kHeader), [&](View child) {
      const auto type = type_of(child);
      if (type == "stsd") return append(content, descriptions(child));
      if (!same || taken.empty() || !is_of_samples(type)) append(content, child);
    });
    if (same) append(content, taken);
    return make_box("stbl", content);
  }

  Bytes descriptions(View stsd) {
    const View entry = first_entry(stsd), input = sample_entry(input_);
    if (entry.empty() || input.empty()) return {stsd.begin(), stsd.end()};
    Bytes content = stsd.first(kFullHeader + 4).subspan(kHeader).copy();
    append(content, described(entry, input));
    append(content, stsd.subspan(kFullHeader + 4 + entry.size()));
    return make_box("stsd", content);
  }

  Bytes described(View entry, View input) {
    if (type_of(entry) == "tx3g" && type_of(input) == "tx3g") return {input.begin(), input.end()};
    const View boxes = entry_boxes(entry, handler_), of_input = entry_boxes(input, handler_);
    if (boxes.empty() && of_input.empty()) return {entry.begin(), entry.end()};
    const View fields = entry.first(entry.size() - boxes.size());
    std::set<std::string> taken;
    Bytes more;
    for_each_box(of_input, [&](View child) {
      if (row_of_entry(child)->fates.movie != Fate::kept) return;
      taken.insert(type_of(child));
      append(more, type_of(child) == "colr" ? colours(child, quicktime_) : Bytes(child.begin(), child.end()));
    });
    Bytes content = fields.subspan(kHeader).copy();
    if (handler_ == "vide") copy_fields(content, entry, input, quicktime_);
    for_each_box(boxes, [&](View child) {
      if (!taken.contains(type_of(child))) append(content, child);
    });
    append(content, more);
    return make_box(entry_type(entry, input), content);
  }

  // Players take Dolby Vision without a compatible base layer by the entry's type only.
  static std::string entry_type(View entry, View input) {
    const auto type = type_of(entry), old = type_of(input);
    const bool dolby = is_one_of(old, {"dvh1", "dvhe", "dva1", "dvav", "dav1"});
    return dolby && is_one_of(type, {"hvc1", "hev1", "avc1", "avc3", "av01"}) ? old : type;
  }

  // The resolution, the coder's name and the depth, which tells of an alpha channel. `content` lacks the header.
  static void copy_fields(Bytes& content, View entry, View input, bool quicktime) {
    constexpr std::size_t kVendor = 20, kResolution = 36, kName = 50, kDepth = 82, kTable = 84;
    if (quicktime) copy_bytes(content, kVendor - kHeader, input, kVendor, 12);  // and the quality
    copy_bytes(content, kResolution - kHeader, input, kResolution, 8);
    copy_bytes(content, kName - kHeader, input, kName, 32);
    // A depth of at most 8 bits may bring a colour table, which would follow here.
    const bool plain = read(input, kTable, 2) == 0xFFFF && read(input, kDepth, 2) > 8;
    if (plain && type_of(entry) == type_of(input)) copy_bytes(content, kDepth - kHeader, input, kDepth, 2);
  }

  const View output_, input_;
  const TrackOrigin& origin_;
  const std::map<std::uint64_t, std::uint32_t>& numbers_;
  const bool quicktime_;
  const std::string handler_;
  const bool copies_packets_;
  Bytes tables_;
  std::vector<std::string> lost_;
};

std::vector<View> traks_of(View moov) {
  std::vector<View> traks;
  for_each_box(moov.subspan(kHeader), [&](View child) {
    if (type_of(child) == "trak") traks.push_back(child);
  });
  return traks;
}

// By the number of the input's track: the output's.
std::map<std::uint64_t, std::uint32_t> numbers_of(const std::vector<View>& traks,
                                                  const std::vector<TrackOrigin>& origins) {
  std::map<std::uint64_t, std::uint32_t> numbers;
  for (std::size_t i = 0; i < std::min(traks.size(), origins.size()); ++i)
    if (origins[i].id != 0) numbers[origins[i].id] = track_id(traks[i]);
  return numbers;
}

CopiedMovie copy(View moov, View input, const std::vector<TrackOrigin>& origins, bool quicktime) {
  const auto numbers = numbers_of(traks_of(moov), origins);
  std::map<std::uint64_t, View> sources;
  for (const auto trak : traks_of(input)) sources.emplace(track_id(trak), trak);
  CopiedMovie movie;
  Bytes content;
  std::size_t number = 0;
  for_each_box(moov.subspan(kHeader), [&](View child) {
    const auto type = type_of(child);
    if (type == "mvhd") return append(content, movie_header(child, find(input, {"mvhd"})));
    if (is_one_of(type, {"udta", "meta"})) return;
    const auto origin = type == "trak" && number < origins.size() ? origins[number] : TrackOrigin();
    if (type == "trak") ++number;
    const auto source = sources.find(origin.id);
    if (type != "trak" || source == sources.end()) return append(content, child);
    TrackCopy track(child, source->second, origin, numbers, quicktime);
    append(content, track.track());
    movie.lost.insert(movie.lost.end(), track.lost().begin(), track.lost().end());
  });
  append(content, children(input, [](View child, const std::string& type) {
           if (type == "meta") return !has_items(child);
           return !is_one_of(type, {"mvhd", "trak", "iods", "mvex", "pssh", "free", "skip"});
         }));
  movie.moov = make_box("moov", content);
  return movie;
}

Bytes joined(std::initializer_list<View> parts) {
  Bytes all;
  for (const auto part : parts) append(all, part);
  return all;
}

View bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Bytes freeform(const std::string& name, const std::string& value) {
  constexpr std::array<std::uint8_t, 4> kVersion{};
  constexpr std::array<std::uint8_t, 8> kUtf8{0, 0, 0, 1};
  return make_box("----", joined({make_box("mean", joined({kVersion, bytes_of("com.apple.iTunes")})),
                                  make_box("name", joined({kVersion, bytes_of(name)})),
                                  make_box("data", joined({kUtf8, bytes_of(value)}))}));
}

// An iTunes list that has `item` alone.
Bytes new_list(const Bytes& item) {
  constexpr std::array<std::uint8_t, 8> kBefore{};
  constexpr std::array<std::uint8_t, 9> kBehind{};
  const auto hdlr = make_box("hdlr", joined({kBefore, bytes_of("mdirappl"), kBehind}));
  constexpr std::array<std::uint8_t, 4> kVersion{};
  return make_box("meta", joined({kVersion, hdlr, make_box("ilst", item)}));
}

bool is_itunes(View meta) {
  bool found = false;
  for_each_box(meta_content(meta), [&](View child) {
    found = found || (type_of(child) == "hdlr" && child.size() >= kFullHeader + 8 &&
                      std::ranges::equal(child.subspan(kFullHeader + 4, 4), bytes_of("mdir")));
  });
  return found;
}

bool has_child(View box, View wanted) {
  bool found = false;
  for_each_box(box.subspan(kHeader), [&](View child) { found = found || std::ranges::equal(child, wanted); });
  return found;
}

Bytes with_item(View meta, const Bytes& item) {
  const View boxes = meta_content(meta);
  Bytes content = meta.first(meta.size() - boxes.size()).subspan(kHeader).copy();
  bool added = false;
  for_each_box(boxes, [&](View child) {
    const bool here = type_of(child) == "ilst" && !std::exchange(added, true) && !has_child(child, item);
    append(content, here ? View(make_box("ilst", joined({child.subspan(kHeader), item}))) : child);
  });
  if (!added) append(content, make_box("ilst", item));
  return make_box("meta", content);
}

Bytes user_data_with(View udta, const Bytes& item) {
  Bytes content;
  bool added = false;
  if (!udta.empty())
    for_each_box(udta.subspan(kHeader), [&](View child) {
      const bool here = type_of(child) == "meta" && is_itunes(child) && !std::exchange(added, true);
      append(content, here ? View(with_item(child, item)) : child);
    });
  if (!added) append(content, new_list(item));
  return make_box("udta", content);
}

}  // namespace

std::optional<CopiedMovie> with_details(View moov, View input, const std::vector<TrackOrigin>& origins,
                                        bool quicktime) {
  try {
    if (type_of(moov) != "moov" || type_of(input) != "moov") return std::nullopt;
    return copy(moov, input, origins, quicktime);
  } catch (const Malformed&) {
    return std::nullopt;
  }
}

std::optional<Bytes> with_metadata(View moov, const std::string& name, const std::string& value) {
  try {
    if (type_of(moov) != "moov") return std::nullopt;
    Bytes content = children(moov, [](View, const std::string& type) { return type != "udta"; });
    append(content, user_data_with(find(moov, {"udta"}), freeform(name, value)));
    return make_box("moov", content);
  } catch (const Malformed&) {
    return std::nullopt;
  }
}

}  // namespace klingv2a
