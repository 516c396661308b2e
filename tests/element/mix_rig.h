// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One klingv2amix between GstHarness pads: what is pushed has plain values, what comes out is one row of samples.
//
// Used by one thread; its wait has a deadline.
#pragma once

#include <gst/audio/audio.h>
#include <gst/check/gstharness.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gst_ptr.h"
#include "pipeline_run.h"

namespace klingv2a::test {

using Samples = std::vector<float>;

// `frames` of the same value in each of `channels`.
inline Samples level(float value, std::size_t frames, std::size_t channels = 2) {
  Samples samples(frames * channels, value);
  return samples;
}
inline Samples operator+(Samples left, const Samples& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}
// Frame n is n + 1, divided so that it stays far below any ceiling.
inline float counted(std::size_t frame) {
  return static_cast<float>(frame + 1) / (1 << 20);
}
inline Samples counting(std::size_t frames, std::size_t channels = 2) {
  Samples samples;
  for (std::size_t n = 0; n < frames; ++n) samples.insert(samples.end(), channels, counted(n));
  return samples;
}

inline BufferPtr sound_buffer(const Samples& samples, GstClockTime pts = GST_CLOCK_TIME_NONE, guint flags = 0) {
  auto buffer = BufferPtr::adopt(gst_buffer_new_memdup(samples.data(), samples.size() * sizeof(float)));
  GST_BUFFER_PTS(buffer.get()) = pts;
  GST_BUFFER_FLAG_SET(buffer.get(), flags);
  return buffer;
}

inline GstClockTime frames_as_time(std::uint64_t frames) {
  return gst_util_uint64_scale_round(frames, GST_SECOND, 48000);
}

class MixRig {
 public:
  static constexpr const char* kStereo =
      "audio/x-raw,format=F32LE,layout=interleaved,rate=48000,channels=2,channel-mask=(bitmask)0x3";
  static constexpr const char* kMono = "audio/x-raw,format=F32LE,layout=interleaved,rate=48000,channels=1";
  static constexpr const char* k51 =
      "audio/x-raw,format=F32LE,layout=interleaved,rate=48000,channels=6,channel-mask=(bitmask)0x3f";

  // Without loudness and ducking, and with a ceiling of 0 dBTP, unless `properties` ("loudness=-23 mode=duck") say
  // otherwise: what goes in comes out.
  explicit MixRig(const std::string& properties = {}) {
    GstElement* parsed =
        gst_parse_launch(("klingv2amix name=mix mode=mix loudness=0 true-peak=0 " + properties).c_str(), nullptr);
    element_ = ElementPtr::adopt(GST_ELEMENT_CAST(gst_object_ref_sink(parsed)));
    bus_ = GObjectPtr<GstBus>::adopt(gst_bus_new());
    gst_element_set_bus(element_.get(), bus_.get());
    output_.reset(gst_harness_new_with_element(element_.get(), nullptr, "src"));
    const auto record = +[](GstPad* pad, GstPadProbeInfo* info, gpointer log) {
      static_cast<PadLog*>(log)->record(pad, info);
      return GST_PAD_PROBE_OK;
    };
    gst_pad_add_probe(output_->sinkpad,
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_BOTH |
                                                   GST_PAD_PROBE_TYPE_EVENT_FLUSH),
                      record, &log_, nullptr);
  }
  ~MixRig() {
    stop();
    gst_element_set_bus(element_.get(), nullptr);
  }
  MixRig(const MixRig&) = delete;
  MixRig& operator=(const MixRig&) = delete;

  [[nodiscard]] GstElement* element() const { return element_.get(); }
  [[nodiscard]] PadLog& log() { return log_; }
  void stop() { gst_element_set_state(element_.get(), GST_STATE_NULL); }
  void play() { gst_element_set_state(element_.get(), GST_STATE_PLAYING); }

  // Requests the pad `name`, and sends it its stream's events; without caps only that there is one.
  void open(const std::string& name, const std::string& caps = kStereo) {
    auto& input = harness(name);
    if (!input) input.reset(gst_harness_new_with_element(element_.get(), name.c_str(), nullptr));
    begin(name, caps);
  }
  void begin(const std::string& name, const std::string& caps = kStereo, GstClockTime start = 0,
             GstClockTime stop = GST_CLOCK_TIME_NONE, GstClockTime base = 0) {
    event(name, gst_event_new_stream_start(name.c_str()));
    if (caps.empty()) return;
    set_caps(name, caps);
    segment(name, start, stop, base);
  }
  void set_caps(const std::string& name, const std::string& caps) {
    const auto parsed = CapsPtr::adopt(gst_caps_from_string(caps.c_str()));
    event(name, gst_event_new_caps(parsed.get()));
  }
  void segment(const std::string& name, GstClockTime start, GstClockTime stop = GST_CLOCK_TIME_NONE,
               GstClockTime base = 0) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.position = segment.time = start;
    segment.stop = stop;
    segment.base = base;
    event(name, gst_event_new_segment(&segment));
  }
  bool event(const std::string& name, GstEvent* event) { return gst_pad_push_event(harness(name)->srcpad, event); }
  GstFlowReturn push(const std::string& name, BufferPtr buffer) {
    return gst_pad_push(harness(name)->srcpad, buffer.to_c());
  }
  GstFlowReturn push(const std::string& name, const Samples& samples, std::uint64_t at_frame = 0) {
    return push(name, sound_buffer(samples, frames_as_time(at_frame)));
  }
  void end(const std::string& name) { event(name, gst_event_new_eos()); }
  void release(const std::string& name) { harness(name).reset(); }
  // Of the rig: what is linked to the element's.
  [[nodiscard]] GstPad* source(const std::string& name) { return harness(name)->srcpad; }
  [[nodiscard]] GstPad* sink() { return output_->sinkpad; }

  // Everything that came out, after its EOS.
  [[nodiscard]] Samples result() {
    EXPECT_TRUE(log_.wait_for_event(GST_EVENT_EOS));
    Samples samples;
    for (const auto& buffer : log_.buffers_since_flush()) {
      const std::size_t before = samples.size();
      samples.resize(before + buffer.size / sizeof(float));
      buffer.bytes.copy(reinterpret_cast<char*>(samples.data() + before), buffer.size);
    }
    return samples;
  }
  [[nodiscard]] StructurePtr stats() const {
    GstStructure* stats = nullptr;
    g_object_get(element_.get(), "stats", &stats, nullptr);
    return StructurePtr(stats);
  }
  [[nodiscard]] std::int64_t stat(const char* field) const {
    gint64 value = -1;
    gst_structure_get_int64(stats().get(), field, &value);
    return value;
  }
  [[nodiscard]] double number(const char* field) const {
    double value = NAN;
    gst_structure_get_double(stats().get(), field, &value);
    return value;
  }
  [[nodiscard]] std::uint64_t bytes(const char* field) const {
    guint64 value = 0;
    EXPECT_TRUE(gst_structure_get_uint64(stats().get(), field, &value)) << field;
    return value;
  }
  [[nodiscard]] MessagePtr message(GstMessageType type) const {
    return MessagePtr::adopt(gst_bus_timed_pop_filtered(bus_.get(), 10 * GST_SECOND, type));
  }

 private:
  struct Teardown {
    void operator()(GstHarness* harness) const { gst_harness_teardown(harness); }
  };
  using HarnessPtr = std::unique_ptr<GstHarness, Teardown>;
  HarnessPtr& harness(const std::string& name) { return name == "original" ? original_ : generated_; }

  ElementPtr element_;
  GObjectPtr<GstBus> bus_;
  PadLog log_{PadLog::Keep::bytes};
  HarnessPtr output_, original_, generated_;
};

}  // namespace klingv2a::test
