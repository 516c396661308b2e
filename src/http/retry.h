// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Retries of reads (never of the paid POST): exponential back-off with full jitter, Retry-After honoured, a budget.
// Runs on the calling thread; waits on the injected clock.
#pragma once

#include <functional>

#include "http/client.h"

namespace klingv2a::http {

struct RetryPolicy {
  int attempts = 6;              // the first one included
  Seconds base{0.5};             // the first gap lies in [0, base), the n-th in [0, base * 2^(n-1))
  Seconds cap{20};               // no gap is longer, unless Retry-After says so
  Seconds retry_after_cap{120};  // a longer Retry-After ends the retries
};

// Called after each failure that will be repeated: for logs and counters.
using OnRetry = std::function<void(const Error& error, int attempt, Seconds gap)>;

// Calls `operation` until it returns, its error is not `retryable`, or the budget is used up; then throws its last
// error. Throws Error{cancelled} as soon as `cancel` is.
template <typename Operation>
auto with_retries(const RetryPolicy& policy, Clock& clock, GCancellable* cancel, const OnRetry& on_retry,
                  Operation&& operation) -> decltype(operation());

// The gap before attempt `attempt` + 1 (attempt counts from 1), or nothing when the retries end here.
[[nodiscard]] std::optional<Seconds> next_gap(const RetryPolicy& policy, Clock& clock, const ErrorDetails& error,
                                              int attempt);

}  // namespace klingv2a::http

#include "http/retry_impl.h"
