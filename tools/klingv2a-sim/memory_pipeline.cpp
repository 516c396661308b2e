// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memory_pipeline.h"

#include <stdexcept>

#include "task_end.h"

namespace klingv2a::sim {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongest = 60s;

std::string error_text(GstMessage* message) {
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  const GErrorPtr owner(error);
  return error->message;
}

GstPadProbeReturn refuse_allocation(GstPad*, GstPadProbeInfo* info, gpointer) {
  return GST_QUERY_TYPE(GST_PAD_PROBE_INFO_QUERY(info)) == GST_QUERY_ALLOCATION ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

// libav's decoders of GStreamer 1.26 abort on pictures with a padded size (1080x1920) that they decode into a buffer
// for downstream. Without an allocation from there they copy.
void decode_into_own_memory(GstBin*, GstBin*, GstElement* element, gpointer) {
  if (!g_object_class_find_property(G_OBJECT_GET_CLASS(element), "direct-rendering")) return;
  const auto pad = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(element, "src"));
  if (pad) gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, refuse_allocation, nullptr, nullptr);
}

}  // namespace

MemoryPipeline::MemoryPipeline(const std::string& description) {
  GError* failure = nullptr;
  GstElement* floating = gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &failure);
  if (floating) pipeline_ = GObjectPtr<GstElement>::adopt(GST_ELEMENT(gst_object_ref_sink(floating)));
  const GErrorPtr error(failure);
  if (!pipeline_) throw std::runtime_error(error ? error->message : "the pipeline cannot be built");
  g_signal_connect(pipeline_.get(), "deep-element-added", G_CALLBACK(decode_into_own_memory), nullptr);
}

MemoryPipeline::~MemoryPipeline() {
  if (pipeline_) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void MemoryPipeline::feed(const char* source_name, const Blob& blob) const {
  const GBytesPtr bytes = bytes_of(blob);
  const auto stream = GObjectPtr<GInputStream>::adopt(g_memory_input_stream_new_from_bytes(bytes.get()));
  g_object_set(element(source_name).get(), "stream", stream.get(), nullptr);
}

GObjectPtr<GstElement> MemoryPipeline::element(const char* name) const {
  return GObjectPtr<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
}

void MemoryPipeline::start() {
  deadline_ = std::chrono::steady_clock::now() + kLongest;
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

bool MemoryPipeline::ended(GCancellable* cancellable, std::chrono::milliseconds patience) {
  throw_if_cancelled(cancellable);
  if (std::chrono::steady_clock::now() > deadline_) throw std::runtime_error("the pipeline did not end");
  const auto bus = GObjectPtr<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
  const auto what = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  const std::unique_ptr<GstMessage, Deleter<gst_message_unref>> message(gst_bus_timed_pop_filtered(
      bus.get(), static_cast<GstClockTime>(std::chrono::nanoseconds(patience).count()), what));
  if (!message) return false;
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) throw std::runtime_error(error_text(message.get()));
  return true;
}

std::string MemoryPipeline::run(GCancellable* cancellable, const char* sink_name) {
  const auto stream =
      GObjectPtr<GMemoryOutputStream>::adopt(G_MEMORY_OUTPUT_STREAM(g_memory_output_stream_new_resizable()));
  g_object_set(element(sink_name).get(), "stream", stream.get(), nullptr);
  start();
  while (!ended(cancellable, 20ms)) {
  }
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  return {static_cast<const char*>(g_memory_output_stream_get_data(stream.get())),
          g_memory_output_stream_get_data_size(stream.get())};
}

}  // namespace klingv2a::sim
