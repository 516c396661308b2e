// SPDX-License-Identifier: LGPL-2.1-or-later
#include "row/recorded_cuts.h"

#include <algorithm>
#include <array>
#include <utility>

#include "clip_key.h"
#include "journal/location.h"

namespace klingv2a {

namespace {

using plan::Place;

constexpr std::array kPlaces{Place::edge, Place::shot_change, Place::gradual, Place::inside};
constexpr const char* kRemux = "remux";
constexpr const char* kTranscode = "transcode";

std::optional<Place> place_of(const std::string& word) {
  const auto* found = std::ranges::find_if(kPlaces, [&](Place place) { return word == plan::to_string(place); });
  return found == kPlaces.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::string media_key_of(const RangePackets& packets) {
  ClipKey key;
  for (const auto& packet : packets.packets) key.add(packet.caps.get(), packet.buffer.get());
  key.add_shown(packets.shown);
  return key.hex();
}

RecordedCuts::RecordedCuts(Settings settings, const std::string& beginning, const GObjectPtr<GCancellable>& cancel)
    : settings_(std::move(settings)),
      clock_(make_system_clock()),
      plans_(
          std::make_unique<journal::Plans>(journal::locate(settings_.journal, settings_.base_url), *clock_, cancel)) {
  go_on_after(beginning);
}

void RecordedCuts::go_on_after(const std::string& media_key) {
  before_ = media_key;
  records_ = plans_->cuts_after(before_);
  newest_ = records_.empty() ? 0 : records_.back().id;
}

std::optional<RecordedCuts::Found> RecordedCuts::find(const RowMedia& media, const plan::Border& begin, bool is_ended,
                                                      bool& must_wait) {
  // The newest wins, whenever it is asked for. What does not fit never will.
  for (; !records_.empty(); records_.pop_back()) {
    plan::PlannedClip clip;
    const auto& record = records_.back();
    const Fits fits = fit(record, media, begin, is_ended, clip);
    if (fits == Fits::yes) return Found{clip, record.music};
    must_wait = fits == Fits::not_known;
    if (must_wait) return std::nullopt;
  }
  return std::nullopt;
}

// Loops and black beginnings look alike: it is taken only when it makes the very clip, and leaves a rest that is none
// or may be a clip.
RecordedCuts::Fits RecordedCuts::fit(const journal::Cut& record, const RowMedia& media, const plan::Border& begin,
                                     bool is_ended, plan::PlannedClip& clip) const {
  const plan::Settings limits;
  const auto ends = place_of(record.place_end);
  const auto unknown = is_ended ? Fits::no : Fits::not_known;
  if (!ends || place_of(record.place_begin) != begin.place || (record.way != kRemux && record.way != kTranscode))
    return Fits::no;
  const auto end = media.frame_at(begin.at, record.frames);
  const auto shown_begin = media.frame_at(begin.at, -record.frames_before);
  if (!end || !shown_begin) return unknown;
  const auto shown_end = media.frame_at(*end, record.frames_after);
  if (!shown_end) return unknown;
  const bool is_end = is_ended && *end >= media.end_time();
  if ((*ends == Place::edge) != is_end) return Fits::no;
  if (*shown_end - *shown_begin > limits.longest + kSecond) return Fits::no;
  if (!is_ended && media.known_until() < *end + limits.shortest) return Fits::not_known;
  if (!is_end && is_ended && media.end_time() - *end < limits.shortest) return Fits::no;
  clip = {.range = {begin.at, *end},
          .shown = {*shown_begin, *shown_end},
          .way = record.way == kRemux ? plan::Way::remux : plan::Way::transcode,
          .paid = true,
          .begins_at = begin,
          .ends_at = {.at = *end, .place = *ends}};
  return media_key_of(media.packets_of(clip.shown)) == record.media_key ? Fits::yes : Fits::no;
}

bool RecordedCuts::write(const RowMedia& media, const RowPlace& place, const std::string& media_key,
                         const std::string& music) {
  if (!settings_.is_written) return true;
  const journal::Cut cut{.before = before_,
                         .media_key = media_key,
                         .frames_before = media.count({place.shown.begin, place.range.begin}),
                         .frames = media.count(place.range),
                         .frames_after = media.count({place.range.end, place.shown.end}),
                         .place_begin = plan::to_string(place.begins),
                         .place_end = plan::to_string(place.ends),
                         .way = place.is_transcoded ? kTranscode : kRemux,
                         .planner = settings_.planner,
                         .music = music};
  if (plans_->write_unless_overtaken(cut, newest_)) return true;
  go_on_after(before_);
  return false;
}

}  // namespace klingv2a
