// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Time, sleep and chance, injected so that tests check the actual gaps between requests without waiting for them.
// One object may serve several threads; implementations must be thread-safe.
#pragma once

#include <gio/gio.h>

#include <chrono>
#include <memory>

namespace klingv2a {

using Seconds = std::chrono::duration<double>;

class WakeUp;

class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic, seconds from an arbitrary start: for gaps and deadlines.
  [[nodiscard]] virtual Seconds now() = 0;
  // Wall clock, seconds since 1970: only for comparing with dates that a server sent.
  [[nodiscard]] virtual Seconds wall() = 0;
  // Waits; false as soon as `cancel` is cancelled (also when it was before the call). `cancel` may be null.
  [[nodiscard]] virtual bool sleep(Seconds length, GCancellable* cancel) = 0;
  // The same, but also ends as soon as `wake` is signalled (also when it was before the call). The signal is left to be
  // taken.
  [[nodiscard]] virtual bool sleep_until_signalled(Seconds length, GCancellable* cancel, const WakeUp& wake) = 0;
  // Uniform in [0, 1): the source of jitter.
  [[nodiscard]] virtual double random() = 0;
};

// The real one: steady_clock, poll() on the cancellable's descriptor, a generator seeded from the system.
[[nodiscard]] std::shared_ptr<Clock> make_system_clock();

}  // namespace klingv2a
