// SPDX-License-Identifier: LGPL-2.1-or-later
#include "video_feed.h"

#include <gst/app/gstappsrc.h>

#include <utility>

#include "trusted_decoder.h"

namespace klingv2a {

namespace {

constexpr unsigned kMostWaiting = 4;
// Far from 0: frames before the segment's start have negative running times, and their DTS lie before their PTS.
constexpr GstClockTime kBase = 3600 * GST_SECOND;

// A shallow copy on the timeline of the small pipeline.
BufferPtr moved_to(const BufferPtr& buffer, std::optional<Nanoseconds> running_time) {
  auto copy = BufferPtr::adopt(gst_buffer_copy(buffer.get()));
  if (!running_time) {
    GST_BUFFER_PTS(copy.get()) = GST_BUFFER_DTS(copy.get()) = GST_CLOCK_TIME_NONE;
    return copy;
  }
  const auto time = static_cast<GstClockTime>(static_cast<Nanoseconds>(kBase) + *running_time);
  const bool has_pts = GST_BUFFER_PTS_IS_VALID(buffer.get()), has_dts = GST_BUFFER_DTS_IS_VALID(buffer.get());
  const auto delay =
      has_pts && has_dts ? GST_CLOCK_DIFF(GST_BUFFER_DTS(buffer.get()), GST_BUFFER_PTS(buffer.get())) : 0;
  GST_BUFFER_PTS(copy.get()) = has_pts ? time : GST_CLOCK_TIME_NONE;
  GST_BUFFER_DTS(copy.get()) = has_dts ? time - static_cast<GstClockTime>(delay) : GST_CLOCK_TIME_NONE;
  return copy;
}

// Each thread of libav's decoders keeps pictures of its own.
void use_one_thread(GstBin*, GstBin*, GstElement* element, gpointer) {
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), "max-threads"))
    g_object_set(element, "max-threads", 1, nullptr);
}

}  // namespace

bool is_raw_video(const GstCaps* caps) {
  return gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw");
}

Nanoseconds VideoFeed::running_time(GstClockTime time) {
  return static_cast<Nanoseconds>(time) - static_cast<Nanoseconds>(kBase);
}

void VideoFeed::attach(InnerPipeline& pipeline, const CapsPtr& caps, Link link, Threads threads) {
  pipeline_ = &pipeline;
  link_ = std::move(link);
  source_ = pipeline.add("appsrc");
  g_object_set(source_, "format", GST_FORMAT_TIME, "max-bytes", guint64{0}, "caps", caps.get(), nullptr);
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(source_, "src"));
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, on_taken, this, nullptr);
  pipeline.on_error([this] { note_failure(); });
  if (is_raw_video(caps.get()))
    link_(pad.get(), caps.get());
  else
    add_decoder(threads);
}

void VideoFeed::add_decoder(Threads threads) {
  GstElement* decoder = pipeline_->add("decodebin");
  trust_only(decoder, Trusted::codecs);
  if (threads == Threads::one) g_signal_connect(decoder, "deep-element-added", G_CALLBACK(use_one_thread), nullptr);
  pipeline_->link({source_, decoder});
  g_signal_connect(decoder, "pad-added", G_CALLBACK(on_decoded), this);
}

// As soon as the decoder has its first picture.
void VideoFeed::on_decoded(GstElement* decoder, GstPad* pad, gpointer self) {
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
  if (!caps) GST_ELEMENT_ERROR(decoder, STREAM, FORMAT, ("the decoder finds no frame"), (nullptr));
  if (!caps || !is_raw_video(caps.get())) return;
  try {
    static_cast<VideoFeed*>(self)->link_(pad, caps.get());
  } catch (const Error& error) {
    GST_ELEMENT_ERROR(decoder, STREAM, FORMAT, ("%s", error.what()), (nullptr));
  }
}

GstPadProbeReturn VideoFeed::on_taken(GstPad*, GstPadProbeInfo*, gpointer self) {
  auto& feed = *static_cast<VideoFeed*>(self);
  {
    const MutexLocker lock(feed.mutex_);
    if (feed.waiting_ > 0) --feed.waiting_;
  }
  feed.changed_.notify_all();
  return GST_PAD_PROBE_OK;
}

bool VideoFeed::wait_for_room() {
  const MutexLocker lock(mutex_);
  while (!abandoned_ && !failed_ && waiting_ >= kMostWaiting) changed_.wait(mutex_);
  if (abandoned_) return false;
  ++waiting_;
  return true;
}

bool VideoFeed::push(const CapsPtr& caps, const BufferPtr& buffer, std::optional<Nanoseconds> running_time) {
  if (!wait_for_room()) return false;
  if (const auto error = pipeline_->posted_error()) throw Error(*error);
  auto* source = GST_APP_SRC(source_);
  if (caps.get() != caps_.get()) gst_app_src_set_caps(source, caps.get());
  caps_ = caps;
  gst_app_src_push_buffer(source, moved_to(buffer, running_time).to_c());
  return true;
}

void VideoFeed::end() {
  gst_app_src_end_of_stream(GST_APP_SRC(source_));
}

void VideoFeed::abandon() {
  {
    const MutexLocker lock(mutex_);
    abandoned_ = true;
  }
  changed_.notify_all();
}

bool VideoFeed::is_abandoned() const {
  const MutexLocker lock(mutex_);
  return abandoned_;
}

void VideoFeed::note_failure() {
  {
    const MutexLocker lock(mutex_);
    failed_ = true;
  }
  changed_.notify_all();
}

}  // namespace klingv2a
