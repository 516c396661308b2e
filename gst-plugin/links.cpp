// SPDX-License-Identifier: LGPL-2.1-or-later
#include "links.h"

#include "downstream.h"
#include "error.h"

namespace klingv2a {

PadPtr Links::audio_pad() {
  const MutexLocker lock(state_.mutex);
  return state_.audio_pad;
}

void Links::check_audio() {
  const auto pad = audio_pad();
  const char* way_out = "link klingv2a's audio pad, for instance: k.audio ! audioconvert ! avenc_aac ! mux.";
  if (!pad || !gst_pad_is_linked(pad.get()))
    throw make_error(ErrorKind::settings, Phase::check, "the pad audio is not linked, so the sound would be lost",
                     way_out);
  const auto caps = CapsPtr::adopt(gst_pad_peer_query_caps(pad.get(), nullptr));
  if (!choose_audio_caps(caps.get()))
    throw make_error(ErrorKind::settings, Phase::check,
                     "what the pad audio is linked to takes no raw audio, but " + to_text(caps.get()), way_out);
}

// Those of streams that only pass through.
std::vector<PadPtr> Links::passing_pads() {
  const MutexLocker lock(state_.mutex);
  std::vector<PadPtr> pads{PadPtr::share(state_.video_pad)};
  for (const auto& companion : state_.companions.all())
    if (companion->announced && companion->source) pads.push_back(companion->source);
  return pads;
}

void Links::check() {
  check_audio();
  for (const auto& pad : passing_pads())
    if (const auto refusal = who_refuses(pad.get()))
      throw make_error(
          ErrorKind::settings, Phase::check,
          std::string("the stream of the pad ") + GST_OBJECT_NAME(pad.get()) + " is not taken: " + *refusal,
          "put what converts it between the two, lead it to another muxer, or leave the pad unlinked");
}

CapsPtr Links::audio_caps() {
  const auto pad = audio_pad();
  {
    const MutexLocker lock(state_.mutex);
    if (state_.audio_caps) return state_.audio_caps;
  }
  const auto peer = CapsPtr::adopt(pad ? gst_pad_peer_query_caps(pad.get(), nullptr) : nullptr);
  auto caps = choose_audio_caps(peer.get());
  if (!caps) caps = choose_audio_caps(nullptr);
  const MutexLocker lock(state_.mutex);
  if (!state_.audio_caps) state_.audio_caps = caps;
  return state_.audio_caps;
}

}  // namespace klingv2a
