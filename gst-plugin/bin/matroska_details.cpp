// SPDX-License-Identifier: LGPL-2.1-or-later
#include "matroska_details.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "ebml.h"
#include "gst_ptr.h"
#include "upstream_bytes.h"

namespace klingv2a {

using ebml::for_each;
using ebml::to_number;
using movie::append;

namespace {

constexpr std::uint64_t kEbmlHeader = 0x1A45DFA3, kSegment = 0x18538067, kInfo = 0x1549A966, kTracks = 0x1654AE6B;
constexpr std::uint64_t kCluster = 0x1F43B675, kChapters = 0x1043A770, kAttachments = 0x1941A469, kTags = 0x1254C367;
constexpr std::uint64_t kDate = 0x4461, kTrackEntry = 0xAE, kTrackNumber = 0xD7, kTrackUid = 0x73C5, kTrackType = 0x83;
constexpr std::uint64_t kFlagEnabled = 0xB9, kFlagDefault = 0x88, kEncodings = 0x6D80, kEncoding = 0x6240;
constexpr std::uint64_t kEncodingType = 0x5033, kMapping = 0x41E4, kMappingType = 0x41E7, kName = 0x536E;
constexpr std::uint64_t kBcp47 = 0x22B59D, kCodecId = 0x86, kScale = 0x23314F, kDiscardPadding = 0x75A2;
constexpr std::uint64_t kAttachedFile = 0x61A7, kFileName = 0x466E, kFileType = 0x4660, kFileData = 0x465C;
constexpr std::uint64_t kTargets = 0x63C0, kTargetTrack = 0x63C5, kSimpleTag = 0x67C8, kTagName = 0x45A3;
constexpr std::uint64_t kChapLanguage = 0x437C, kChapBcp47 = 0x437D, kBlock = 0xA1, kBlockGroup = 0xA0,
                        kSimpleBlock = 0xA3;

constexpr std::size_t kMostElements = 200'000;  // on top of a segment; of clusters a long file has many
constexpr std::size_t kMostPackets = 2000;      // that are looked at
constexpr std::size_t kMostDetails = 4096;
constexpr std::uint64_t kLargest = 64ull * 1024 * 1024;  // of all elements that are read
constexpr guint kLongestNumber = 8;
constexpr std::uint64_t kFirstOnTop = 0x1000000;  // ids on top of a segment have 4 bytes
constexpr guint kLongestHead = 12;                // of an element: an id of 4 bytes, a size of 8
constexpr int kDeepest = 16;
constexpr std::size_t kLongestName = 128;

// Of a stranger, for a sentence.
std::string text_of(View content) {
  const std::string raw(content.begin(),
                        content.begin() + static_cast<std::ptrdiff_t>(std::min(content.size(), kLongestName)));
  const GCharPtr valid(g_utf8_make_valid(raw.c_str(), -1));
  std::string text(valid.get());
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = '?';
  return text;
}

View find(View elements, std::uint64_t wanted) {
  View found;
  for_each(elements, [&](std::uint64_t id, View content) {
    if (id == wanted && found.empty()) found = content;
  });
  return found;
}

const MatroskaRow* find_row(std::string_view place, std::uint64_t id, std::string_view key = {}) {
  const MatroskaRow* other = nullptr;
  for (const auto& row : matroska_detail_rows()) {
    if (row.row.place != place) continue;
    if (row.id == id && (key.empty() || row.row.key == key)) return &row;
    if (row.row.key == "*" && (row.id == 0 || row.id == id)) other = &row;
  }
  return other;
}

// "dvvC", or a number.
std::string mapping_key(View mapping) {
  const auto type = to_number(find(mapping, kMappingType));
  std::string name;
  for (int shift = 24; shift >= 0; shift -= 8) name += static_cast<char>(type >> shift & 0xFF);
  const bool printable = std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; });
  return "BlockAdditionMapping " + (printable ? name : std::to_string(type));
}

// "pt-BR" says more than the language does, "ja" does not.
bool is_bare_language(View content) {
  const auto text = text_of(content);
  return text.find('-') == std::string::npos;
}

bool is_no_language(View content) {
  const auto text = text_of(content);
  return text.empty() || text == "eng" || text == "en" || text == "und";
}

bool says_nothing(const MatroskaRow& row, View content) {
  constexpr std::uint64_t kOneAsDouble = 0x3FF0000000000000;
  if (row.id == kName) return content.empty();
  if (row.id == kBcp47) return is_bare_language(content);
  if (row.id == kChapLanguage || row.id == kChapBcp47) return is_no_language(content);
  if (row.id == kScale && to_number(content) == kOneAsDouble) return true;
  return row.nothing && to_number(content) == *row.nothing;
}

std::string handler_of(std::uint64_t type) {
  constexpr std::uint64_t kVideo = 1, kAudio = 2, kSubtitle = 17;
  return type == kVideo ? "vide" : type == kAudio ? "soun" : type == kSubtitle ? "subt" : "data";
}

bool is_encrypted(View entry) {
  bool encrypted = false;
  for_each(find(entry, kEncodings), [&](std::uint64_t id, View encoding) {
    if (id == kEncoding && to_number(find(encoding, kEncodingType)) == 1) encrypted = true;
  });
  return encrypted;
}

bool flag(View entry, std::uint64_t wanted) {
  bool set = true;
  for_each(entry, [&](std::uint64_t id, View content) {
    if (id == wanted) set = to_number(content) != 0;
  });
  return set;
}

TrackFacts facts_of(View entry) {
  TrackFacts facts;
  facts.id = to_number(find(entry, kTrackNumber));
  facts.handler = handler_of(to_number(find(entry, kTrackType)));
  facts.is_enabled = flag(entry, kFlagEnabled);
  facts.is_default = facts.is_enabled && flag(entry, kFlagDefault);
  facts.is_encrypted = is_encrypted(entry);
  return facts;
}

// Goes through elements, place by place.
class Listing {
 public:
  explicit Listing(FileDetails& file) : file_(file) {}

  // Tags name tracks that may come behind them.
  void segment(View elements) {
    for_each(elements, [&](std::uint64_t id, View content) {
      if (id != kTags) top(id, content);
    });
    for_each(elements, [&](std::uint64_t id, View content) {
      if (id == kTags) top(id, content);
    });
  }

  void top(std::uint64_t id, View content) {
    if (id == kTracks) return tracks(content);
    if (id == kAttachments) return attachments(content);
    if (id == kTags) return tags(content);
    if (id == kInfo) file_.created = created(content);
    if (id == kChapters && content.empty()) return;
    element("Segment", id, content, 0, 0);
  }

  // What stands in a cluster, or beside the packet of this track.
  void packet(std::uint64_t id, View content, std::uint64_t number) {
    // The muxer writes that of Opus itself.
    if (id == kDiscardPadding && codecs_[number] == "A_OPUS") return;
    for (const auto* place : {"Cluster", "BlockGroup"})
      if (find_row(place, id)) element(place, id, content, number, 0);
  }

  // A block begins with its track's number.
  static std::uint64_t track_of_block(View block) {
    if (block.empty()) return 0;
    if ((block[0] & 0x80) != 0) return block[0] & 0x7F;
    return (block[0] & 0x40) != 0 && block.size() > 1 ? static_cast<std::uint64_t>(block[0] & 0x3F) << 8 | block[1] : 0;
  }

  void unread(std::uint64_t id, std::uint64_t size) {
    const auto* row = find_row("Segment", id);
    if (!row) return;
    add({"", "", row->row.what, Scope::file, {}}, std::string(row->row.key) + ", " + std::to_string(size) + " bytes",
        0);
  }

 private:
  void add(const DetailRow& row, const std::string& shown, std::uint64_t number) {
    if (file_.details.size() >= kMostDetails) return;
    const auto scope = number == 0 ? Scope::file : row.scope == Scope::file ? Scope::track : row.scope;
    file_.details.push_back({std::string(row.what) + " (" + shown + ")", scope, number, row.fates});
  }

  void element(std::string_view place, std::uint64_t id, View content, std::uint64_t number, int depth) {
    const auto key = id == kMapping ? mapping_key(content) : std::string();
    const auto* row = find_row(place, id, key);
    // Of a kind that has no row of its own.
    if (!key.empty() && row && row->row.key == "*") row = find_row(place, id, "BlockAdditionMapping");
    if (!row) return;
    if (row->inside.empty() && says_nothing(*row, content)) return;
    add(row->row, key.empty() ? name_of(*row, id) : key, number);
    if (row->inside.empty() || depth >= kDeepest) return;
    for_each(content, [&](std::uint64_t inner, View more) { element(row->inside, inner, more, number, depth + 1); });
  }

  static std::string name_of(const MatroskaRow& row, std::uint64_t id) {
    if (row.row.key != "*") return std::string(row.row.key);
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string text;
    for (; id > 0; id >>= 4) text.insert(text.begin(), kDigits[id & 0xF]);
    return "0x" + text;
  }

  // Nanoseconds since 2001, for seconds since 1904.
  static std::uint64_t created(View info) {
    constexpr std::uint64_t k2001 = 3061152000, kNs = 1'000'000'000;
    const View date = find(info, kDate);
    const auto since = static_cast<std::int64_t>(to_number(date));
    return date.size() == 8 && since >= 0 ? k2001 + static_cast<std::uint64_t>(since) / kNs : 0;
  }

  void tracks(View entries) {
    for_each(entries, [&](std::uint64_t id, View entry) {
      if (id != kTrackEntry || file_.tracks.size() >= kMostDetails) return;
      const auto facts = facts_of(entry);
      file_.tracks.push_back(facts);
      numbers_[to_number(find(entry, kTrackUid))] = facts.id;
      codecs_[facts.id] = text_of(find(entry, kCodecId));
      element("Tracks", id, entry, facts.id, 0);
    });
  }

  void attachments(View files) {
    for_each(files, [&](std::uint64_t id, View file) {
      if (id != kAttachedFile) return;
      const auto shown = text_of(find(file, kFileName)) + ", " + text_of(find(file, kFileType)) + ", " +
                         std::to_string(find(file, kFileData).size()) + " bytes";
      add(find_row("Attachments", id)->row, shown, 0);
    });
  }

  void tags(View all) {
    for_each(all, [&](std::uint64_t, View tag) {
      const View targets = find(tag, kTargets);
      const auto uid = to_number(find(targets, kTargetTrack));
      const auto known = numbers_.find(uid);
      const auto number = uid == 0 || known == numbers_.end() ? 0 : known->second;
      for_each(tag, [&](std::uint64_t id, View simple) {
        if (id == kSimpleTag) this->tag(simple, number);
      });
    });
  }

  void tag(View simple, std::uint64_t number) {
    const auto name = text_of(find(simple, kTagName));
    const bool counted = name.starts_with("_STATISTICS_");
    auto row = find_row("Tag", kSimpleTag, counted ? "_STATISTICS_*" : upper(name))->row;
    // Movies have no place for those of a track.
    if (number != 0 && row.fates.movie == Fate::kept) row.fates.movie = Fate::reported;
    add(row, name, number);
  }

  static std::string upper(std::string text) {
    for (char& c : text) c = g_ascii_toupper(c);
    return text;
  }

  FileDetails& file_;
  std::map<std::uint64_t, std::uint64_t> numbers_;  // of the tracks, by their UIDs
  std::map<std::uint64_t, std::string> codecs_;     // by number
};

struct FileElement {
  std::uint64_t id = 0, begin = 0, size = 0;  // of its content
  bool unknown_size = false;
};

// Goes through the elements on top of the segment, and through its first packets.
class FileListing {
 public:
  FileListing(GstPad* source, std::uint64_t length) : source_(source), length_(length), listing_(file_) {}

  FileDetails list() {
    const auto header = read(0);
    if (!header || header->id != kEbmlHeader || header->unknown_size) return {};
    const auto segment = read(header->begin + header->size);
    if (!segment || segment->id != kSegment) return {};
    const auto end = segment->unknown_size ? length_ : std::min(length_, segment->begin + segment->size);
    go_through(segment->begin, end);
    listing_.segment(tags_);
    forget_lone_defaults();
    file_.lists_extras = true;
    return std::move(file_);
  }

 private:
  // Which track is the default says nothing where there is only one of its kind.
  void forget_lone_defaults() {
    std::erase_if(file_.details, [&](const Detail& detail) {
      if (!detail.what.ends_with("(FlagDefault)")) return false;
      const auto track = std::ranges::find(file_.tracks, detail.track, &TrackFacts::id);
      return track != file_.tracks.end() && std::ranges::count(file_.tracks, track->handler, &TrackFacts::handler) < 2;
    });
  }

  std::optional<FileElement> read(std::uint64_t offset) {
    if (offset >= length_) return std::nullopt;
    const auto bytes = read_bytes(source_, offset, kLongestHead);
    const auto head = ebml::read_head(bytes);
    if (!head) return std::nullopt;
    FileElement element{head->id, offset + head->head, head->size, head->unknown_size};
    if (element.unknown_size) element.size = 0;  // what it holds comes next
    if (element.size > length_ - std::min(length_, element.begin)) return std::nullopt;
    return element;
  }

  // What is in a cluster is gone through as if it stood on top, since a cluster need not say where it ends.
  void go_through(std::uint64_t offset, std::uint64_t end) {
    for (std::size_t i = 0; i < kMostElements && offset < end; ++i) {
      const auto element = read(offset);
      if (!element) return;
      const bool enter = (element->id == kCluster || element->id == kBlockGroup) && packets_ < kMostPackets;
      offset = enter ? element->begin : element->begin + element->size;
      if (element->id >= kFirstOnTop)
        take(*element);
      else
        take_packet(*element);
    }
  }

  void take(const FileElement& element) {
    constexpr std::array kRead{kInfo, kTracks, kChapters, kAttachments, kTags};
    if (std::ranges::find(kRead, element.id) == kRead.end())
      return element.id == kCluster ? void() : listing_.top(element.id, {});
    if (element.size > kLargest - std::min<std::uint64_t>(kLargest, file_.matroska.size()))
      return listing_.unread(element.id, element.size);
    const auto bytes = read_bytes(source_, element.begin, static_cast<guint>(element.size));
    const auto whole = ebml::make(element.id, bytes);
    if (element.id != kInfo) append(file_.matroska, whole);
    if (element.id == kTags) return append(tags_, whole);
    listing_.top(element.id, bytes);
  }

  void take_packet(const FileElement& element) {
    if (element.id == kSimpleBlock || element.id == kBlockGroup) ++packets_;
    const auto size = static_cast<guint>(std::min<std::uint64_t>(element.size, kLongestNumber));
    if (element.id == kBlock) track_ = Listing::track_of_block(read_bytes(source_, element.begin, size));
    if (is_beside(element.id)) listing_.packet(element.id, read_bytes(source_, element.begin, size), track_);
  }

  static bool is_beside(std::uint64_t id) {
    return id != kBlockGroup && (find_row("Cluster", id) || find_row("BlockGroup", id));
  }

  GstPad* const source_;
  const std::uint64_t length_;
  FileDetails file_;
  Listing listing_;
  Bytes tags_;
  std::size_t packets_ = 0;
  std::uint64_t track_ = 0;  // of the last packet in a group
};

}  // namespace

void list_matroska_details(View elements, FileDetails& file) {
  Listing(file).segment(elements);
}

FileDetails read_matroska_details(GstPad* source) {
  gint64 length = 0;
  if (!gst_pad_query_duration(source, GST_FORMAT_BYTES, &length) || length <= 0) return {};
  return FileListing(source, static_cast<std::uint64_t>(length)).list();
}

}  // namespace klingv2a
