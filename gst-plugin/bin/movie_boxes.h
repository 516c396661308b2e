// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Boxes of ISO/IEC 14496-12 and atoms of QuickTime, as views of bytes that strangers wrote: nothing is read beyond the
// view, and what is not as the format says throws Malformed, which whoever reads catches. Pure functions; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "byte_view.h"

namespace klingv2a::movie {

constexpr std::size_t kHeader = 8;       // a box's size and type
constexpr std::size_t kFullHeader = 12;  // … and its version and flags

using Uuid = std::array<std::uint8_t, 16>;
inline constexpr Uuid kXmpUuid{0xBE, 0x7A, 0xCF, 0xCB, 0x97, 0xA9, 0x42, 0xE8,
                               0x9C, 0x71, 0x99, 0x94, 0x91, 0xE3, 0xAF, 0xAC};

using klingv2a::Malformed;

// Big-endian, `width` bytes from `at`.
[[nodiscard]] std::uint64_t read(View bytes, std::size_t at, std::size_t width);
void write(Bytes& bytes, std::size_t at, std::size_t width, std::uint64_t value);
// Over what stands there.
void overwrite(Bytes& bytes, std::size_t at, View with);
void append(Bytes& bytes, View more);

// Four characters.
[[nodiscard]] std::string type_of(View box);
// A box with `content`.
[[nodiscard]] Bytes make_box(std::string_view type, View content);

// Calls `visit` with each box of `bytes`, which holds nothing else. A last word of less than a header (QuickTime ends
// lists by four zero bytes) is passed over.
template <typename Visit>
void for_each_box(View bytes, Visit visit) {
  while (bytes.size() >= kHeader) {
    const auto size = static_cast<std::size_t>(read(bytes, 0, 4));
    if (size < kHeader || size > bytes.size()) throw Malformed();
    visit(bytes.first(size));
    bytes = bytes.subspan(size);
  }
}

// The first box along a path such as {"mdia", "mdhd"}; empty if there is none.
[[nodiscard]] View find(View box, std::initializer_list<std::string_view> path);

// mvhd, tkhd, mdhd and elst have 32-bit times in version 0 and 64-bit ones in version 1.
[[nodiscard]] bool is_long(View box);

// Of a trak: its number; 0 if it says none. Its handler's type, such as "vide"; empty if it says none.
[[nodiscard]] std::uint32_t track_id(View trak);
[[nodiscard]] std::string handler_of(View trak);

// The name in a handler box is a C string, in QuickTime one that begins with its length.
[[nodiscard]] std::string handler_name(View hdlr);
[[nodiscard]] Bytes with_handler_name(View hdlr, std::string_view name);

// What a `meta` box holds. In ISO files it has a version, in QuickTime it has none.
[[nodiscard]] View meta_content(View meta);

// The first entry of a trak's sample description; empty if there is none. And the boxes at its end, which describe the
// packets; empty where the entry's form is not known.
[[nodiscard]] View sample_entry(View trak);
[[nodiscard]] View first_entry(View stsd);
[[nodiscard]] View entry_boxes(View entry, std::string_view handler);

// How many samples the trak's tables describe.
[[nodiscard]] std::uint64_t sample_count(View trak);

}  // namespace klingv2a::movie
