// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sample_collector.h"

#include <gst/app/gstappsink.h>

namespace klingv2a {

void SampleCollector::attach(GstElement* appsink) {
  g_object_set(appsink, "sync", FALSE, nullptr);
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink* sink, gpointer self) {
    const auto sample = SamplePtr::adopt(gst_app_sink_pull_sample(sink));
    if (sample) static_cast<SampleCollector*>(self)->add(sample.get());
    return GST_FLOW_OK;
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(appsink), &callbacks, this, nullptr);
}

void SampleCollector::add(GstSample* sample) {
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  const MutexLocker lock(mutex_);
  // h264parse leaves out a PTS that repeats the one before it; our encoders reorder nothing.
  const auto timestamp = GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : GST_BUFFER_DTS(buffer);
  const auto time = gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME, timestamp);
  if (!caps_) {
    caps_ = CapsPtr::share(gst_sample_get_caps(sample));
    first_running_time_ = GST_CLOCK_TIME_IS_VALID(time) ? time : 0;
  }
  const auto size = gst_buffer_get_size(buffer);
  total_bytes_ += size;
  if (kept_bytes_ >= max_bytes_) return;
  kept_bytes_ += size;
  buffers_.push_back(BufferPtr::share(buffer));
  running_times_.push_back(time);
}

std::vector<BufferPtr> SampleCollector::take() {
  const MutexLocker lock(mutex_);
  return std::move(buffers_);
}

std::vector<GstClockTime> SampleCollector::running_times() const {
  const MutexLocker lock(mutex_);
  return running_times_;
}

CapsPtr SampleCollector::caps() const {
  const MutexLocker lock(mutex_);
  return caps_;
}

GstClockTime SampleCollector::first_running_time() const {
  const MutexLocker lock(mutex_);
  return first_running_time_;
}

std::uint64_t SampleCollector::total_bytes() const {
  const MutexLocker lock(mutex_);
  return total_bytes_;
}

}  // namespace klingv2a
