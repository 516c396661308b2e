// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The actual gaps between repeated reads, on a clock that does not wait.
#include "http/retry.h"

#include <gtest/gtest.h>

#include <vector>

#include "fake_clock.h"

namespace klingv2a::http {
namespace {

using test::FakeClock;

Error failure(bool retryable, std::optional<double> retry_after = std::nullopt) {
  ErrorDetails details;
  details.kind = ErrorKind::network;
  details.phase = Phase::download;
  details.retryable = retryable;
  details.retry_after_s = retry_after;
  details.message = "it broke";
  return Error(details);
}

// Runs an operation that fails `failures` times; gives how often it was called.
int run(const RetryPolicy& policy, FakeClock& clock, int failures, const Error& error) {
  int calls = 0;
  const auto operation = [&] {
    if (++calls <= failures) throw Error(error);
    return calls;
  };
  try {
    EXPECT_EQ(with_retries(policy, clock, nullptr, nullptr, operation), calls);
  } catch (const Error& last) {
    EXPECT_STREQ(last.what(), error.what());
  }
  return calls;
}

TEST(Retry, ReturnsWhatTheOperationReturns) {
  FakeClock clock;
  EXPECT_EQ(run({}, clock, 0, failure(true)), 1);
  EXPECT_TRUE(clock.sleeps().empty());
}

TEST(Retry, GapsGrowExponentiallyUpToTheCap) {
  FakeClock clock;
  clock.set_random(0.5);
  EXPECT_EQ(run({.attempts = 7, .base = Seconds(1), .cap = Seconds(10)}, clock, 99, failure(true)), 7);
  const std::vector<Seconds> expected{Seconds(0.5), Seconds(1), Seconds(2), Seconds(4), Seconds(5), Seconds(5)};
  EXPECT_EQ(clock.sleeps(), expected);
}

TEST(Retry, JitterIsFull) {
  for (const double random : {0.0, 0.25, 0.99}) {
    FakeClock clock;
    clock.set_random(random);
    run({.attempts = 3, .base = Seconds(1)}, clock, 99, failure(true));
    const std::vector<Seconds> expected{Seconds(random), Seconds(2 * random)};
    EXPECT_EQ(clock.sleeps(), expected);
  }
}

TEST(Retry, EndsWithTheFirstErrorThatIsNotRetryable) {
  FakeClock clock;
  EXPECT_EQ(run({}, clock, 99, failure(false)), 1);
}

TEST(Retry, StopsAtTheFirstSuccess) {
  FakeClock clock;
  EXPECT_EQ(run({}, clock, 2, failure(true)), 3);
}

TEST(Retry, RetryAfterIsWaitedFor) {
  FakeClock clock;
  clock.set_random(0.5);
  EXPECT_EQ(run({.attempts = 3, .base = Seconds(1)}, clock, 99, failure(true, 33)), 3);
  const std::vector<Seconds> expected{Seconds(33), Seconds(33)};
  EXPECT_EQ(clock.sleeps(), expected);
}

TEST(Retry, RetryAfterNeverShortensAGap) {
  FakeClock clock;
  clock.set_random(0.5);
  run({.attempts = 2, .base = Seconds(10)}, clock, 99, failure(true, 0));
  EXPECT_EQ(clock.sleeps(), std::vector<Seconds>{Seconds(5)});
}

TEST(Retry, ALongRetryAfterEndsTheRetries) {
  FakeClock clock;
  EXPECT_EQ(run({.retry_after_cap = Seconds(120)}, clock, 99, failure(true, 121)), 1);
  EXPECT_EQ(run({.attempts = 2, .retry_after_cap = Seconds(120)}, clock, 99, failure(true, 120)), 2);
}

TEST(Retry, TellsOfEachRepetition) {
  FakeClock clock;
  std::vector<std::pair<int, Seconds>> told;
  const auto on_retry = [&](const Error& error, int attempt, Seconds gap) {
    EXPECT_STREQ(error.what(), "it broke");
    told.emplace_back(attempt, gap);
  };
  const auto operation = []() -> int { throw failure(true); };
  EXPECT_THROW(with_retries({.attempts = 3}, clock, nullptr, on_retry, operation), Error);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].first, 1);
  EXPECT_EQ(told[1].first, 2);
  EXPECT_EQ(told[1].second, clock.sleeps()[1]);
}

TEST(Retry, ACancelDuringAGapEndsItInTheSamePhase) {
  FakeClock clock;
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  clock.set_on_sleep([&](Seconds) { g_cancellable_cancel(cancel.get()); });
  int calls = 0;
  try {
    with_retries({}, clock, cancel.get(), nullptr, [&]() -> int {
      ++calls;
      throw failure(true);
    });
    FAIL() << "not cancelled";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
    EXPECT_EQ(error.details().phase, Phase::download);
  }
  EXPECT_EQ(calls, 1);
}

TEST(Retry, WorksForAnOperationWithoutAValue) {
  FakeClock clock;
  int calls = 0;
  with_retries({}, clock, nullptr, nullptr, [&] {
    if (++calls < 2) throw failure(true);
  });
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace klingv2a::http
