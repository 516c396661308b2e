// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How a video gets into a small pipeline that looks at its pictures: an appsrc and, for coded video, a decoder. It is
// bounded: who feeds waits while 4 buffers wait to be decoded.
//
// Threads: push() and end() by whoever feeds, one at a time; abandon() on any. One mutex guards the count of waiting
// buffers and the flags; nothing is called while it is held.
#pragma once

#include <functional>
#include <optional>

#include "gst_ptr.h"
#include "inner_pipeline.h"
#include "mutex.h"
#include "nanoseconds.h"

namespace klingv2a {

[[nodiscard]] bool is_raw_video(const GstCaps* caps);

class VideoFeed {
 public:
  VideoFeed() = default;
  VideoFeed(const VideoFeed&) = delete;
  VideoFeed& operator=(const VideoFeed&) = delete;

  // Gets the pad that gives raw pictures, and its caps; it may throw Error.
  using Link = std::function<void(GstPad*, const GstCaps*)>;
  enum class Threads { many, one };  // of the decoder

  // Adds the elements for a video of fixed `caps` to `pipeline`, which this object outlives, and which is to be started
  // afterwards. `link` is called at once for raw video, otherwise on a thread of the pipeline: its Error is then an
  // ERROR of the pipeline. Throws Error{settings} for a missing element, and what `link` throws.
  void attach(InnerPipeline& pipeline, const CapsPtr& caps, Link link, Threads threads = Threads::many);

  // The next buffer, in decode order, with the running time of its PTS if it has one. False when abandoned. Throws the
  // pipeline's error.
  [[nodiscard]] bool push(const CapsPtr& caps, const BufferPtr& buffer, std::optional<Nanoseconds> running_time);
  // No more comes.
  void end();
  // Wakes push() and makes every further one return at once.
  void abandon();
  [[nodiscard]] bool is_abandoned() const;

  // The running time that was pushed, from a valid time in the pipeline.
  [[nodiscard]] static Nanoseconds running_time(GstClockTime time);

 private:
  static GstPadProbeReturn on_taken(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static void on_decoded(GstElement* decoder, GstPad* pad, gpointer self);
  void add_decoder(Threads threads);
  [[nodiscard]] bool wait_for_room();
  void note_failure();

  InnerPipeline* pipeline_ = nullptr;  // these three are set once
  GstElement* source_ = nullptr;       // owned by the pipeline
  Link link_;
  CapsPtr caps_;  // the feeder's
  mutable Mutex mutex_;
  Condition changed_;
  unsigned waiting_ GUARDED_BY(mutex_) = 0;
  bool abandoned_ GUARDED_BY(mutex_) = false;
  bool failed_ GUARDED_BY(mutex_) = false;
};

}  // namespace klingv2a
