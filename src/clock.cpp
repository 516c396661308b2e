// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The real clock. It has no state of its own, so that any number of threads may share it without a lock.
#include "clock.h"

#include <algorithm>
#include <cmath>

namespace klingv2a {
namespace {

// poll() counts milliseconds in an int; longer sleeps are made of slices.
constexpr Seconds kLongestSlice{3600};
// Without a descriptor for the cancellable (the process has run out of them) a cancel is looked for this often.
constexpr Seconds kBlindSlice{0.02};

int milliseconds(Seconds length) {
  return static_cast<int>(std::ceil(length.count() * 1000));
}

// The descriptor that becomes readable on a cancel; it is counted, so it has to be given back.
class CancelDescriptor {
 public:
  explicit CancelDescriptor(GCancellable* cancel)
      : cancel_(cancel), valid_(cancel && g_cancellable_make_pollfd(cancel, &poll_)) {}
  ~CancelDescriptor() {
    if (valid_) g_cancellable_release_fd(cancel_);
  }
  CancelDescriptor(const CancelDescriptor&) = delete;
  CancelDescriptor& operator=(const CancelDescriptor&) = delete;

  void wait(Seconds length) {
    const bool blind = cancel_ && !valid_;
    const Seconds slice = std::min(length, blind ? kBlindSlice : kLongestSlice);
    g_poll(valid_ ? &poll_ : nullptr, valid_ ? 1 : 0, milliseconds(slice));
  }

 private:
  GCancellable* cancel_;
  GPollFD poll_{};
  bool valid_;
};

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
