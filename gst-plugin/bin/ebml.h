// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Elements of EBML (RFC 8794), the bytes of Matroska and WebM: read as views of what strangers wrote, never beyond
// them, and written. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "movie_boxes.h"

namespace klingv2a::ebml {

struct Element {
  std::uint64_t id = 0, size = 0;
  std::size_t head = 0;  // bytes before its content
  bool unknown_size = false;
};

// Of the element that `bytes` begin with; its content may lie beyond them.
[[nodiscard]] std::optional<Element> read_head(View bytes);

// Each element in `bytes`, until one is not whole.
void for_each(View bytes, const std::function<void(std::uint64_t id, View content)>& visit);

[[nodiscard]] std::uint64_t to_number(View content);

// A whole element.
[[nodiscard]] Bytes make(std::uint64_t id, View content);

// One whose size is written in 8 bytes, as writers do that come back to it.
[[nodiscard]] Bytes make_wide(std::uint64_t id, View content);

// An element without meaning of exactly `size` bytes, which are at least 2.
[[nodiscard]] Bytes padding(std::size_t size);

}  // namespace klingv2a::ebml
