// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Between a thread that hands something over by GLib or GStreamer (a pad's task that it starts, memory that it passes
// on) and the one that gets it, which sees all that was written before. The libraries promise that by locks and
// reference counts of their own, which ThreadSanitizer does not see.
#pragma once

#include <atomic>

namespace klingv2a {

class Handover {
 public:
  // The last thing before it is handed over.
  void publish() noexcept { times_.fetch_add(1, std::memory_order_release); }
  // The first thing that the other thread does with it.
  void see() const noexcept { (void)times_.load(std::memory_order_acquire); }

 private:
  std::atomic<unsigned> times_ = 0;
};

}  // namespace klingv2a
