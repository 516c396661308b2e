// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A GStreamer pipeline from memory to memory: blobs go in through elements of type giostreamsrc, bytes come out of one
// of type giostreamsink. No files, nothing to clean up.
//
// Blocking; one thread. The destructor stops the pipeline.
#pragma once

#include <gst/gst.h>

#include <chrono>
#include <string>

#include "blob.h"

namespace klingv2a::sim {

class MemoryPipeline {
 public:
  // `description`: as for gst-launch. Throws std::runtime_error, also when an element is missing.
  explicit MemoryPipeline(const std::string& description);
  ~MemoryPipeline();
  MemoryPipeline(const MemoryPipeline&) = delete;
  MemoryPipeline& operator=(const MemoryPipeline&) = delete;

  void feed(const char* source_name, const Blob& blob) const;
  [[nodiscard]] GObjectPtr<GstElement> element(const char* name) const;
  void start();

  // Waits a little for the next thing to happen. True: everything is through. Throws Cancelled, and std::runtime_error
  // when an element reports an error or nothing has ended a minute after start().
  [[nodiscard]] bool ended(GCancellable* cancellable, std::chrono::milliseconds patience);
  // start(), then until the end; returns what went into the giostreamsink.
  [[nodiscard]] std::string run(GCancellable* cancellable, const char* sink_name);

 private:
  GObjectPtr<GstElement> pipeline_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace klingv2a::sim
