// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Between who starts a pad's task and the task: it sees all that was written before. GLib's pool hands tasks to threads
// that are there already, and promises that in its own locks only, which ThreadSanitizer does not see.
#pragma once

#include <atomic>

namespace klingv2a {

class TaskStart {
 public:
  // Before gst_pad_start_task().
  void publish() noexcept { starts_.fetch_add(1, std::memory_order_release); }
  // The first thing that the task does.
  void see() const noexcept { (void)starts_.load(std::memory_order_acquire); }

 private:
  std::atomic<unsigned> starts_ = 0;
};

}  // namespace klingv2a
