// SPDX-License-Identifier: LGPL-2.1-or-later
#include "written_frames.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "ebml.h"
#include "edit_list.h"

namespace klingv2a {

namespace {

using Span = std::span<const std::uint8_t>;

constexpr std::uint64_t kSegment = 0x18538067, kTracks = 0x1654AE6B, kTrackEntry = 0xAE, kCluster = 0x1F43B675;
constexpr std::uint64_t kBlockGroup = 0xA0, kBlock = 0xA1, kSimpleBlock = 0xA3, kTrackNumber = 0xD7, kTrackType = 0x83;
constexpr std::array kWithin{kSegment, kTracks, kTrackEntry, kCluster, kBlockGroup};
constexpr std::array kLookedAt{kBlock, kSimpleBlock, kTrackNumber, kTrackType};
constexpr std::uint64_t kVideoType = 1;
constexpr std::size_t kMostOfContent = 8;  // a number, or a block's track

constexpr std::size_t kTsPacket = 188;

template <std::size_t N>
bool contains(const std::array<std::uint64_t, N>& ids, std::uint64_t id) {
  return std::ranges::find(ids, id) != ids.end();
}

// A block begins with the number of its track: as many bytes as the first one has leading zeros, and one.
std::optional<std::uint64_t> track_of(Span block) {
  const auto size = block.empty() ? 0U : static_cast<std::size_t>(std::countl_zero(block[0])) + 1U;
  if (size == 0 || size > block.size()) return std::nullopt;
  std::uint64_t number = 0;
  for (const auto byte : block.first(size)) number = number << 8U | byte;
  return number & ((std::uint64_t{1} << (7 * size)) - 1);
}

bool starts_video(Span packet) {
  constexpr unsigned kSync = 0x47, kStart = 0x40, kAdaptation = 0x20, kPayload = 0x10;
  if (packet[0] != kSync || !(packet[1] & kStart) || !(packet[3] & kPayload)) return false;
  const std::size_t at = 4U + (packet[3] & kAdaptation ? 1U + packet[4] : 0U);
  if (at + 4 > packet.size()) return false;
  const auto pes = packet.subspan(at, 4);
  return pes[0] == 0 && pes[1] == 0 && pes[2] == 1 && (pes[3] & 0xF0U) == 0xE0U;
}

std::optional<std::uint64_t> pictures_of_moov(Span bytes) {
  constexpr std::size_t kHeader = 8;
  if (bytes.size() < kHeader || std::memcmp(bytes.data() + 4, "moov", 4) != 0) return std::nullopt;
  for (const auto& track : list_tracks(bytes))
    if (track.handler == "vide") return track.samples;
  return std::nullopt;
}

}  // namespace

void MatroskaBlocks::take(Span bytes) {
  while (!bytes.empty()) {
    if (skip_ > 0) {
      const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
      skip_ -= skipped;
      bytes = bytes.subspan(skipped);
      continue;
    }
    head_.push_back(bytes.front());
    bytes = bytes.subspan(1);
    if (look()) head_.clear();
  }
}

bool MatroskaBlocks::look() {
  constexpr std::size_t kLongestHead = 12;
  const auto element = ebml::read_head(head_);
  if (!element) return head_.size() >= kLongestHead;  // no element: what follows is not understood either
  if (contains(kWithin, element->id)) return true;
  const std::size_t at_hand = head_.size() - element->head;
  if (contains(kLookedAt, element->id)) {
    const auto wanted = std::min<std::uint64_t>(element->size, kMostOfContent);
    if (at_hand < wanted) return false;
    note(element->id, Span(head_).subspan(element->head));
  }
  skip_ = element->size - at_hand;
  return true;
}

void MatroskaBlocks::note(std::uint64_t id, Span content) {
  std::uint64_t number = 0;
  for (const auto byte : content) number = number << 8U | byte;
  if (id == kTrackNumber) track_ = number;
  if (id == kTrackType) types_[track_] = number;
  if (id == kTrackNumber || id == kTrackType) return;
  if (const auto track = track_of(content)) ++blocks_[*track];
}

std::uint64_t MatroskaBlocks::pictures() const {
  std::uint64_t pictures = 0;
  for (const auto& [track, type] : types_)
    if (const auto blocks = blocks_.find(track); type == kVideoType && blocks != blocks_.end())
      pictures += blocks->second;
  return pictures;
}

void TsPictures::take(Span bytes) {
  rest_.insert(rest_.end(), bytes.begin(), bytes.end());
  std::size_t at = 0;
  for (; at + kTsPacket <= rest_.size(); at += kTsPacket)
    if (starts_video(Span(rest_).subspan(at, kTsPacket))) ++pictures_;
  rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(at));
}

void WrittenFrames::set_container(Container container) {
  const MutexLocker lock(mutex_);
  container_ = container;
}

void WrittenFrames::take(GstBuffer* buffer) {
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
  const Span bytes(map.data, map.size);
  {
    const MutexLocker lock(mutex_);
    const bool matroska = container_ == Container::mkv || container_ == Container::webm;
    const auto known =
        static_cast<std::size_t>(std::min<std::uint64_t>(seen_ - std::min(seen_, offset_), bytes.size()));
    offset_ += bytes.size();
    seen_ = std::max(seen_, offset_);
    if (matroska) matroska_.take(bytes.subspan(known));
    if (container_ == Container::ts) ts_.take(bytes);
    if (const auto found = traits_of(container_).edit_lists ? pictures_of_moov(bytes) : std::nullopt) in_moov_ = found;
  }
  gst_buffer_unmap(buffer, &map);
}

void WrittenFrames::goes_to(std::uint64_t offset) {
  const MutexLocker lock(mutex_);
  offset_ = offset;
}

std::optional<std::uint64_t> WrittenFrames::count() {
  const MutexLocker lock(mutex_);
  if (container_ == Container::mkv || container_ == Container::webm) return matroska_.pictures();
  if (container_ == Container::ts && ts_.pictures() > 0) return ts_.pictures();
  return in_moov_;
}

}  // namespace klingv2a
