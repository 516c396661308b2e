// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The real clock. It has no state of its own, so that any number of threads may share it without a lock.
#include "clock.h"

#include "cancel_descriptor.h"

namespace klingv2a {
namespace {

class SystemClock final : public Clock {
 public:
  Seconds now() override { return std::chrono::steady_clock::now().time_since_epoch(); }
  Seconds wall() override { return std::chrono::system_clock::now().time_since_epoch(); }

  bool sleep(Seconds length, GCancellable* cancel) override {
    CancelDescriptor descriptor(cancel);
    const Seconds end = now() + length;
    while (!g_cancellable_is_cancelled(cancel)) {
      const Seconds left = end - now();
      if (left <= Seconds::zero()) return true;
      descriptor.wait(left);
    }
    return false;
  }

  // GLib's generator is seeded from the system and thread-safe.
  double random() override { return g_random_double(); }
};

}  // namespace

std::shared_ptr<Clock> make_system_clock() {
  return std::make_shared<SystemClock>();
}

}  // namespace klingv2a
