// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A sound that is kept: in memory, in a file, and where it is silent not at all.
#include "mix/track.h"

#include <gtest/gtest.h>

#include <limits>

#include "error.h"
#include "mix_fixture.h"

namespace klingv2a::mix {
namespace {

using test::Samples;
using test::operator+;

Samples counting(std::size_t count, float first = 1) {
  Samples samples(count);
  for (std::size_t n = 0; n < count; ++n) samples[n] = first + static_cast<float>(n);
  return samples;
}

struct Store {
  explicit Store(std::uint64_t bytes) : budget(std::make_shared<MemoryBudget>(bytes)) {}
  std::shared_ptr<MemoryBudget> budget;
  Track track{2, budget, ""};
  [[nodiscard]] Samples read(std::int64_t first, std::size_t frames) const {
    Samples samples(frames * 2, 99.0F);
    track.read(first, samples);
    return samples;
  }
};

TEST(Track, GivesBackWhatItGotInMemoryAndFromTheFile) {
  const auto samples = counting(200000);
  for (const std::uint64_t bytes : {std::uint64_t{1} << 30, std::uint64_t{300000}, std::uint64_t{0}}) {
    Store store(bytes);
    for (std::span<const float> left(samples); !left.empty();) {
      const auto part = left.first(std::min<std::size_t>(left.size(), 2046));
      store.track.append(part);
      left = left.subspan(part.size());
    }
    EXPECT_EQ(store.track.frames(), 100000);
    EXPECT_EQ(store.track.spooled_bytes() > 0, bytes < 800000);
    EXPECT_EQ(store.read(0, 100000), samples) << bytes;
    EXPECT_EQ(store.read(40001, 3), counting(6, 80003)) << bytes;
  }
}

TEST(Track, IsSilentBeforeAndAfter) {
  Store store(1 << 20);
  store.track.append(counting(4));
  EXPECT_EQ(store.read(-2, 6), test::silence(2) + counting(4) + test::silence(2));
  EXPECT_EQ(store.read(-9, 3), test::silence(3));
  EXPECT_EQ(store.read(2, 3), test::silence(3));
}

TEST(Track, KeepsSilenceInItsPlace) {
  Store store(0);
  store.track.append(counting(6));
  store.track.append_silence(50000);
  store.track.append(counting(4));
  EXPECT_EQ(store.track.frames(), 50005);
  EXPECT_EQ(store.read(0, 50005), counting(6) + test::silence(50000) + counting(4));
}

TEST(Track, TakesNoRoomForADayOfSilence) {
  Store store(0);
  store.track.append_silence(std::int64_t{24} * 3600 * 48000);
  EXPECT_EQ(store.track.spooled_bytes(), 0U);
  EXPECT_EQ(store.read(std::int64_t{23} * 3600 * 48000, 10), test::silence(10));
}

TEST(Track, TurnsWhatIsNoNumberIntoSilence) {
  Store store(1 << 20);
  store.track.append(Samples{1, std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity(), 2});
  EXPECT_EQ(store.read(0, 2), (Samples{1, 0, 0, 2}));
  EXPECT_EQ(store.track.repaired_samples(), 2U);
}

TEST(Track, GivesItsMemoryBack) {
  const auto budget = std::make_shared<MemoryBudget>(1 << 20);
  { Track(2, budget, "").append(counting(200000)); }
  EXPECT_TRUE(budget->take(1 << 20));
  EXPECT_FALSE(budget->take(1));
}

TEST(Track, NamesTheFolderThatItCannotWriteTo) {
  Track track(2, std::make_shared<MemoryBudget>(0), "/nonexistent");
  try {
    track.append(counting(200000));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disk);
    EXPECT_NE(error.details().message.find("/nonexistent"), std::string::npos);
  }
}

}  // namespace
}  // namespace klingv2a::mix
