// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clip_key.h"

#include "journal/key.h"
#include "slice_data.h"

namespace klingv2a {

namespace {

void add_settings(journal::KeyHash& key, const RunSettings& settings) {
  const auto& request = settings.cycle.request;
  key.add_field("service", journal::normalized_base_url(settings.cycle.service.base_url));
  key.add_field("sound-effect-prompt", request.sound_effect_prompt);
  key.add_field("bgm-prompt", request.bgm_prompt);
  key.add_field("asmr-mode", request.asmr_mode ? "true" : "false");
  key.add_field("take", std::to_string(settings.take));
}

}  // namespace

std::string clip_key(const ClipFrames& clip, const RunSettings& settings) {
  journal::KeyHash key;
  add_settings(key, settings);
  key.add_field("codec", codec_name(clip.caps.get()));
  bool empty = true;
  visit_slices(clip, [&](std::span<const std::byte> slice) {
    key.add_slice(slice);
    empty = false;
  });
  // Its key would be that of every other clip without a slice.
  if (empty) throw make_error(ErrorKind::input, Phase::hold, "no frame of the clip holds a picture");
  return key.hex();
}

std::string reference_key(const RunSettings& settings) {
  const auto& request = settings.cycle.request;
  journal::KeyHash key;
  add_settings(key, settings);
  key.add_field("video-id", request.video_id);
  key.add_field("video-url", journal::normalized_video_url(request.video_url));
  return key.hex();
}

}  // namespace klingv2a
