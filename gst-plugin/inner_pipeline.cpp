// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inner_pipeline.h"

#include <gst/app/gstappsrc.h>

#include "local_lack.h"
#include "log.h"

namespace klingv2a {

namespace {

// Wakes the wait on the bus when the run is cancelled, also when that happened before.
class WakeOnCancel {
 public:
  WakeOnCancel(GCancellable* cancel, GstBus* bus) : cancel_(cancel) {
    if (cancel_)
      handler_ = g_cancellable_connect(cancel_, G_CALLBACK(on_cancelled), gst_object_ref(bus), gst_object_unref);
  }
  ~WakeOnCancel() {
    if (cancel_) g_cancellable_disconnect(cancel_, handler_);
  }
  WakeOnCancel(const WakeOnCancel&) = delete;
  WakeOnCancel& operator=(const WakeOnCancel&) = delete;

 private:
  static void on_cancelled(GCancellable*, gpointer bus) {
    gst_bus_post(GST_BUS(bus), gst_message_new_application(nullptr, gst_structure_new_empty("cancelled")));
  }
  GCancellable* cancel_;
  gulong handler_ = 0;
};

GstPadProbeReturn refuse_allocation(GstPad*, GstPadProbeInfo* info, gpointer) {
  return GST_QUERY_TYPE(GST_PAD_PROBE_INFO_QUERY(info)) == GST_QUERY_ALLOCATION ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

// From GStreamer 1.25 on, libav's decoders end the whole process ("video meta uses …") when they decode a picture whose
// coded size is larger than its visible one straight into a buffer that goes downstream. Without an allocation from
// downstream they copy. Their property direct-rendering is no way out: without it, a decoder that changes the picture
// before (avdec_qtrle) gives its first picture only.
void decode_into_own_memory(GstBin*, GstBin*, GstElement* element, gpointer) {
  if (!g_object_class_find_property(G_OBJECT_GET_CLASS(element), "direct-rendering")) return;
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(element, "src"));
  if (pad) gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, refuse_allocation, nullptr, nullptr);
}

bool direct_rendering_is_dangerous() {
  guint major = 0, minor = 0, micro = 0, nano = 0;
  gst_version(&major, &minor, &micro, &nano);
  return major == 1 && minor >= 25;
}

// A bus takes descriptors, and GStreamer does not say when it gets none.
ElementPtr new_pipeline(Phase phase) {
  constexpr std::size_t kDescriptors = 8;
  if (const auto lack = lack_of_descriptors(kDescriptors))
    throw make_error(ErrorKind::settings, phase, lack->what, lack->advice);
  return ElementPtr::adopt(GST_ELEMENT_CAST(gst_object_ref_sink(gst_pipeline_new(nullptr))));
}

}  // namespace

InnerPipeline::InnerPipeline(Phase phase, ErrorKind failure)
    : phase_(phase),
      failure_(failure),
      pipeline_(new_pipeline(phase)),
      bus_(GObjectPtr<GstBus>::adopt(gst_element_get_bus(pipeline_.get()))) {
  // Nothing here is played: no element is to wait for a clock.
  gst_pipeline_use_clock(GST_PIPELINE(pipeline_.get()), nullptr);
  gst_bus_set_sync_handler(bus_.get(), watch, this, nullptr);
  if (direct_rendering_is_dangerous())
    g_signal_connect(pipeline_.get(), "deep-element-added", G_CALLBACK(decode_into_own_memory), nullptr);
}

InnerPipeline::~InnerPipeline() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  gst_bus_set_sync_handler(bus_.get(), nullptr, nullptr, nullptr);
}

GstBusSyncReply InnerPipeline::watch(GstBus*, GstMessage* message, gpointer self) {
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR) return GST_BUS_PASS;
  auto& pipeline = *static_cast<InnerPipeline*>(self);
  {
    const MutexLocker lock(pipeline.mutex_);
    if (!pipeline.first_error_) pipeline.first_error_ = MessagePtr::share(message);
  }
  if (pipeline.told_) pipeline.told_();
  return GST_BUS_PASS;
}

void InnerPipeline::on_error(std::function<void()> told) {
  told_ = std::move(told);
}

std::optional<Error> InnerPipeline::posted_error() const {
  MessagePtr message;
  {
    const MutexLocker lock(mutex_);
    message = first_error_;
  }
  if (!message) return std::nullopt;
  return to_error(message.get());
}

GstElement* InnerPipeline::add(const char* factory) {
  auto element = make_gst_element(factory);
  if (!element)
    throw make_error(ErrorKind::settings, phase_, std::string("the GStreamer element ") + factory + " is not installed",
                     "install the GStreamer plugin that has it");
  gst_bin_add(GST_BIN(pipeline_.get()), element.get());
  return element.get();
}

void InnerPipeline::link(const std::vector<GstElement*>& elements) {
  for (std::size_t i = 1; i < elements.size(); ++i)
    if (!gst_element_link(elements[i - 1], elements[i]))
      throw make_error(
          failure_, phase_,
          std::string("cannot link ") + GST_OBJECT_NAME(elements[i - 1]) + " to " + GST_OBJECT_NAME(elements[i]));
}

void InnerPipeline::start() {
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

void InnerPipeline::run_until_eos(GCancellable* cancel, Seconds deadline) {
  start();
  wait_until_eos(cancel, deadline);
}

void InnerPipeline::wait_until_eos(GCancellable* cancel, Seconds deadline) {
  const WakeOnCancel wake(cancel, bus_.get());
  const auto wanted = static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_APPLICATION);
  const auto limit = static_cast<GstClockTime>(deadline.count() * static_cast<double>(GST_SECOND));
  const auto message = MessagePtr::adopt(gst_bus_timed_pop_filtered(bus_.get(), limit, wanted));
  if (g_cancellable_is_cancelled(cancel)) throw make_error(ErrorKind::cancelled, phase_, "cancelled");
  if (!message) throw too_slow(deadline);
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) throw to_error(message.get());
}

// What is slow is the machine: a video is not to blame for it.
Error InnerPipeline::too_slow(Seconds deadline) const {
  ErrorDetails details = make_error(failure_ == ErrorKind::input ? ErrorKind::busy : failure_, phase_,
                                    "it took longer than " + std::to_string(static_cast<int>(deadline.count())) +
                                        " s: this machine is too busy, or too slow",
                                    "run fewer at a time, or try again when it has less to do")
                             .details();
  details.retryable = true;
  return Error(std::move(details));
}

Error InnerPipeline::to_error(GstMessage* message) const {
  GError* raw_error = nullptr;
  char* raw_debug = nullptr;
  gst_message_parse_error(message, &raw_error, &raw_debug);
  const GErrorPtr error(raw_error);
  const GCharPtr debug(raw_debug);
  const bool disk_full = g_error_matches(raw_error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT);
  GST_DEBUG("inner pipeline: %s (%s)", error->message, debug ? debug.get() : "");
  return make_error(disk_full ? ErrorKind::disk : failure_, phase_,
                    std::string(GST_MESSAGE_SRC_NAME(message)) + ": " + error->message);
}

void feed(GstElement* appsrc, const std::vector<BufferPtr>& buffers, const GstCaps* caps, GstClockTime start) {
  g_object_set(appsrc, "format", GST_FORMAT_TIME, "max-bytes", guint64{0}, "handle-segment-change", TRUE, nullptr);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.position = start;
  auto* source = GST_APP_SRC(appsrc);
  for (const auto& buffer : buffers) {
    const auto sample = SamplePtr::adopt(gst_sample_new(buffer.get(), const_cast<GstCaps*>(caps), &segment, nullptr));
    gst_app_src_push_sample(source, sample.get());
  }
  gst_app_src_end_of_stream(source);
}

}  // namespace klingv2a
