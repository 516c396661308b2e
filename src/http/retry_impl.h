// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The body of with_retries; included by http/retry.h only. Runs on the calling thread.
#pragma once

#include "http/retry.h"

namespace klingv2a::http {

// Waits before the attempt after a failure. Throws Error{cancelled} in the failure's phase as soon as `cancel` is.
void wait_for_retry(Clock& clock, GCancellable* cancel, const OnRetry& on_retry, const Error& failure, int attempt,
                    Seconds gap);

template <typename Operation>
auto with_retries(const RetryPolicy& policy, Clock& clock, GCancellable* cancel, const OnRetry& on_retry,
                  Operation&& operation) -> decltype(operation()) {
  for (int attempt = 1;; ++attempt) {
    try {
      return operation();
    } catch (const Error& failure) {
      const std::optional<Seconds> gap = next_gap(policy, clock, failure.details(), attempt);
      if (!gap) throw;
      wait_for_retry(clock, cancel, on_retry, failure, attempt, *gap);
    }
  }
}

}  // namespace klingv2a::http
