// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stream_plan.h"

#include <algorithm>
#include <array>

#include "enum_type.h"
#include "error.h"
#include "plain_text.h"

namespace klingv2a {

namespace {

constexpr std::array kOfVideos{Container::mp4, Container::mov, Container::mkv, Container::webm, Container::ts};

bool has_prefix(const GstCaps* caps, const char* prefix) {
  if (!caps || gst_caps_is_empty(caps) || gst_caps_is_any(caps)) return false;
  return g_str_has_prefix(gst_structure_get_name(gst_caps_get_structure(caps, 0)), prefix);
}

std::string media_of(const InputStream& stream) {
  return gst_structure_get_name(gst_caps_get_structure(stream.caps.get(), 0));
}

// Only what would be taken is advised.
std::string advice_for(const InputStream& video) {
  std::string containers;
  for (const auto container : kOfVideos)
    if (carriage(container, video.caps.get()) != Carriage::none)
      containers += (containers.empty() ? "mux=" : " or mux=") + std::string(traits_of(container).name);
  if (containers.empty())
    return "no container carries it here: encode it first, or ask for the sound alone with mux=wav";
  return "write another container: " + containers;
}

Container choose(const InputStream& video, const Wishes& wishes, std::optional<Container> found) {
  if (wishes.container == Container::wav) return Container::wav;
  const auto takes = [&](Container container) { return carriage(container, video.caps.get()) != Carriage::none; };
  if (wishes.container != Container::automatic) {
    if (takes(wishes.container)) return wishes.container;
    throw make_error(
        ErrorKind::settings, Phase::check,
        std::string(traits_of(wishes.container).muxer) + " cannot carry the video (" + media_of(video) + ")",
        advice_for(video));
  }
  std::vector<Container> order{Container::mkv, Container::mov};
  if (found) order.insert(order.begin(), *found);
  const auto fits = std::ranges::find_if(order, takes);
  if (fits != order.end()) return *fits;
  throw make_error(ErrorKind::input, Phase::check,
                   "no muxer that is installed carries the video (" + media_of(video) + ")",
                   "encode the video first, or ask for the sound alone with mux=wav");
}

Role role_of_original(OriginalAudio original) {
  switch (original) {
    case OriginalAudio::duck:
    case OriginalAudio::mix:
      return Role::mixed;
    case OriginalAudio::replace:
      return Role::replaced;
    case OriginalAudio::separate:
      return Role::copied;
  }
  return Role::mixed;
}

// The default one of its kind, or else the first one; the number of streams: there is none.
std::size_t pick(const std::vector<InputStream>& streams, bool (*is_kind)(const GstCaps*)) {
  const auto fits = [&](const InputStream& stream) { return is_kind(stream.caps.get()); };
  auto found = std::ranges::find_if(streams, [&](const auto& stream) { return stream.is_default && fits(stream); });
  if (found == streams.end()) found = std::ranges::find_if(streams, fits);
  return static_cast<std::size_t>(found - streams.begin());
}

// Where the first audio was, if it goes; else behind all others.
std::size_t place_of_sound(const StreamPlan& plan, const std::vector<InputStream>& streams) {
  for (std::size_t i = 0; i < streams.size(); ++i)
    if (is_audio(streams[i].caps.get()) && (plan.roles[i] == Role::mixed || plan.roles[i] == Role::replaced)) return i;
  return streams.size();
}

std::string describe_loss(const InputStream& stream, Container container) {
  if (is_video(stream.caps.get()))
    return "the stream " + stream.name + " (" + media_of(stream) + ") is left out: only one video is taken";
  return "the stream " + stream.name + " (" + media_of(stream) + ") is left out: " + traits_of(container).muxer +
         " does not carry it";
}

// Pango's markup is made by demuxers of texts that mostly have none.
bool loses_its_looks(const InputStream& stream, Carriage way) {
  return way == Carriage::plain_text && markup_of(stream.caps.get()) != Markup::pango;
}

std::string describe_loss_of_looks(const InputStream& stream, Container container) {
  return "the subtitles " + stream.name + " (" + media_of(stream) + ") become plain text: how they look and where " +
         "they stand is left out, since " + traits_of(container).muxer + " does not carry it";
}

// What the muxer makes of a stream that is to be copied.
Role copy_of(const InputStream& stream, StreamPlan& plan) {
  const auto way = carriage(plan.container, stream.caps.get());
  // klingv2a has one place for a video, and its companions are other media.
  const bool is_lost = way == Carriage::none || is_video(stream.caps.get());
  if (is_lost) plan.lost.push_back(describe_loss(stream, plan.container));
  if (!is_lost && loses_its_looks(stream, way)) plan.lost.push_back(describe_loss_of_looks(stream, plan.container));
  return is_lost ? Role::lost : Role::copied;
}

}  // namespace

bool is_video(const GstCaps* caps) {
  return has_prefix(caps, "video/") || has_prefix(caps, "image/");
}

bool is_audio(const GstCaps* caps) {
  return has_prefix(caps, "audio/");
}

StreamPlan make_plan(const std::vector<InputStream>& streams, const Wishes& wishes, std::optional<Container> found) {
  const auto video = pick(streams, is_video);
  if (video == streams.size())
    throw make_error(ErrorKind::input, Phase::check, "the input holds no video that can be read",
                     "check the file with gst-discoverer-1.0; the service makes a sound for a video");
  StreamPlan plan;
  plan.container = choose(streams[video], wishes, found);
  plan.original = pick(streams, is_audio);
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const auto& stream = streams[i];
    Role role = Role::copied;
    if (i == video) role = Role::dubbed;
    if (i == plan.original) role = role_of_original(wishes.original);
    if (role == Role::copied && plan.container == Container::wav) role = Role::replaced;
    plan.roles.push_back(role == Role::copied ? copy_of(stream, plan) : role);
  }
  plan.sound_place = place_of_sound(plan, streams);
  return plan;
}

GType original_audio_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(OriginalAudio::duck), "Lower the generated sound under it", "duck"},
      {static_cast<int>(OriginalAudio::mix), "Add both", "mix"},
      {static_cast<int>(OriginalAudio::replace), "Leave it out", "replace"},
      {static_cast<int>(OriginalAudio::separate), "Keep it as a stream of its own", "separate"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return enum_type(&type, "GstKlingV2AOriginalAudio", values);
}

}  // namespace klingv2a
