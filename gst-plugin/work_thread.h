// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A thread for work that may block: a clip's run, the cutting of a planned row, the joining of its sounds. A state
// change must not wait for it: what cannot end at once is let go, and ends by itself.
#pragma once

#include <gst/gst.h>

#include <future>
#include <memory>
#include <thread>

#include "gst_ptr.h"

namespace klingv2a {

class Work {
 public:
  virtual ~Work() = default;
  // The body of the thread.
  virtual void main() noexcept = 0;
  // Any thread, any number of times, also before the thread runs: main() ends soon.
  virtual void cancel() = 0;
};

// Not thread-safe; used under its owner's rules.
class WorkThread {
 public:
  // `host` is whose work it is, and outlives this. The thread holds no reference to it, or it could not be dropped
  // before the work has ended. Throws Error{settings} where no thread can be had.
  WorkThread(std::shared_ptr<Work> work, GstElement* host);
  ~WorkThread() { stop(); }
  // Cancels, and waits for at most a few milliseconds: a thread that cannot end at once (a slow disk, a prober) is let
  // go and ends by itself, with all that it holds, now its host too. False when it was let go, so that nobody hears
  // from it any more.
  bool stop();
  WorkThread(const WorkThread&) = delete;
  WorkThread& operator=(const WorkThread&) = delete;

 private:
  // Shared with the thread; the host is in it from when the thread is let go on.
  struct KeptAlive {
    ElementPtr host;
  };
  std::shared_ptr<Work> work_;
  GstElement* const host_;
  std::shared_ptr<KeptAlive> kept_alive_ = std::make_shared<KeptAlive>();
  std::future<void> ended_;
  std::thread thread_;
};

}  // namespace klingv2a
