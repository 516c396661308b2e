// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A clock for tests: a sleep is written down and its time passes at once, so that the gaps between requests are
// checked without waiting for them. Thread-safe; one mutex guards everything. Cancelling is as with the real clock.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "clock.h"
#include "wake_up.h"

namespace klingv2a::test {

class FakeClock final : public Clock {
 public:
  Seconds now() override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  Seconds wall() override {
    const std::lock_guard lock(mutex_);
    return wall_start_ + now_;
  }
  bool sleep(Seconds length, GCancellable* cancel) override {
    std::function<void(Seconds)> on_sleep;
    {
      const std::lock_guard lock(mutex_);
      if (g_cancellable_is_cancelled(cancel)) return false;
      sleeps_.push_back(length);
      now_ += length;
      on_sleep = on_sleep_;
    }
    if (on_sleep) on_sleep(length);
    return !g_cancellable_is_cancelled(cancel);
  }
  // The hook of set_on_sleep() may signal: then no time has passed.
  bool sleep_until_signalled(Seconds length, GCancellable* cancel, const WakeUp& wake) override {
    std::function<void(Seconds)> on_sleep;
    {
      const std::lock_guard lock(mutex_);
      if (g_cancellable_is_cancelled(cancel)) return false;
      sleeps_.push_back(length);
      on_sleep = on_sleep_;
    }
    if (on_sleep && !is_rung(wake)) on_sleep(length);
    if (!is_rung(wake)) advance(length);
    return !g_cancellable_is_cancelled(cancel);
  }
  double random() override {
    const std::lock_guard lock(mutex_);
    return random_;
  }

  // The gaps so far, in order.
  [[nodiscard]] std::vector<Seconds> sleeps() const {
    const std::lock_guard lock(mutex_);
    return sleeps_;
  }
  void set_random(double value) {
    const std::lock_guard lock(mutex_);
    random_ = value;
  }
  // Unix time at now() == 0.
  void set_wall_start(Seconds value) {
    const std::lock_guard lock(mutex_);
    wall_start_ = value;
  }
  void advance(Seconds length) {
    const std::lock_guard lock(mutex_);
    now_ += length;
  }
  // Called in each sleep, without the lock held: a test's chance to cancel in a gap.
  void set_on_sleep(std::function<void(Seconds)> on_sleep) {
    const std::lock_guard lock(mutex_);
    on_sleep_ = std::move(on_sleep);
  }

 private:
  static bool is_rung(const WakeUp& wake) {
    GPollFD ring = wake.descriptor();
    return g_poll(&ring, 1, 0) > 0;
  }

  mutable std::mutex mutex_;
  Seconds now_{1000};
  Seconds wall_start_{1780000000};
  double random_ = 0.5;
  std::vector<Seconds> sleeps_;
  std::function<void(Seconds)> on_sleep_;
};

}  // namespace klingv2a::test
