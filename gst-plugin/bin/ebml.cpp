// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ebml.h"

#include <bit>

namespace klingv2a::ebml {

namespace {

constexpr std::uint64_t kVoid = 0xEC;
constexpr std::size_t kLongestSize = 8;

// A number of EBML's: as many bytes as the first one has leading zeros, and one. `keep_marker` for ids.
struct VariableInt {
  std::uint64_t value = 0;
  std::size_t size = 0;
  bool unknown = false;  // all ones: a size that was not known when it was written
};

std::optional<VariableInt> read_number(View bytes, bool keep_marker) {
  if (bytes.empty() || bytes[0] == 0) return std::nullopt;
  const auto size = static_cast<std::size_t>(std::countl_zero(bytes[0])) + 1;
  if (size > bytes.size()) return std::nullopt;
  std::uint64_t value = 0;
  for (const auto byte : bytes.first(size)) value = value << 8 | byte;
  const std::uint64_t ones = (std::uint64_t{1} << (7 * size)) - 1;
  const std::uint64_t number = keep_marker ? value : value & ones;
  return VariableInt{number, size, !keep_marker && number == ones};
}

void put(Bytes& bytes, std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

// All ones would mean that it is not known.
std::size_t width_of(std::uint64_t size) {
  std::size_t width = 1;
  while (width < kLongestSize && size >= (std::uint64_t{1} << (7 * width)) - 1) ++width;
  return width;
}

void put_size(Bytes& bytes, std::uint64_t size, std::size_t width) {
  put(bytes, size | std::uint64_t{1} << (7 * width), width);
}

Bytes make_with(std::uint64_t id, View content, std::size_t width) {
  Bytes bytes;
  put(bytes, id, static_cast<std::size_t>(std::bit_width(id) + 7) / 8);
  put_size(bytes, content.size(), width);
  bytes.insert(bytes.end(), content.begin(), content.end());
  return bytes;
}

}  // namespace

std::optional<Element> read_head(View bytes) {
  const auto id = read_number(bytes, true);
  if (!id) return std::nullopt;
  const auto size = read_number(bytes.subspan(id->size), false);
  if (!size) return std::nullopt;
  return Element{id->value, size->value, id->size + size->size, size->unknown};
}

void for_each(View bytes, const std::function<void(std::uint64_t id, View content)>& visit) {
  while (const auto element = read_head(bytes)) {
    const auto rest = bytes.subspan(element->head);
    if (element->unknown_size || element->size > rest.size()) return;
    const auto size = static_cast<std::size_t>(element->size);
    visit(element->id, rest.first(size));
    bytes = rest.subspan(size);
  }
}

std::uint64_t to_number(View content) {
  std::uint64_t value = 0;
  for (const auto byte : content) value = value << 8 | byte;
  return value;
}

Bytes make(std::uint64_t id, View content) {
  return make_with(id, content, width_of(content.size()));
}

Bytes make_wide(std::uint64_t id, View content) {
  return make_with(id, content, kLongestSize);
}

Bytes padding(std::size_t size) {
  constexpr std::size_t kLeast = 2;  // its id, and a size of 0
  if (size < kLeast) throw Malformed();
  const std::size_t width = size > kLongestSize + 1 ? kLongestSize : 1;
  Bytes bytes;
  put(bytes, kVoid, 1);
  put_size(bytes, size - 1 - width, width);
  bytes.resize(size);
  return bytes;
}

}  // namespace klingv2a::ebml
