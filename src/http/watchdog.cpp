// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One deadline that cancels. run() is the watchdog's own thread; the other methods are called by the client's.
#include "http/watchdog.h"

#include <utility>

namespace klingv2a::http {

Watchdog::Watchdog() : thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    const MutexLocker lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Watchdog::arm(GObjectPtr<GCancellable> target, TimePoint deadline) {
  {
    const MutexLocker lock(mutex_);
    target_ = std::move(target);
    deadline_ = deadline;
    expired_ = false;
  }
  changed_.notify_one();
}

void Watchdog::move(TimePoint deadline) {
  {
    const MutexLocker lock(mutex_);
    deadline_ = deadline;
  }
  changed_.notify_one();
}

void Watchdog::disarm() {
  const MutexLocker lock(mutex_);
  target_ = nullptr;
}

bool Watchdog::expired() const {
  const MutexLocker lock(mutex_);
  return expired_;
}

void Watchdog::run() {
  MutexLocker lock(mutex_);
  while (!stopping_) {
    if (!target_) {
      changed_.wait(mutex_);
    } else if (std::chrono::steady_clock::now() < deadline_) {
      const TimePoint deadline = deadline_;
      changed_.wait_until(mutex_, deadline);
    } else {
      expired_ = true;
      const GObjectPtr<GCancellable> target = std::exchange(target_, nullptr);
      // Handlers of the cancellable run inside this call.
      lock.unlock();
      g_cancellable_cancel(target.get());
      lock.lock();
    }
  }
}

}  // namespace klingv2a::http
