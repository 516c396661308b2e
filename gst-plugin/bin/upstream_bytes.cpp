// SPDX-License-Identifier: LGPL-2.1-or-later
#include "upstream_bytes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace klingv2a {

namespace {

constexpr std::size_t kMostBoxes = 4096;  // a fragmented file has many
constexpr std::array<std::string_view, 11> kTypes{"ftyp", "moov", "mdat", "free", "skip", "wide",
                                                  "moof", "styp", "sidx", "mfra", "uuid"};

std::optional<Mp4Box> read_box(GstPad* source, std::uint64_t offset) {
  const auto head = read_bytes(source, offset, 16);
  if (head.size() < 8) return std::nullopt;
  const std::string_view type(reinterpret_cast<const char*>(head.data()) + 4, 4);
  if (std::ranges::find(kTypes, type) == kTypes.end()) return std::nullopt;
  std::uint64_t size = movie::read(head, 0, 4);
  if (size == 1 && head.size() == 16) size = movie::read(head, 8, 8);
  if (size < 8) return std::nullopt;  // 0: to the end of the file
  return Mp4Box{offset, size, type == "moov"};
}

}  // namespace

PadPtr readable_upstream(GstPad* sink) {
  auto source = PadPtr::adopt(gst_pad_get_peer(sink));
  return source && GST_PAD_MODE(source.get()) == GST_PAD_MODE_PULL ? source : PadPtr();
}

Bytes read_bytes(GstPad* source, std::uint64_t offset, guint size) {
  GstBuffer* raw = nullptr;
  if (size == 0) return {};
  if (gst_pad_get_range(source, offset, size, &raw) != GST_FLOW_OK) return {};
  const auto buffer = BufferPtr::adopt(raw);
  Bytes bytes(gst_buffer_get_size(raw));
  gst_buffer_extract(raw, 0, bytes.data(), bytes.size());
  return bytes;
}

void for_each_mp4_box(GstPad* source, const std::function<bool(const Mp4Box&)>& visit) {
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < kMostBoxes; ++i) {
    const auto box = read_box(source, offset);
    if (!box || !visit(*box) || box->size > G_MAXINT64 - offset) return;
    offset += box->size;
  }
}

}  // namespace klingv2a
