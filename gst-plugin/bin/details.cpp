// SPDX-License-Identifier: LGPL-2.1-or-later
#include "details.h"

#include <algorithm>
#include <charconv>

#include "matroska_details.h"
#include "movie_details.h"
#include "upstream_bytes.h"

namespace klingv2a {

namespace {

constexpr std::size_t kMostSentences = 64;

bool leaves(const Detail& detail, const TrackUses& uses) {
  if (detail.scope == Scope::file) return true;
  const auto use = uses.find(detail.track);
  return use != uses.end() && (detail.scope == Scope::track || use->second == TrackUse::copied);
}

std::string sentence(const Detail& detail, Container container) {
  const std::string owner = detail.track == 0 ? " of the file" : " of track " + std::to_string(detail.track);
  return detail.what + owner + " is left out: " + traits_of(container).muxer + " does not write it";
}

}  // namespace

Fate fate_in(const Fates& fates, Container container) {
  switch (container) {
    case Container::mp4:
    case Container::mov:
      return fates.movie;
    case Container::ts:
      return fates.transport;
    case Container::wav:
      return Fate::rebuilt;  // the sound alone is asked for
    default:
      return fates.matroska;
  }
}

FileDetails read_details(GstPad* sink) {
  const auto source = readable_upstream(sink);
  if (!source) return {};
  try {
    auto movie = read_movie_details(source.get());
    return movie.movie.empty() ? read_matroska_details(source.get()) : movie;
  } catch (const Malformed&) {
    FileDetails unread;
    unread.details.push_back({"what the file says beside its streams, which cannot be read,", Scope::file, 0, {}});
    return unread;
  }
}

std::vector<std::string> lost_details(const FileDetails& file, Container container, const TrackUses& uses) {
  std::vector<std::string> lost;
  std::size_t more = 0;
  for (const auto& detail : file.details) {
    if (fate_in(detail.fates, container) != Fate::reported || !leaves(detail, uses)) continue;
    auto text = sentence(detail, container);
    if (std::ranges::find(lost, text) != lost.end()) continue;
    if (lost.size() < kMostSentences)
      lost.push_back(std::move(text));
    else
      ++more;
  }
  if (more > 0) lost.push_back(std::to_string(more) + " more details of the file are left out");
  return lost;
}

std::uint64_t track_of(std::string_view stream_id) {
  const auto slash = stream_id.rfind('/');
  const auto text = stream_id.substr(slash == std::string_view::npos ? 0 : slash + 1);
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace klingv2a
