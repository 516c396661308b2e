// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Takes what arrives at an appsink. Filled on the appsink's streaming thread, read on the cycle thread after EOS; one
// mutex guards the buffers, held for no call into GStreamer but the taking of a reference.
#pragma once

#include <vector>

#include "gst_ptr.h"
#include "mutex.h"

namespace klingv2a {

class SampleCollector {
 public:
  // Keeps buffers until they hold `max_bytes`; later ones are counted and dropped, so that memory stays bounded.
  explicit SampleCollector(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}
  SampleCollector(const SampleCollector&) = delete;
  SampleCollector& operator=(const SampleCollector&) = delete;

  // From now on `appsink` fills this object, which must outlive the pipeline that `appsink` is in.
  void attach(GstElement* appsink);

  [[nodiscard]] std::vector<BufferPtr> take();
  // Of each buffer that take() gives; GST_CLOCK_TIME_NONE where it has no timestamp.
  [[nodiscard]] std::vector<GstClockTime> running_times() const;
  [[nodiscard]] CapsPtr caps() const;
  // Running time of the first buffer; 0 if there is none.
  [[nodiscard]] GstClockTime first_running_time() const;
  [[nodiscard]] std::uint64_t total_bytes() const;  // dropped ones included

 private:
  void add(GstSample* sample);

  const std::uint64_t max_bytes_;
  mutable Mutex mutex_;
  std::vector<BufferPtr> buffers_ GUARDED_BY(mutex_);
  std::vector<GstClockTime> running_times_ GUARDED_BY(mutex_);
  CapsPtr caps_ GUARDED_BY(mutex_);
  GstClockTime first_running_time_ GUARDED_BY(mutex_) = 0;
  std::uint64_t kept_bytes_ GUARDED_BY(mutex_) = 0, total_bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace klingv2a
