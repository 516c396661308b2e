// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kept_packets.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace klingv2a {

namespace {

constexpr std::size_t kMost = 64;  // packets that a parser has swallowed, before the oldest is forgotten

// The bytes of a buffer, while this object lives.
class Mapped {
 public:
  explicit Mapped(GstBuffer* buffer) : buffer_(buffer) {
    mapped_ = gst_buffer_map(buffer, &map_, GST_MAP_READ) != FALSE;
  }
  ~Mapped() {
    if (mapped_) gst_buffer_unmap(buffer_, &map_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  [[nodiscard]] std::span<const guint8> bytes() const {
    return mapped_ ? std::span<const guint8>(map_.data, map_.size) : std::span<const guint8>();
  }

 private:
  GstBuffer* buffer_;
  GstMapInfo map_{};
  bool mapped_ = false;
};

// Is `longer` the same with something put in at one place?
bool has_insertion(std::span<const guint8> shorter, std::span<const guint8> longer) {
  if (shorter.empty() || longer.size() <= shorter.size()) return false;
  const auto front = std::ranges::mismatch(shorter, longer).in1 - shorter.begin();
  const auto rest = shorter.subspan(static_cast<std::size_t>(front));
  return std::ranges::equal(rest, longer.last(rest.size()));
}

}  // namespace

void KeptPackets::came(GstBuffer* packet) {
  packets_.push_back(BufferPtr::share(packet));
  if (packets_.size() > kMost) packets_.pop_front();
}

BufferPtr KeptPackets::restored(BufferPtr packet) {
  const auto came = std::ranges::find_if(
      packets_, [&](const BufferPtr& one) { return GST_BUFFER_PTS(one.get()) == GST_BUFFER_PTS(packet.get()); });
  if (came == packets_.end()) return packet;
  const auto original = *came;
  packets_.erase(packets_.begin(), came + 1);
  if (!has_insertion(Mapped(original.get()).bytes(), Mapped(packet.get()).bytes())) return packet;
  auto same = BufferPtr::adopt(gst_buffer_new());
  gst_buffer_copy_into(same.get(), packet.get(), GST_BUFFER_COPY_METADATA, 0, static_cast<gsize>(-1));
  gst_buffer_copy_into(same.get(), original.get(), GST_BUFFER_COPY_MEMORY, 0, static_cast<gsize>(-1));
  return same;
}

bool has_parameter_sets_beside(const GstCaps* caps) {
  constexpr std::array<std::string_view, 4> kFormats{"avc", "avc3", "hvc1", "hev1"};
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const char* format = gst_structure_get_string(structure, "stream-format");
  const char* alignment = gst_structure_get_string(structure, "alignment");
  return format && std::ranges::find(kFormats, format) != kFormats.end() && alignment &&
         std::string_view(alignment) == "au";
}

}  // namespace klingv2a
