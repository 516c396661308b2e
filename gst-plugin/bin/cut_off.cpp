// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cut_off.h"

#include <bit>
#include <optional>

#include "gst_ptr.h"
#include "upstream_bytes.h"

namespace klingv2a {

namespace {

constexpr std::uint64_t kEbmlHeader = 0x1A45DFA3, kSegment = 0x18538067;  // RFC 8794, RFC 9559

// A number of Matroska's: as many bytes as the first one has leading zeros, and one. `keep_marker` for ids.
struct VariableInt {
  std::uint64_t value = 0;
  std::size_t size = 0;
  bool unknown = false;  // all ones: a size that was not known when it was written
};

std::optional<VariableInt> read_number(const Bytes& bytes, std::size_t at, bool keep_marker) {
  if (at >= bytes.size() || bytes[at] == 0) return std::nullopt;
  const auto size = static_cast<std::size_t>(std::countl_zero(bytes[at])) + 1;
  if (at + size > bytes.size()) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes[at + i];
  const std::uint64_t ones = (std::uint64_t{1} << (7 * size)) - 1;
  const std::uint64_t number = keep_marker ? value : value & ones;
  return VariableInt{number, size, !keep_marker && number == ones};
}

// The EBML header, then the segment that holds everything.
bool segment_is_cut_off(GstPad* source, std::uint64_t length) {
  const auto head = read_bytes(source, 0, 4096);
  const auto id = read_number(head, 0, true);
  if (!id || id->value != kEbmlHeader) return false;
  const auto size = read_number(head, id->size, false);
  if (!size || size->value > head.size()) return false;
  const std::size_t at = id->size + size->size + size->value;
  const auto segment = read_number(head, at, true);
  if (!segment || segment->value != kSegment) return false;
  const auto content = read_number(head, at + segment->size, false);
  return content && !content->unknown && at + segment->size + content->size + content->value > length;
}

}  // namespace

bool is_cut_off(GstPad* sink) {
  const auto source = readable_upstream(sink);
  gint64 length = 0;
  if (!source || !gst_pad_query_duration(source.get(), GST_FORMAT_BYTES, &length) || length <= 0) return false;
  const auto size = static_cast<std::uint64_t>(length);
  bool beyond = false;
  for_each_mp4_box(source.get(), [&](const Mp4Box& box) {
    beyond = box.offset + box.size > size;
    return !beyond;
  });
  return beyond || segment_is_cut_off(source.get(), size);
}

}  // namespace klingv2a
