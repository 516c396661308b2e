// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The real clock. It has no state of its own, so that any number of threads may share it without a lock.
#include "clock.h"

#include "cancel_descriptor.h"
#include "wake_up.h"

namespace klingv2a {
namespace {

class SystemClock final : public Clock {
 public:
  Seconds now() override { return std::chrono::steady_clock::now().time_since_epoch(); }
  Seconds wall() override { return std::chrono::system_clock::now().time_since_epoch(); }

  bool sleep(Seconds length, GCancellable* cancel) override { return wait(length, cancel, nullptr); }

  bool sleep_until_signalled(Seconds length, GCancellable* cancel, const WakeUp& wake) override {
    GPollFD ring = wake.descriptor();
    return wait(length, cancel, &ring);
  }

  // GLib's generator is seeded from the system and thread-safe.
  double random() override { return g_random_double(); }

 private:
  // `early` may be null: what ends the wait when it is ready.
  bool wait(Seconds length, GCancellable* cancel, GPollFD* early) {
    CancelDescriptor descriptor(cancel);
    const Seconds end = now() + length;
    while (!g_cancellable_is_cancelled(cancel)) {
      const Seconds left = end - now();
      if (left <= Seconds::zero() || (early && early->revents != 0)) return true;
      descriptor.wait(left, early);
    }
    return false;
  }
};

}  // namespace

std::shared_ptr<Clock> make_system_clock() {
  return std::make_shared<SystemClock>();
}

}  // namespace klingv2a
