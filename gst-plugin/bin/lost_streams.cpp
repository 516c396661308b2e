// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lost_streams.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "edit_list.h"
#include "gst_ptr.h"
#include "upstream_bytes.h"

namespace klingv2a {

namespace {

constexpr guint64 kLargestMoov = 256ull * 1024 * 1024;
constexpr std::array<std::string_view, 7> kDemuxed{"vide", "soun", "text", "sbtl", "subt", "subp", "clcp"};

Bytes read_moov(GstPad* source) {
  Bytes moov;
  for_each_mp4_box(source, [&](const Mp4Box& box) {
    if (box.is_moov && box.size <= kLargestMoov) moov = read_bytes(source, box.offset, static_cast<guint>(box.size));
    return !box.is_moov;
  });
  return moov;
}

std::string sentence(const TrackSummary& track) {
  const std::string what = track.chapters            ? "the chapters are"
                           : track.handler == "tmcd" ? "the timecode track is"
                                                     : "a track of data (" + track.handler + ") is";
  return what + " left out, because GStreamer's demuxer does so";
}

}  // namespace

std::vector<std::string> tracks_not_demuxed(GstPad* sink, std::size_t handed_out) {
  const auto source = readable_upstream(sink);
  if (!source) return {};
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
