// SPDX-License-Identifier: LGPL-2.1-or-later
//
// When a read is repeated, and after how long. Runs on the calling thread; no state.
#include "http/retry.h"

#include <algorithm>
#include <cmath>

namespace klingv2a::http {

std::optional<Seconds> next_gap(const RetryPolicy& policy, Clock& clock, const ErrorDetails& error, int attempt) {
  if (!error.retryable || attempt >= policy.attempts) return std::nullopt;
  const Seconds asked_for{error.retry_after_s.value_or(0)};
  if (asked_for > policy.retry_after_cap) return std::nullopt;
  const Seconds limit = std::min(policy.base * std::exp2(attempt - 1), policy.cap);
  return std::max(limit * clock.random(), asked_for);
}

void wait_for_retry(Clock& clock, GCancellable* cancel, const OnRetry& on_retry, const Error& failure, int attempt,
                    Seconds gap) {
  g_debug("attempt %d failed (%s); the next one follows in %.2f s", attempt, failure.what(), gap.count());
  if (on_retry) on_retry(failure, attempt, gap);
  if (clock.sleep(gap, cancel)) return;
  throw make_error(ErrorKind::cancelled, failure.details().phase, "cancelled while waiting for the next attempt");
}

}  // namespace klingv2a::http
