// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a clip is known by in the journal: the slices or the payload of its frames, or its reference, and the settings
// that change its sound. Hashed while the frames come in, so that nothing is left to read at the end of a long clip.
#pragma once

#include <string>
#include <vector>

#include "gst_ptr.h"
#include "journal/key.h"
#include "settings.h"

namespace klingv2a {

// The key of a clip that goes to the service. Neither caps nor timestamps, and nothing of how the clip is published or
// conformed. Belongs to one thread at a time.
class ClipKey {
 public:
  explicit ClipKey(const RunSettings& settings);
  // Of the media alone: see planned_key().
  ClipKey() = default;

  // The next buffer of the clip, in decode order, and its caps. Throws Error{input} for a video whose framing is not
  // known, or broken.
  void add(const GstCaps* caps, GstBuffer* buffer);
  // Which of the frames are shown, in decode order.
  void add_shown(const std::vector<bool>& shown);
  // Throws Error{input} for a clip without a picture: its key would be that of every other such clip.
  [[nodiscard]] std::string hex() const;

 private:
  void add_codec(const GstCaps* caps);
  void add_part(std::span<const std::byte> part);
  void add_pixels(const GstCaps* caps, GstBuffer* buffer);

  journal::KeyHash hash_;
  bool codec_known_ = false;
  bool empty_ = true;
};

// The key of a clip of a planned row: `media_key` is what ClipKey has made of its packets and of what is shown of them.
[[nodiscard]] std::string planned_key(const RunSettings& settings, const std::string& media_key);

// The key of a video that the service has already or fetches itself: `video-id`, or `video-url` without its query.
[[nodiscard]] std::string reference_key(const RunSettings& settings);

}  // namespace klingv2a
