// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How much memory a row takes while it is joined: counted by the operators new and delete, which this program replaces.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "join/row_joiner.h"
#include "rows.h"

namespace {

std::atomic<std::size_t> in_use{0}, most_in_use{0};

}  // namespace

// NOLINTBEGIN(cppcoreguidelines-no-malloc)
void* operator new(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  const auto now = in_use += ::malloc_usable_size(memory);
  if (now > most_in_use) most_in_use = now;
  return memory;
}

void operator delete(void* memory) noexcept {
  if (memory != nullptr) in_use -= ::malloc_usable_size(memory);
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}
// NOLINTEND(cppcoreguidelines-no-malloc)

namespace klingv2a::join {
namespace {

constexpr Format kStereo{};

// How much more was in use than before the row, at the most. The clips come one by one and the pieces are dropped, as
// in a pipeline.
std::size_t most_memory(const test::Row& row) {
  const auto clip = test::make_clip(row, 1, {.seed = 5});
  RowJoiner joiner(kStereo);
  const std::size_t before = in_use;
  most_in_use = before;
  for (std::size_t i = 0; i < row.clips; ++i) {
    auto next = clip;
    const auto shift = static_cast<std::int64_t>(i) * (clip.end - clip.begin);
    next.shown_begin += shift;
    next.begin += shift;
    next.end += shift;
    (void)joiner.add(std::move(next));
  }
  (void)joiner.finish();
  return most_in_use - before;
}

TEST(RowMemory, IsThatOfTwoClipsHoweverLongTheRow) {
  const test::Row row{.clips = 3, .seconds = 19, .format = kStereo};
  auto longer = row;
  longer.clips = 9;
  const auto a_clip = kStereo.samples_of(kStereo.frames_in(20)) * sizeof(float);
  const auto a_second = kStereo.samples_of(kStereo.rate) * sizeof(float);
  EXPECT_LE(most_memory(row), 2 * a_clip + 20 * a_second);
  EXPECT_LE(most_memory(longer), most_memory(row) + a_second);
}

TEST(RowMemory, OfShortClipsIsThatOfTheirContextToo) {
  const test::Row row{.clips = 40, .seconds = 1, .format = kStereo};
  const auto a_second = kStereo.samples_of(kStereo.rate) * sizeof(float);
  EXPECT_LE(most_memory(row), 24 * a_second);
}

}  // namespace
}  // namespace klingv2a::join
