// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Boxes and elements with sizes that cannot be: the view cannot be left, and readers and writers end.
#include "byte_view.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "bin/ebml.h"
#include "bin/edit_list.h"
#include "bin/movie_copy.h"
#include "bin/movie_details.h"

namespace klingv2a {
namespace {

constexpr auto kMost = std::numeric_limits<std::size_t>::max();

TEST(ByteView, CannotBeLeft) {
  const Bytes bytes{1, 2, 3};
  const View view(bytes);
  EXPECT_EQ(view[2], 3);
  EXPECT_EQ(view.subspan(3).size(), 0U);
  EXPECT_EQ(view.subspan(1, 2)[1], 3);
  EXPECT_THROW((void)view[3], Malformed);
  EXPECT_THROW((void)view[kMost], Malformed);
  EXPECT_THROW((void)view.first(4), Malformed);
  EXPECT_THROW((void)view.first(kMost), Malformed);
  EXPECT_THROW((void)view.subspan(4), Malformed);
  EXPECT_THROW((void)view.subspan(1, 3), Malformed);
  EXPECT_THROW((void)view.subspan(kMost, kMost), Malformed);
  EXPECT_THROW((void)View().front(), Malformed);
}

void put(Bytes& bytes, std::uint64_t value, int width) {
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put(Bytes& bytes, const std::string& text) {
  bytes.insert(bytes.end(), text.begin(), text.end());
}

Bytes box(const std::string& type, const Bytes& content) {
  Bytes bytes;
  put(bytes, 8 + content.size(), 4);
  put(bytes, type);
  bytes.insert(bytes.end(), content.begin(), content.end());
  return bytes;
}

// None of them ends in anything but an answer or Malformed, and soon.
void try_all(View moov) {
  const StartTrim trim{
      .start_offset_ns = 40'000'000,
      .tracks = {{.trimmed_ns = 1'000'000, .length_ns = 3'000'000'000, .name = "x", .orientation = ""}}};
  (void)trim_start(moov, trim);
  (void)with_metadata(moov, "name", "value");
  (void)with_details(moov, moov, {{1, TrackUse::copied, false}}, false);
  FileDetails file;
  try {
    list_movie_details(moov, file);
  } catch (const Malformed&) {
  }
}

TEST(MovieSizes, ThatCannotBeAreOutlived) {
  for (const std::uint64_t size : {0ULL, 1ULL, 7ULL, 8ULL, 9ULL, 0x7fffffffULL, 0x80000000ULL, 0xffffffffULL}) {
    for (const std::string type : {"mvhd", "trak", "udta", "meta", "tkhd", "edts", "elst", "stsd", "stts"}) {
      Bytes inner;
      put(inner, size, 4);
      put(inner, type);
      put(inner, 0xffffffffffffffff, 8);
      for (const std::string around : {"moov", "trak", "mdia", "udta"})
        try_all(around == "moov" ? box("moov", inner) : box("moov", box(around, inner)));
    }
  }
}

TEST(MovieSizes, OfSixtyFourBitsAreOutlived) {
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{15}, std::uint64_t{16},
                                   std::uint64_t{1} << 63U, std::numeric_limits<std::uint64_t>::max()}) {
    Bytes inner;
    put(inner, 1, 4);
    put(inner, "trak");
    put(inner, size, 8);
    put(inner, "rest");
    try_all(box("moov", inner));
  }
}

TEST(MovieSizes, CountsBeyondTheBoxAreOutlived) {
  for (const std::string type : {"elst", "stts", "ctts", "stsz", "stsc", "stco", "co64", "stsd", "dref"}) {
    Bytes table;
    put(table, 0, 4);
    put(table, 0xffffffff, 4);
    put(table, 0xffffffff, 4);
    const Bytes inner = box("trak", box("mdia", box("minf", box("stbl", box(type, table)))));
    try_all(box("moov", inner));
    try_all(box("moov", box("trak", box("edts", box(type, table)))));
  }
}

TEST(MovieSizes, NestingWithoutEndIsOutlived) {
  Bytes inner;
  for (int i = 0; i < 5000; ++i) inner = box(i % 2 == 0 ? "udta" : "meta", inner);
  try_all(box("moov", inner));
  inner.clear();
  for (int i = 0; i < 5000; ++i) inner = box(i % 2 == 0 ? "trak" : "mdia", inner);
  try_all(box("moov", inner));
}

// What is written into the first header does not fit the second one.
TEST(MovieSizes, ASecondHeaderIsNotWrittenTo) {
  for (const std::size_t size : {0U, 1U, 3U, 19U, 99U}) {
    Bytes moov = box("mvhd", Bytes(100));
    const Bytes second = box("mvhd", Bytes(size)), track = box("trak", box("tkhd", Bytes(size)));
    for (const Bytes& one : {second, track, second}) moov.insert(moov.end(), one.begin(), one.end());
    try_all(box("moov", moov));
  }
}

// Many small boxes are read in a time that grows with their number, not with its square.
TEST(MovieSizes, ManyBoxesAreReadOnce) {
  Bytes many;
  for (int i = 0; i < 100'000; ++i) {
    const Bytes one = box("trak", {});
    many.insert(many.end(), one.begin(), one.end());
  }
  try_all(box("moov", many));
}

TEST(MatroskaSizes, ThatCannotBeAreOutlived) {
  const auto count = [](const Bytes& bytes) {
    int elements = 0;
    ebml::for_each(bytes, [&](std::uint64_t, View) { ++elements; });
    return elements;
  };
  EXPECT_EQ(count({0x81, 0x80}), 1);                                               // empty
  EXPECT_EQ(count({0x81, 0x81}), 0);                                               // one byte is missing
  EXPECT_EQ(count({0x81, 0x00}), 0);                                               // no number
  EXPECT_EQ(count({0x81, 0xff}), 0);                                               // not known
  EXPECT_EQ(count({0x81, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 1}), 0);  // 2^56 - 2
  EXPECT_EQ(count({0x1a, 0x45}), 0);                                               // half an id
  EXPECT_EQ(count({}), 0);
  EXPECT_THROW((void)ebml::padding(0), Malformed);
  EXPECT_THROW((void)ebml::padding(1), Malformed);
  for (std::size_t size = 2; size < 300; ++size) {
    const Bytes room = ebml::padding(size);
    const auto head = ebml::read_head(room);
    ASSERT_EQ(room.size(), size);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->head + head->size, size);
  }
}

}  // namespace
}  // namespace klingv2a
