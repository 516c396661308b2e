// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The real clock: its sleeps end in time, and at once on a cancel.
#include "clock.h"

#include <gtest/gtest.h>

#include <thread>

#include "gobject_ptr.h"
#include "wake_up.h"

namespace klingv2a {
namespace {

GObjectPtr<GCancellable> make_cancel() {
  return GObjectPtr<GCancellable>::adopt(g_cancellable_new());
}

TEST(SystemClock, SleepsAtLeastAsLongAsAsked) {
  const auto clock = make_system_clock();
  for (GCancellable* cancel : {static_cast<GCancellable*>(nullptr), make_cancel().release()}) {
    const GObjectPtr<GCancellable> owner = GObjectPtr<GCancellable>::adopt(cancel);
    const Seconds begin = clock->now();
    EXPECT_TRUE(clock->sleep(Seconds(0.01), cancel));
    EXPECT_GE(clock->now() - begin, Seconds(0.01));
  }
}

TEST(SystemClock, DoesNotSleepForNothing) {
  const auto clock = make_system_clock();
  EXPECT_TRUE(clock->sleep(Seconds(0), nullptr));
  EXPECT_TRUE(clock->sleep(Seconds(-5), nullptr));
}

TEST(SystemClock, ACancelBeforeTheSleepIsNotLost) {
  const auto clock = make_system_clock();
  const auto cancel = make_cancel();
  g_cancellable_cancel(cancel.get());
  EXPECT_FALSE(clock->sleep(Seconds(60), cancel.get()));
  EXPECT_FALSE(clock->sleep(Seconds(0), cancel.get()));
}

TEST(SystemClock, ACancelEndsASleepAtOnce) {
  const auto clock = make_system_clock();
  const auto cancel = make_cancel();
  const Seconds begin = clock->now();
  std::thread canceller([&] { g_cancellable_cancel(cancel.get()); });
  EXPECT_FALSE(clock->sleep(Seconds(60), cancel.get()));
  canceller.join();
  EXPECT_LT(clock->now() - begin, Seconds(5));
}

TEST(SystemClock, ARingEndsASleepAtOnce) {
  const auto clock = make_system_clock();
  const WakeUp event;
  const Seconds begin = clock->now();
  std::thread signaller([&] { event.signal(); });
  EXPECT_TRUE(clock->sleep_until_signalled(Seconds(60), make_cancel().get(), event));
  signaller.join();
  EXPECT_LT(clock->now() - begin, Seconds(5));
}

TEST(SystemClock, ARingBeforeTheSleepIsNotLostAndIsTakenOnce) {
  const auto clock = make_system_clock();
  WakeUp event;
  event.signal();
  event.signal();
  const Seconds begin = clock->now();
  EXPECT_TRUE(clock->sleep_until_signalled(Seconds(60), nullptr, event));
  EXPECT_LT(clock->now() - begin, Seconds(5));
  EXPECT_TRUE(event.take());
  EXPECT_FALSE(event.take());
  const Seconds second = clock->now();
  EXPECT_TRUE(clock->sleep_until_signalled(Seconds(0.01), nullptr, event));
  EXPECT_GE(clock->now() - second, Seconds(0.01));
}

TEST(SystemClock, ACancelEndsASleepThatNobodyRings) {
  const auto clock = make_system_clock();
  const WakeUp event;
  const auto cancel = make_cancel();
  std::thread canceller([&] { g_cancellable_cancel(cancel.get()); });
  EXPECT_FALSE(clock->sleep_until_signalled(Seconds(60), cancel.get(), event));
  canceller.join();
}

TEST(SystemClock, WallTimeIsUnixTime) {
  // Between 2023 and 2100.
  EXPECT_GT(make_system_clock()->wall(), Seconds(1.7e9));
  EXPECT_LT(make_system_clock()->wall(), Seconds(4.1e9));
}

TEST(SystemClock, RandomLiesBelowOne) {
  const auto clock = make_system_clock();
  const double first = clock->random();
  bool varies = false;
  for (int i = 0; i < 1000; ++i) {
    const double value = clock->random();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    varies = varies || value != first;
  }
  EXPECT_TRUE(varies);
}

}  // namespace
}  // namespace klingv2a
