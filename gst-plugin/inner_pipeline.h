// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A small GstPipeline of the cycle thread's own, for work that GStreamer does better than we: remuxing and decoding.
// It has no parent, no clock to wait for and no main loop; the cycle thread waits on its bus, with a deadline and a
// cancel. Made, run and destroyed on the cycle thread.
#pragma once

#include <gio/gio.h>

#include <string>
#include <vector>

#include "clock.h"
#include "error.h"
#include "gst_ptr.h"

namespace klingv2a {

class InnerPipeline {
 public:
  // `phase` and `failure` are what an error of this pipeline is reported as.
  InnerPipeline(Phase phase, ErrorKind failure);
  ~InnerPipeline();
  InnerPipeline(const InnerPipeline&) = delete;
  InnerPipeline& operator=(const InnerPipeline&) = delete;

  // Adds a new element; it stays owned by the pipeline. Throws Error{settings} that names the missing element.
  GstElement* add(const char* factory);
  // Links them in this order. Throws when two do not fit.
  void link(const std::vector<GstElement*>& elements);
  // Plays until EOS. Throws the pipeline's own error, or Error{cancelled} as soon as `cancel` is, or the failure at the
  // deadline.
  void run_until_eos(GCancellable* cancel, Seconds deadline);

 private:
  [[nodiscard]] Error to_error(GstMessage* message) const;

  Phase phase_;
  ErrorKind failure_;
  ElementPtr pipeline_;
  GObjectPtr<GstBus> bus_;
};

// Pushes `buffers` with `caps` on a TIME segment that starts at `start`, then EOS. `appsrc` keeps references only.
void feed(GstElement* appsrc, const std::vector<BufferPtr>& buffers, const GstCaps* caps, GstClockTime start);

}  // namespace klingv2a
