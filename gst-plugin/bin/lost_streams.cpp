// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lost_streams.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "edit_list.h"

namespace klingv2a {

namespace {

constexpr std::array<std::string_view, 7> kDemuxed{"vide", "soun", "text", "sbtl", "subt", "subp", "clcp"};

bool has_list_of_chapters(View moov) {
  try {
    return !movie::find(moov, {"udta", "chpl"}).empty();
  } catch (const movie::Malformed&) {
    return false;
  }
}

std::string sentence(const TrackSummary& track) {
  const std::string what = track.chapters            ? "the chapters are"
                           : track.handler == "tmcd" ? "the timecode track is"
                                                     : "a track of data (" + track.handler + ") is";
  return what + " left out, because GStreamer's demuxer does so";
}

}  // namespace

std::vector<std::string> tracks_not_demuxed(View moov, std::size_t handed_out, bool keeps_list) {
  std::vector<std::string> lost;
  std::size_t expected = 0;
  const bool has_chapters = keeps_list && has_list_of_chapters(moov);
  for (const auto& track : list_tracks(moov)) {
    if (track.chapters && has_chapters) continue;
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
