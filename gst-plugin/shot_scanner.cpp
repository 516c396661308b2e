// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shot_scanner.h"

#include <gst/app/gstappsink.h>

#include <algorithm>
#include <utility>

#include "field_pictures.h"
#include "inner_pipeline.h"
#include "log.h"
#include "mutex.h"
#include "reaper.h"
#include "slice_data.h"
#include "small_luma.h"
#include "transcoder.h"
#include "video_feed.h"

namespace klingv2a {

namespace {

constexpr Seconds kDeadline{300};
// A few frames at the end may refer to ones that are not there.
constexpr Nanoseconds kMostMissing = kSecond;

// Whether a decoder can begin at a frame.
enum class Entry {
  none,
  key,    // what is shown before it cannot be decoded; libav may get what follows wrong, too, until the next one
  clean,  // it can
};

// What is damaged has none: the decoder may still make something of it.
bool has_idr(const GstCaps* caps, GstBuffer* buffer) {
  constexpr unsigned kIdr = 5;
  bool found = false;
  try {
    visit_units(caps, buffer, [&](unsigned type, std::span<const std::byte>) { found = found || type == kIdr; });
  } catch (const Error& error) {
    GST_DEBUG("a key frame is damaged: %s", error.what());
  }
  return found;
}

Entry entry_of(const GstCaps* caps, GstBuffer* buffer) {
  if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT)) return Entry::none;
  if (!gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-h264")) return Entry::clean;
  return has_idr(caps, buffer) ? Entry::clean : Entry::key;
}

// The detector with what it has found. Filled on a thread of the small pipeline, emptied on any; one mutex guards all.
class MarkStore {
 public:
  explicit MarkStore(ScanWindow window)
      : window_(window), left_out_(window.begins_inside ? plan::ShotDetector::kNeighbours : 0) {}
  MarkStore(const MarkStore&) = delete;
  MarkStore& operator=(const MarkStore&) = delete;

  void note_pushed(Nanoseconds time, Entry entry) {
    const MutexLocker lock(mutex_);
    const bool is_enough = first_pushed_ ? entry != Entry::none : entry == Entry::clean;
    if (!trusted_from_ && is_enough) trusted_from_ = time;
    if (!first_pushed_) first_pushed_ = time;
    last_pushed_ = std::max(last_pushed_.value_or(time), time);
  }
  void add(Nanoseconds time, std::span<const std::uint8_t> luma) {
    const MutexLocker lock(mutex_);
    seen_until_ = std::max(seen_until_.value_or(time), time);
    if (window_.begins_inside && (!trusted_from_ || time < *trusted_from_)) return;
    if (last_ && time <= *last_) return;  // the second field of a picture
    last_ = time;
    detector_.add(time, luma);
    collect();
  }
  void end() {
    if (window_.ends_inside) return;
    const MutexLocker lock(mutex_);
    detector_.end();
    collect();
  }
  std::vector<plan::FrameMark> take() {
    const MutexLocker lock(mutex_);
    const auto kept = std::min<std::size_t>(marks_.size(), window_.ends_inside ? ScanWindow::kMostReordered : 0);
    std::vector<plan::FrameMark> taken(marks_.begin(), marks_.end() - static_cast<std::ptrdiff_t>(kept));
    marks_.erase(marks_.begin(), marks_.end() - static_cast<std::ptrdiff_t>(kept));
    return taken;
  }
  // What was pushed and never seen, at the end.
  [[nodiscard]] Nanoseconds missing() const {
    const MutexLocker lock(mutex_);
    return last_pushed_ ? *last_pushed_ - seen_until_.value_or(*first_pushed_) : 0;
  }

 private:
  void collect() REQUIRES(mutex_) {
    while (const auto mark = detector_.next()) {
      if (left_out_ > 0)
        --left_out_;
      else
        marks_.push_back(*mark);
    }
  }

  const ScanWindow window_;
  mutable Mutex mutex_;
  plan::ShotDetector detector_ GUARDED_BY(mutex_){SmallLuma::kWidth, SmallLuma::kHeight};
  std::optional<Nanoseconds> first_pushed_ GUARDED_BY(mutex_), last_pushed_ GUARDED_BY(mutex_);
  std::optional<Nanoseconds> trusted_from_ GUARDED_BY(mutex_);  // ... from here on the pictures are right
  std::optional<Nanoseconds> seen_until_ GUARDED_BY(mutex_), last_ GUARDED_BY(mutex_);  // of the pictures; judged
  int left_out_ GUARDED_BY(mutex_);                                                     // so many marks are still to be
  std::vector<plan::FrameMark> marks_ GUARDED_BY(mutex_);
};

// Pictures may have any strides: who makes them need not copy them into others.
GstPadProbeReturn allow_strides(GstPad*, GstPadProbeInfo* info, gpointer) {
  GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
  gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
  return GST_PAD_PROBE_HANDLED;
}

// What SmallLuma reads passes as it is; anything else is converted, small.
CapsPtr wanted(const GstCaps* pictures) {
  auto readable = SmallLuma::readable();
  if (gst_caps_can_intersect(pictures, readable.get())) return readable;
  return CapsPtr::adopt(gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "GRAY8", "width", G_TYPE_INT,
                                            SmallLuma::kWidth, "height", G_TYPE_INT, SmallLuma::kHeight, "colorimetry",
                                            G_TYPE_STRING, "bt601", nullptr));
}

Error no_decoder(const GstCaps* caps) {
  return make_error(ErrorKind::settings, Phase::hold, "no decoder is installed for " + to_text(caps),
                    "install the GStreamer plugin that has one");
}

}  // namespace

// All that the small pipeline's threads use, so that it can outlive the ShotScanner.
class ShotScanner::Work {
 public:
  Work(const CapsPtr& caps, ScanWindow window)
      : window_(window), store_(window), pipeline_(Phase::hold, ErrorKind::input) {
    if (!can_decode(caps.get())) throw no_decoder(caps.get());
    feed_.attach(
        pipeline_, field_as_picture(caps), [this](GstPad* pad, const GstCaps* pictures) { link(pad, pictures); },
        VideoFeed::Threads::one);
    pipeline_.start();
  }
  ~Work() = default;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  bool push(const CapsPtr& caps, const BufferPtr& buffer, std::optional<Nanoseconds> running_time) {
    // Of the two fields of a picture the first one is enough.
    if (!running_time && is_of_fields(caps.get())) return !feed_.is_abandoned();
    if (caps.get() != caps_.get()) shown_caps_ = field_as_picture(caps);
    caps_ = caps;
    if (running_time)
      store_.note_pushed(*running_time, window_.begins_inside ? entry_of(caps.get(), buffer.get()) : Entry::clean);
    return feed_.push(shown_caps_, buffer, running_time);
  }

  void end() { feed_.end(); }

  void abandon() {
    feed_.abandon();
    const auto bus = GObjectPtr<GstBus>::adopt(gst_element_get_bus(GST_ELEMENT(pipeline_.bin())));
    gst_bus_post(bus.get(), gst_message_new_application(nullptr, gst_structure_new_empty("abandoned")));
  }

  std::vector<plan::FrameMark> take_marks() { return store_.take(); }

  void finish(GCancellable* cancel) {
    if (!feed_.is_abandoned()) pipeline_.wait_until_eos(cancel, kDeadline);
    if (feed_.is_abandoned()) throw make_error(ErrorKind::cancelled, Phase::hold, "the search for shots was given up");
    const auto missing = store_.missing();
    if (missing > kMostMissing)
      throw make_error(ErrorKind::input, Phase::hold,
                       "the last " + std::to_string(missing / kMillisecond) + " ms of the video could not be decoded",
                       "look whether the file is damaged");
  }

 private:
  void link(GstPad* pad, const GstCaps* pictures) {
    GstElement* scale = pipeline_.add("videoconvertscale");
    GstElement* filter = pipeline_.add("capsfilter");
    GstElement* sink = pipeline_.add("appsink");
    g_object_set(scale, "add-borders", FALSE, nullptr);
    g_object_set(filter, "caps", wanted(pictures).get(), nullptr);
    pipeline_.link({scale, filter, sink});
    receive(sink);
    for (GstElement* element : {sink, filter, scale}) gst_element_sync_state_with_parent(element);
    const auto first = PadPtr::adopt(gst_element_get_static_pad(scale, "sink"));
    if (GST_PAD_LINK_FAILED(gst_pad_link(pad, first.get())))
      throw make_error(ErrorKind::input, Phase::hold, "decoded frames cannot be scaled: " + to_text(pictures));
  }

  void receive(GstElement* sink) {
    g_object_set(sink, "sync", FALSE, nullptr);
    const auto pad = PadPtr::adopt(gst_element_get_static_pad(sink, "sink"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, allow_strides, nullptr, nullptr);
    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = [](GstAppSink* from, gpointer self) {
      const auto sample = SamplePtr::adopt(gst_app_sink_pull_sample(from));
      if (sample) static_cast<Work*>(self)->see(sample.get());
      return GST_FLOW_OK;
    };
    callbacks.eos = [](GstAppSink*, gpointer self) { static_cast<Work*>(self)->store_.end(); };
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, this, nullptr);
  }

  void see(GstSample* sample) {
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    GstVideoInfo info;
    if (!GST_BUFFER_PTS_IS_VALID(buffer) || !gst_video_info_from_caps(&info, gst_sample_get_caps(sample))) return;
    const auto luma = luma_.read(buffer, info);
    if (!luma.empty()) store_.add(VideoFeed::running_time(GST_BUFFER_PTS(buffer)), luma);
  }

  const ScanWindow window_;
  CapsPtr caps_, shown_caps_;  // the feeder's
  SmallLuma luma_;             // the small pipeline's
  MarkStore store_;
  VideoFeed feed_;
  InnerPipeline pipeline_;  // destroyed first: its threads use the rest
};

ShotScanner::ShotScanner(const CapsPtr& caps, ScanWindow window) : work_(std::make_shared<Work>(caps, window)) {}

ShotScanner::~ShotScanner() {
  work_->abandon();
  reap([work = work_] {});
}

bool ShotScanner::push(const CapsPtr& caps, const BufferPtr& buffer, std::optional<Nanoseconds> running_time) {
  return work_->push(caps, buffer, running_time);
}

void ShotScanner::end() {
  work_->end();
}

void ShotScanner::abandon() {
  work_->abandon();
}

std::vector<plan::FrameMark> ShotScanner::take_marks() {
  return work_->take_marks();
}

void ShotScanner::finish(GCancellable* cancel) {
  work_->finish(cancel);
}

}  // namespace klingv2a
