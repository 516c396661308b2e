// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transcoder.h"

#include <gst/app/gstappsrc.h>

#include <algorithm>
#include <utility>

#include "clip_limits.h"
#include "factories.h"
#include "h264_encoder.h"
#include "inner_pipeline.h"
#include "log.h"
#include "mutex.h"
#include "picture_chain.h"
#include "reaper.h"
#include "sample_collector.h"
#include "trusted_decoder.h"

namespace klingv2a {

namespace {

constexpr Seconds kDeadline{300};
constexpr unsigned kMostWaiting = 4;
// Far from 0: frames before the segment's start have negative running times, and their DTS lie before their PTS.
constexpr GstClockTime kBase = 3600 * GST_SECOND;

bool is_raw(const GstCaps* caps) {
  return gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw");
}

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

}  // namespace

// A parser brings the packets into the form that a decoder takes.
bool can_decode(const GstCaps* caps) {
  if (is_raw(caps)) return true;
  const auto any_form = CapsPtr::adopt(gst_caps_copy(caps));
  for (const auto* field : {"stream-format", "alignment"})
    gst_structure_remove_field(gst_caps_get_structure(any_form.get(), 0), field);
  return has_factory_for(GST_ELEMENT_FACTORY_TYPE_DECODER, any_form.get(), GST_PAD_SINK);
}

CapsPtr proxy_coding() {
  return CapsPtr::adopt(gst_caps_new_empty_simple("video/x-h264"));
}

bool can_encode() {
  return has_factory_for(GST_ELEMENT_FACTORY_TYPE_VIDEO_ENCODER, proxy_coding().get(), GST_PAD_SRC);
}

// All that the small pipeline's threads use, so that it can outlive the Transcoder.
class Transcoder::Work {
 public:
  Work(const CapsPtr& caps, TranscodeSettings settings)
      : settings_(std::move(settings)), collector_(limits::kMaxBytes + 1), pipeline_(Phase::proxy, ErrorKind::input) {
    source_ = pipeline_.add("appsrc");
    g_object_set(source_, "format", GST_FORMAT_TIME, "max-bytes", guint64{0}, "caps", caps.get(), nullptr);
    const auto pad = PadPtr::adopt(gst_element_get_static_pad(source_, "src"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, on_taken, this, nullptr);
    pipeline_.on_error([this] { note_failure(); });
    build_output();
    if (is_raw(caps.get()))
      link_pictures(pad.get(), caps.get());
    else
      add_decoder();
    pipeline_.start();
  }
  ~Work() = default;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  bool push(const CapsPtr& caps, BufferPtr buffer) {
    {
      const MutexLocker lock(mutex_);
      while (!abandoned_ && !failed_ && waiting_ >= kMostWaiting) changed_.wait(mutex_);
      if (abandoned_) return false;
      ++waiting_;
    }
    if (const auto error = pipeline_.posted_error()) throw Error(*error);
    auto* source = GST_APP_SRC(source_);
    if (caps.get() != caps_.get()) gst_app_src_set_caps(source, caps.get());
    caps_ = caps;
    gst_app_src_push_buffer(source, buffer.to_c());
    return true;
  }

  void abandon() {
    {
      const MutexLocker lock(mutex_);
      abandoned_ = true;
    }
    changed_.notify_all();
  }

  void end() { gst_app_src_end_of_stream(GST_APP_SRC(source_)); }

  ClipFrames finish(GCancellable* cancel) {
    pipeline_.wait_until_eos(cancel, kDeadline);
    ClipFrames frames;
    frames.buffers = collector_.take();
    frames.caps = collector_.caps();
    const auto times = collector_.running_times();
    for (std::size_t i = 0; i < frames.buffers.size(); ++i)
      frames.frames.push_back({static_cast<Nanoseconds>(times[i]) - static_cast<Nanoseconds>(kBase),
                               GST_BUFFER_DURATION(frames.buffers[i].get())});
    limits::check_bytes(collector_.total_bytes());
    return frames;
  }

  [[nodiscard]] EncoderInUse encoder() const {
    const MutexLocker lock(mutex_);
    return encoder_;
  }

 private:
  void note_failure() {
    {
      const MutexLocker lock(mutex_);
      failed_ = true;
    }
    changed_.notify_all();
  }

  static GstPadProbeReturn on_taken(GstPad*, GstPadProbeInfo*, gpointer self) {
    auto& work = *static_cast<Work*>(self);
    {
      const MutexLocker lock(work.mutex_);
      if (work.waiting_ > 0) --work.waiting_;
    }
    work.changed_.notify_all();
    return GST_PAD_PROBE_OK;
  }

  void add_decoder() {
    GstElement* decoder = pipeline_.add("decodebin");
    trust_only(decoder, Trusted::codecs);
    pipeline_.link({source_, decoder});
    g_signal_connect(decoder, "pad-added", G_CALLBACK(on_decoded), this);
  }

  // On a thread of the small pipeline, as soon as the decoder has its first picture.
  static void on_decoded(GstElement* decoder, GstPad* pad, gpointer self) {
    const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
    if (caps && !is_raw(caps.get())) return;
    try {
      if (!caps) throw make_error(ErrorKind::input, Phase::proxy, "the decoder finds no frame");
      static_cast<Work*>(self)->link_pictures(pad, caps.get());
    } catch (const Error& error) {
      GST_ELEMENT_ERROR(decoder, STREAM, FORMAT, ("%s", error.what()), (nullptr));
    }
  }

  // Encoder, framing, collector: known before the first picture.
  void build_output() {
    encoder_bin_ = pipeline_.add("encodebin");
    const auto encoder = set_up_h264_encoder(encoder_bin_, settings_.bitrate_kbit);
    {
      const MutexLocker lock(mutex_);
      encoder_ = encoder;
    }
    GstElement* parser = pipeline_.add("h264parse");
    GstElement* filter = pipeline_.add("capsfilter");
    GstElement* sink = pipeline_.add("appsink");
    const auto avc = CapsPtr::adopt(gst_caps_from_string("video/x-h264, stream-format=avc, alignment=au"));
    g_object_set(filter, "caps", avc.get(), nullptr);
    pipeline_.link({encoder_bin_, parser, filter, sink});
    collector_.attach(sink);
  }

  void link_pictures(GstPad* pad, const GstCaps* caps) {
    link_picture_chain(pipeline_, pad, caps, settings_.orientation, encoder_bin_);
  }

  const TranscodeSettings settings_;
  CapsPtr caps_;  // the feeder's
  mutable Mutex mutex_;
  Condition changed_;
  unsigned waiting_ GUARDED_BY(mutex_) = 0;
  bool abandoned_ GUARDED_BY(mutex_) = false;
  bool failed_ GUARDED_BY(mutex_) = false;
  EncoderInUse encoder_ GUARDED_BY(mutex_);
  SampleCollector collector_;
  GstElement* source_ = nullptr;       // owned by the pipeline
  GstElement* encoder_bin_ = nullptr;  // likewise
  InnerPipeline pipeline_;             // destroyed first: its threads use the rest
};

Transcoder::Transcoder(const CapsPtr& caps, const TranscodeSettings& settings)
    : work_(std::make_shared<Work>(caps, settings)) {}

Transcoder::~Transcoder() {
  work_->abandon();
  reap([work = work_] {});
}

bool Transcoder::push(const CapsPtr& caps, const BufferPtr& buffer, std::optional<Nanoseconds> running_time) {
  return work_->push(caps, moved_to(buffer, running_time));
}

void Transcoder::end() {
  work_->end();
}

void Transcoder::abandon() {
  work_->abandon();
}

ClipFrames Transcoder::finish(GCancellable* cancel) {
  return work_->finish(cancel);
}

EncoderInUse Transcoder::encoder() const {
  return work_->encoder();
}

ClipFrames cover(ClipFrames frames, const ClipTimeline& timeline) {
  constexpr auto kMostMissing = static_cast<Nanoseconds>(GST_SECOND) / 2;
  if (frames.frames.empty())
    throw make_error(ErrorKind::input, Phase::proxy, "no frame of the clip could be decoded",
                     "look whether the file is damaged");
  auto earlier = [](const FrameTime& a, const FrameTime& b) { return a.start < b.start; };
  auto first = std::ranges::min_element(frames.frames, earlier);
  auto last = std::ranges::max_element(frames.frames, earlier);
  const auto end = last->start + (GST_CLOCK_TIME_IS_VALID(last->duration) ? static_cast<Nanoseconds>(last->duration)
                                                                          : timeline.frame);
  const auto missing = std::max(first->start - timeline.first, timeline.proxy_end - end);
  if (missing > kMostMissing)
    throw make_error(ErrorKind::input, Phase::proxy,
                     std::to_string(missing / static_cast<Nanoseconds>(GST_MSECOND)) +
                         " ms at an end of the clip could not be decoded",
                     "look whether the file is damaged");
  first->start = timeline.first;
  last->duration = static_cast<GstClockTime>(std::max<Nanoseconds>(timeline.proxy_end - last->start, 1));
  return frames;
}

}  // namespace klingv2a
