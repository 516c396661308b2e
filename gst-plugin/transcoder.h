// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Makes the pictures of a proxy where the clip's own packets would be refused: anything that GStreamer decodes becomes
// 8-bit 4:2:0 progressive H.264 of 720p or 1080p, while the clip comes in, so that little is left to do at its end.
// Every frame keeps its time; those beyond 60 a second are left out.
//
// Threads: push() and end() by whoever feeds (the streaming thread while the clip comes in, later the cycle thread),
// one at a time; finish() on the cycle thread; abandon() on any. Inside, a small pipeline runs on threads of its own.
// One mutex guards what is known of the encoder; nothing is called while it is held.
#pragma once

#include <gio/gio.h>
#include <gst/gst.h>

#include <memory>
#include <optional>
#include <string>

#include "clip_timeline.h"
#include "clock.h"
#include "gst_ptr.h"
#include "plan/plan.h"
#include "proxy_writer.h"

namespace klingv2a {

struct TranscodeSettings {
  std::string orientation;           // the tag image-orientation; empty: upright
  guint bitrate_kbit = 0;            // kbit/s
  std::optional<plan::Range> shown;  // running times: other pictures are decoded only; nothing: all are shown
};

// The encoder that works, and whether its settings for speed and memory are known here.
struct EncoderInUse {
  std::string factory;
  bool known = false;
};

// Whether this GStreamer has a decoder for fixed `caps`; raw video needs none.
[[nodiscard]] bool can_decode(const GstCaps* caps);
// H.264, and whether this GStreamer has an encoder for it.
[[nodiscard]] CapsPtr proxy_coding();
[[nodiscard]] bool can_encode();

class Transcoder {
 public:
  // Starts for a video of `caps`. Throws Error{settings} for a missing element.
  Transcoder(const CapsPtr& caps, const TranscodeSettings& settings);
  // Never waits: what still runs is stopped on a thread of its own.
  ~Transcoder();
  Transcoder(const Transcoder&) = delete;
  Transcoder& operator=(const Transcoder&) = delete;

  // The next buffer, in decode order, with the running time of its PTS if it has one. Waits while 4 buffers wait to be
  // decoded. False when abandoned. Throws Error{input} for a video that cannot be transcoded.
  [[nodiscard]] bool push(const CapsPtr& caps, const BufferPtr& buffer, std::optional<Nanoseconds> running_time);
  // No more comes.
  void end();
  // Wakes push() and makes every further one return at once.
  void abandon();

  // Waits for the last picture. Access units in avc framing on the clip's running time, for write_proxy(). Throws
  // Error{input} for a video that cannot be decoded, Error{cancelled}.
  [[nodiscard]] ClipFrames finish(GCancellable* cancel);
  [[nodiscard]] EncoderInUse encoder() const;

 private:
  class Work;
  const std::shared_ptr<Work> work_;
};

// The transcoded frames of a clip, made to cover all of it: pictures that could not be decoded at its ends (leading
// ones without a reference) are stood in for by their neighbour. Throws Error{input} when more than half a second is
// missing.
[[nodiscard]] ClipFrames cover(ClipFrames frames, const ClipTimeline& timeline);

}  // namespace klingv2a
