// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One video in a process of its own, so that a decoder that crashes costs one video only: this program once more, whose
// events come through a pipe. Secrets go to it by the environment, never by its command line. Used on the main thread.
#pragma once

#include <gio/gio.h>

#include <functional>
#include <string>

#include "file_job.h"
#include "gobject_ptr.h"
#include "json_text.h"

namespace klingv2a::cli {

class Worker {
 public:
  // Called on the main loop: each event of the process as it came (the last one, when it got that far, is the result),
  // and once that it has ended, with its exit code or 128 + the signal that ended it.
  using OnEvent = std::function<void(JsonNodePtr event)>;
  using OnEnd = std::function<void(int exit_code)>;

  // Throws Error{settings} when it cannot be started.
  Worker(const FileJob& job, OnEvent on_event, OnEnd on_end);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Ctrl-C, passed on.
  void interrupt() const;

 private:
  static void on_line(GObject* stream, GAsyncResult* result, gpointer self);
  static void on_exit(GObject* process, GAsyncResult* result, gpointer self);
  void read_on();
  void end_if_all_is_read();

  const OnEvent on_event_;
  const OnEnd on_end_;
  const GObjectPtr<GCancellable> cancel_;
  GObjectPtr<GSubprocess> process_;
  GObjectPtr<GDataInputStream> output_;
  bool output_ended_ = false, exited_ = false;
};

// In the worker: what the environment asks of it.
[[nodiscard]] Settings worker_settings();

}  // namespace klingv2a::cli
