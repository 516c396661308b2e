// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The heartbeat of a row's owner: a thread with a connection of its own that makes the row's beat grow for as long as
// the object lives. The owner's own thread may wait for the network for minutes.
//
// One mutex guards `stopping_`; it is not held while the store is asked.
#pragma once

#include <atomic>
#include <thread>

#include "journal/location.h"
#include "mutex.h"

namespace klingv2a::journal {

class Heartbeat {
 public:
  Heartbeat(Location location, std::int64_t row_id, std::string owner);
  // Waits for the thread, which the cancellable wakes at once.
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  // Beats that could not be stored so far.
  [[nodiscard]] int failures() const noexcept { return failures_; }

 private:
  void main() noexcept;
  [[nodiscard]] bool wait();
  void beat(std::unique_ptr<Connection>& connection);

  const Location location_;
  const std::int64_t row_id_;
  const std::string owner_;
  const GObjectPtr<GCancellable> cancel_;
  std::atomic<int> failures_ = 0;
  Mutex mutex_;
  Condition stop_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace klingv2a::journal
