// SPDX-License-Identifier: LGPL-2.1-or-later
#include "movie_boxes.h"

namespace klingv2a::movie {

namespace {

constexpr std::size_t kHandlerName = kHeader + 24;
constexpr std::size_t kVideoEntry = 86;                                             // its fields, header included
constexpr std::size_t kSoundEntry = 36, kSoundEntry1 = 36 + 16, kSoundEntry2 = 72;  // of QuickTime's versions

bool is_box_at(View entry, std::size_t at) {
  if (entry.size() < at + kHeader) return false;
  const auto size = read(entry, at, 4);
  return size >= kHeader && size <= entry.size() - at && entry[at + 4] >= 'A' && entry[at + 4] <= 'z';
}

std::size_t fields_of_sound(View entry) {
  switch (read(entry, kHeader + 8, 2)) {
    case 0:
      return kSoundEntry;
    case 1:
      // ISO files have a version 1 too, without QuickTime's fields: a box follows at once.
      return is_box_at(entry, kSoundEntry) ? kSoundEntry : kSoundEntry1;
    default:
      return kSoundEntry2;
  }
}

}  // namespace

std::uint64_t read(View bytes, std::size_t at, std::size_t width) {
  if (at > bytes.size() || width > bytes.size() - at) throw Malformed();
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | bytes[at + i];
  return value;
}

void write(Bytes& bytes, std::size_t at, std::size_t width, std::uint64_t value) {
  if (at > bytes.size() || width > bytes.size() - at) throw Malformed();
  for (std::size_t i = 0; i < width; ++i) bytes[at + width - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
}

void overwrite(Bytes& bytes, std::size_t at, View with) {
  if (at > bytes.size() || with.size() > bytes.size() - at) throw Malformed();
  std::ranges::copy(with, bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

void append(Bytes& bytes, View more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

std::string type_of(View box) {
  if (box.size() < kHeader) throw Malformed();
  return {box.begin() + 4, box.begin() + 8};
}

Bytes make_box(std::string_view type, View content) {
  Bytes box(4);
  box.insert(box.end(), type.begin(), type.end());
  append(box, content);
  write(box, 0, 4, box.size());
  return box;
}

View find(View box, std::initializer_list<std::string_view> path) {
  View found = box;
  for (const auto& step : path) {
    View next;
    if (found.size() < kHeader) return {};
    for_each_box(found.subspan(kHeader), [&](View child) {
      if (next.empty() && type_of(child) == step) next = child;
    });
    if (next.empty()) return {};
    found = next;
  }
  return found;
}

bool is_long(View box) {
  return read(box, kHeader, 1) == 1;
}

std::uint32_t track_id(View trak) {
  const View tkhd = find(trak, {"tkhd"});
  return tkhd.empty() ? 0 : static_cast<std::uint32_t>(read(tkhd, kHeader + (is_long(tkhd) ? 20 : 12), 4));
}

std::string handler_of(View trak) {
  const View hdlr = find(trak, {"mdia", "hdlr"});
  if (hdlr.size() < kFullHeader + 8) return {};
  return {hdlr.begin() + kFullHeader + 4, hdlr.begin() + kFullHeader + 8};
}

View meta_content(View meta) {
  const bool has_version = meta.size() < kHeader + kHeader || type_of(meta.subspan(kHeader)) != "hdlr";
  return meta.subspan(std::min(meta.size(), has_version ? kFullHeader : kHeader));
}

View sample_entry(View trak) {
  return first_entry(find(trak, {"mdia", "minf", "stbl", "stsd"}));
}

View first_entry(View stsd) {
  if (stsd.size() < kFullHeader + 4 + kHeader) return {};
  const View entries = stsd.subspan(kFullHeader + 4);
  const auto size = static_cast<std::size_t>(read(entries, 0, 4));
  if (size < kHeader || size > entries.size()) throw Malformed();
  return entries.first(size);
}

View entry_boxes(View entry, std::string_view handler) {
  if (entry.empty()) return {};
  std::size_t fields = 0;
  if (handler == "vide") fields = kVideoEntry;
  if (handler == "soun") fields = fields_of_sound(entry);
  return fields == 0 || fields > entry.size() ? View() : entry.subspan(fields);
}

std::uint64_t sample_count(View trak) {
  const View stbl = find(trak, {"mdia", "minf", "stbl"});
  for (const auto* type : {"stsz", "stz2"})
    if (const View sizes = find(stbl, {type}); !sizes.empty()) return read(sizes, kFullHeader + 4, 4);
  return 0;
}

std::string handler_name(View hdlr) {
  if (hdlr.size() <= kHandlerName) return {};
  const View text = hdlr.subspan(kHandlerName);
  std::string name(text.begin(), text.end());
  if (static_cast<std::size_t>(text[0]) == text.size() - 1) name.erase(0, 1);  // QuickTime counts
  name.erase(std::min(name.find('\0'), name.size()));
  return name;
}

Bytes with_handler_name(View hdlr, std::string_view name) {
  if (hdlr.size() <= kHandlerName) return {hdlr.begin(), hdlr.end()};
  const bool counted = hdlr[kHandlerName] == hdlr.size() - kHandlerName - 1;
  if (counted) name = name.substr(0, UINT8_MAX);
  Bytes box = hdlr.first(kHandlerName).copy();
  if (counted) box.push_back(static_cast<std::uint8_t>(name.size()));
  box.insert(box.end(), name.begin(), name.end());
  if (!counted) box.push_back(0);
  write(box, 0, 4, box.size());
  return box;
}

}  // namespace klingv2a::movie
