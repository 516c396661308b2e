// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One deadline that cancels: libsoup's own time-out restarts with every byte, so a server that trickles would hold a
// call for ever. One thread of its own for the whole life of the object; the client's thread arms, moves and disarms.
// One mutex guards everything here; it is not held while the cancellable is cancelled.
#pragma once

#include <gio/gio.h>

#include <chrono>
#include <thread>

#include "gobject_ptr.h"
#include "mutex.h"

namespace klingv2a::http {

class Watchdog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Cancels `target` when `deadline` passes. Replaces what was armed before.
  void arm(GObjectPtr<GCancellable> target, TimePoint deadline);
  // Another deadline for the armed target. Without effect when the deadline has already passed.
  void move(TimePoint deadline);
  // No cancel is begun after this.
  void disarm();
  // The deadline of the last arm() passed before it was disarmed.
  [[nodiscard]] bool expired() const;

 private:
  void run();

  mutable Mutex mutex_;
  Condition changed_;
  GObjectPtr<GCancellable> target_ GUARDED_BY(mutex_);  // null: not armed
  TimePoint deadline_ GUARDED_BY(mutex_);
  bool expired_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace klingv2a::http
