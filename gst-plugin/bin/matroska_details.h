// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The details of Matroska and WebM files (RFC 8794, RFC 9559). Everything is read with bounds; what is not whole ends
// the reading of its element only.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "details.h"

namespace klingv2a {

// An element that is known. It stands in the elements of `row.place`; what it holds is the place `inside`.
struct MatroskaRow {
  std::uint64_t id = 0;
  DetailRow row;
  std::optional<std::uint64_t> nothing = {};  // the number by which it says nothing
  std::string_view inside = {};
};

// All that is known, place by place.
[[nodiscard]] std::span<const MatroskaRow> matroska_detail_rows();

// From the file that `source` reads, on the demuxer's streaming thread. Empty for another container.
[[nodiscard]] FileDetails read_matroska_details(GstPad* source);

// The same from elements that stand on top of a segment, without clusters. Pure.
void list_matroska_details(View elements, FileDetails& file);

}  // namespace klingv2a
