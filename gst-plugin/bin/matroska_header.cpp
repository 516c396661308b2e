// SPDX-License-Identifier: LGPL-2.1-or-later
#include "matroska_header.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "ebml.h"
#include "gst_ptr.h"
#include "upstream_bytes.h"

namespace klingv2a {

using ebml::for_each;
using ebml::to_number;

namespace {

constexpr std::uint64_t kEbmlHeader = 0x1A45DFA3, kSegment = 0x18538067, kTracks = 0x1654AE6B, kCluster = 0x1F43B675;
constexpr std::uint64_t kTrackEntry = 0xAE, kTrackNumber = 0xD7, kCodecId = 0x86, kCodecDelay = 0x56AA;
constexpr std::size_t kMostElements = 64;  // on top of a segment, before its tracks
constexpr guint kLongestHead = 12;         // of an element: an id of 4 bytes, a size of 8
constexpr std::uint64_t kLargestTracks = 16 * 1024 * 1024;

std::optional<ebml::Element> read_head(GstPad* source, std::uint64_t offset) {
  const auto bytes = read_bytes(source, offset, kLongestHead);
  return ebml::read_head(bytes);
}

// Where the segment begins that holds everything behind the EBML header.
std::optional<std::uint64_t> segment_offset(GstPad* source) {
  const auto header = read_head(source, 0);
  if (!header || header->id != kEbmlHeader || header->unknown_size) return std::nullopt;
  return header->head + header->size;
}

Bytes read_tracks(GstPad* source) {
  const auto segment = segment_offset(source);
  const auto head = segment ? read_head(source, *segment) : std::nullopt;
  if (!head || head->id != kSegment) return {};
  std::uint64_t offset = *segment + head->head;
  for (std::size_t i = 0; i < kMostElements; ++i) {
    const auto element = read_head(source, offset);
    if (!element || element->unknown_size || element->id == kCluster) return {};
    offset += element->head;
    if (element->id == kTracks && element->size <= kLargestTracks)
      return read_bytes(source, offset, static_cast<guint>(element->size));
    offset += element->size;
  }
  return {};
}

struct Track {
  std::uint64_t number = 0, delay = 0;
  std::string_view codec;
};

Track read_track(View entry) {
  Track track;
  for_each(entry, [&](std::uint64_t id, View content) {
    if (id == kTrackNumber) track.number = to_number(content);
    if (id == kCodecDelay) track.delay = to_number(content);
    if (id == kCodecId) track.codec = {reinterpret_cast<const char*>(content.data()), content.size()};
  });
  return track;
}

}  // namespace

bool is_cut_off_matroska(GstPad* source, std::uint64_t length) {
  const auto offset = segment_offset(source);
  const auto segment = offset ? read_head(source, *offset) : std::nullopt;
  return segment && segment->id == kSegment && !segment->unknown_size &&
         *offset + segment->head + segment->size > length;
}

CodecDelays codec_delays(GstPad* source) {
  CodecDelays delays;
  const auto tracks = read_tracks(source);
  for_each(tracks, [&](std::uint64_t id, View content) {
    if (id != kTrackEntry) return;
    const auto track = read_track(content);
    if (track.delay > 0 && track.delay < GST_SECOND && track.codec != "A_OPUS") delays[track.number] = track.delay;
  });
  return delays;
}

CodecIds codec_ids(GstPad* source) {
  CodecIds ids;
  const auto tracks = read_tracks(source);
  for_each(tracks, [&](std::uint64_t id, View content) {
    if (id != kTrackEntry) return;
    const auto track = read_track(content);
    ids[track.number] = track.codec;
  });
  return ids;
}

GstClockTime delay_of(const CodecDelays& delays, std::string_view stream_id) {
  const auto slash = stream_id.rfind('/');
  const auto text = stream_id.substr(slash == std::string_view::npos ? 0 : slash + 1);
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  const auto found = delays.find(number);
  return found == delays.end() ? 0 : found->second;
}

}  // namespace klingv2a
