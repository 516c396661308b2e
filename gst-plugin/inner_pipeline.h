// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A small GstPipeline of the cycle thread's own, for work that GStreamer does better than we: remuxing and decoding.
// It has no parent, no clock to wait for and no main loop; the cycle thread waits on its bus, with a deadline and a
// cancel. Made, run and destroyed on the cycle thread; a transcoder's
// (transcoder.h) is made on the streaming thread. The mutex guards the first error only.
#pragma once

#include <gio/gio.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "clock.h"
#include "error.h"
#include "gst_ptr.h"
#include "mutex.h"

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
  // Plays until EOS: start() and wait_until_eos().
  void run_until_eos(GCancellable* cancel, Seconds deadline);
  void start();
  // Throws the pipeline's own error, or Error{cancelled} as soon as `cancel` is, or the failure at the deadline.
  void wait_until_eos(GCancellable* cancel, Seconds deadline);
  // The pipeline's own error, if it has posted one. Any thread.
  [[nodiscard]] std::optional<Error> posted_error() const;
  // Called on the thread that posts an ERROR, for as long as the pipeline lives.
  void on_error(std::function<void()> told);
  [[nodiscard]] GstBin* bin() const noexcept { return GST_BIN(pipeline_.get()); }

 private:
  static GstBusSyncReply watch(GstBus* bus, GstMessage* message, gpointer self);
  [[nodiscard]] Error to_error(GstMessage* message) const;
  [[nodiscard]] Error too_slow(Seconds deadline) const;

  Phase phase_;
  ErrorKind failure_;
  ElementPtr pipeline_;
  GObjectPtr<GstBus> bus_;
  mutable Mutex mutex_;
  MessagePtr first_error_ GUARDED_BY(mutex_);
  std::function<void()> told_;  // set before start()
};

// Pushes `buffers` with `caps` on a TIME segment that starts at `start`, then EOS. `appsrc` keeps references only.
void feed(GstElement* appsrc, const std::vector<BufferPtr>& buffers, const GstCaps* caps, GstClockTime start);

}  // namespace klingv2a
