// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lost_streams.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "edit_list.h"
#include "gst_ptr.h"
#include "log.h"

namespace klingv2a {

namespace {

constexpr std::size_t kMostBoxes = 256;
constexpr guint64 kLargestMoov = 256ull * 1024 * 1024;
constexpr std::array<std::string_view, 7> kDemuxed{"vide", "soun", "text", "sbtl", "subt", "subp", "clcp"};

Bytes read(GstPad* source, guint64 offset, guint size) {
  GstBuffer* raw = nullptr;
  if (gst_pad_get_range(source, offset, size, &raw) != GST_FLOW_OK) return {};
  const auto buffer = BufferPtr::adopt(raw);
  Bytes bytes(gst_buffer_get_size(raw));
  gst_buffer_extract(raw, 0, bytes.data(), bytes.size());
  return bytes;
}

struct Box {
  guint64 size = 0;
  bool is_moov = false;
};

std::optional<Box> read_header(GstPad* source, guint64 offset) {
  const auto head = read(source, offset, 16);
  if (head.size() < 8) return std::nullopt;
  guint64 size = GST_READ_UINT32_BE(head.data());
  if (size == 1 && head.size() == 16) size = GST_READ_UINT64_BE(head.data() + 8);
  if (size < 8) return std::nullopt;
  return Box{size, std::memcmp(head.data() + 4, "moov", 4) == 0};
}

Bytes read_moov(GstPad* source) {
  guint64 offset = 0;
  for (std::size_t i = 0; i < kMostBoxes; ++i) {
    const auto box = read_header(source, offset);
    if (!box) return {};
    if (box->is_moov) return box->size > kLargestMoov ? Bytes() : read(source, offset, static_cast<guint>(box->size));
    offset += box->size;
  }
  return {};
}

std::string sentence(const TrackSummary& track) {
  const std::string what = track.chapters            ? "the chapters are"
                           : track.handler == "tmcd" ? "the timecode track is"
                                                     : "a track of data (" + track.handler + ") is";
  return what + " left out, because GStreamer's demuxer does so";
}

}  // namespace

std::vector<std::string> tracks_not_demuxed(GstPad* sink, std::size_t handed_out) {
  const auto source = PadPtr::adopt(gst_pad_get_peer(sink));
  if (!source || GST_PAD_MODE(source.get()) != GST_PAD_MODE_PULL) return {};
  std::vector<std::string> lost;
  std::size_t expected = 0;
  for (const auto& track : list_tracks(read_moov(source.get()))) {
    const bool demuxed = std::ranges::find(kDemuxed, track.handler) != kDemuxed.end();
    if (track.chapters || !demuxed)
      lost.push_back(sentence(track));
    else
      ++expected;
  }
  // qtdemux takes tracks of less than a fifth of the file for preview pictures.
  if (expected > handed_out)
    lost.push_back(
        std::to_string(expected - handed_out) +
        " of the tracks left out, because GStreamer's demuxer does so with tracks that are much shorter than "
        "the file");
  return lost;
}

}  // namespace klingv2a
