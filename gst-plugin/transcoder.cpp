// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transcoder.h"

#include <algorithm>
#include <utility>

#include "clip_limits.h"
#include "factories.h"
#include "h264_encoder.h"
#include "inner_pipeline.h"
#include "mutex.h"
#include "picture_chain.h"
#include "reaper.h"
#include "sample_collector.h"
#include "video_feed.h"

namespace klingv2a {

namespace {

constexpr Seconds kDeadline{300};

}  // namespace

// A parser brings the packets into the form that a decoder takes.
bool can_decode(const GstCaps* caps) {
  if (is_raw_video(caps)) return true;
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
    build_output();
    feed_.attach(pipeline_, caps, [this](GstPad* pad, const GstCaps* pictures) { link_pictures(pad, pictures); });
    pipeline_.start();
  }
  ~Work() = default;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  [[nodiscard]] VideoFeed& feed() { return feed_; }

  ClipFrames finish(GCancellable* cancel) {
    pipeline_.wait_until_eos(cancel, kDeadline);
    ClipFrames frames;
    frames.buffers = collector_.take();
    frames.caps = collector_.caps();
    const auto times = collector_.running_times();
    for (std::size_t i = 0; i < frames.buffers.size(); ++i)
      frames.frames.push_back({VideoFeed::running_time(times[i]), GST_BUFFER_DURATION(frames.buffers[i].get())});
    limits::check_bytes(collector_.total_bytes());
    return frames;
  }

  [[nodiscard]] EncoderInUse encoder() const {
    const MutexLocker lock(mutex_);
    return encoder_;
  }

 private:
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

  static GstPadProbeReturn on_picture(GstPad*, GstPadProbeInfo* info, gpointer self) {
    const auto& shown = *static_cast<const Work*>(self)->settings_.shown;
    const auto pts = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
    if (!GST_CLOCK_TIME_IS_VALID(pts)) return GST_PAD_PROBE_OK;
    const auto time = VideoFeed::running_time(pts);
    return time >= shown.begin && time < shown.end ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
  }

  void link_pictures(GstPad* pad, const GstCaps* caps) {
    if (settings_.shown) gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, this, nullptr);
    link_picture_chain(pipeline_, pad, caps, settings_.orientation, encoder_bin_);
  }

  const TranscodeSettings settings_;
  mutable Mutex mutex_;
  EncoderInUse encoder_ GUARDED_BY(mutex_);
  SampleCollector collector_;
  GstElement* encoder_bin_ = nullptr;  // owned by the pipeline
  VideoFeed feed_;
  InnerPipeline pipeline_;  // destroyed first: its threads use the rest
};

Transcoder::Transcoder(const CapsPtr& caps, const TranscodeSettings& settings)
    : work_(std::make_shared<Work>(caps, settings)) {}

Transcoder::~Transcoder() {
  work_->feed().abandon();
  reap([work = work_] {});
}

bool Transcoder::push(const CapsPtr& caps, const BufferPtr& buffer, std::optional<Nanoseconds> running_time) {
  return work_->feed().push(caps, buffer, running_time);
}

void Transcoder::end() {
  work_->feed().end();
}

void Transcoder::abandon() {
  work_->feed().abandon();
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
