// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Edit lists in a finished moov: what is trimmed, where a track begins, and how long it is.
#include "bin/edit_list.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace klingv2a {
namespace {

constexpr std::uint32_t kMovieScale = 48000, kVideoScale = 2500;
constexpr std::int64_t kMillisecond = 1'000'000;

void put(Bytes& bytes, std::uint64_t value, int width) {
  for (int i = width - 1; i >= 0; --i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes box(const std::string& type, const Bytes& content) {
  Bytes bytes;
  put(bytes, content.size() + 8, 4);
  bytes.insert(bytes.end(), type.begin(), type.end());
  return join({bytes, content});
}

Bytes words(std::initializer_list<std::uint32_t> values) {
  Bytes bytes;
  for (const auto value : values) put(bytes, value, 4);
  return bytes;
}

struct Entry {
  std::uint32_t duration;
  std::int32_t media_time;
  bool operator==(const Entry&) const = default;
};

Bytes edts(const std::vector<Entry>& entries) {
  Bytes content = words({0, static_cast<std::uint32_t>(entries.size())});
  for (const auto& entry : entries)
    content = join({content, words({entry.duration, static_cast<std::uint32_t>(entry.media_time), 0x10000})});
  return box("edts", box("elst", content));
}

Bytes hdlr(const std::string& type, const std::string& name) {
  Bytes content = words({0, 0});
  content.insert(content.end(), type.begin(), type.end());
  content = join({content, words({0, 0, 0})});
  content.insert(content.end(), name.begin(), name.end());
  content.push_back(0);
  return box("hdlr", content);
}

Bytes trak(std::uint32_t id, std::uint32_t duration, std::uint32_t scale, const std::vector<Entry>& entries,
           const std::string& type = "vide", const Bytes& more = {}) {
  const Bytes tkhd = box("tkhd", words({7, 0, 0, id, 0, duration, 0, 0}));
  const Bytes mdhd = box("mdhd", words({0, 0, 0, scale, 999, 0}));
  const Bytes edits = entries.empty() ? Bytes() : edts(entries);
  return box("trak", join({tkhd, edits, more, box("mdia", join({mdhd, hdlr(type, "Handler")}))}));
}

Bytes moov(std::initializer_list<Bytes> traks) {
  return box("moov", join({box("mvhd", words({0, 0, 0, kMovieScale, 777, 0})), join(traks)}));
}

std::uint32_t word(const Bytes& bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at]) << 24 | static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

// Where the content of the n-th box of this type begins.
std::size_t content_of(const Bytes& bytes, const std::string& type, int number = 0) {
  for (std::size_t at = 4; at + 4 <= bytes.size(); ++at)
    if (std::equal(type.begin(), type.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at)) && number-- == 0)
      return at + 4;
  ADD_FAILURE() << "no " << type;
  return 8;
}

std::vector<Entry> entries_of(const Bytes& bytes, int track = 0) {
  const auto at = content_of(bytes, "elst", track);
  std::vector<Entry> entries;
  for (std::uint32_t i = 0; i < word(bytes, at + 4); ++i)
    entries.push_back({word(bytes, at + 8 + i * 12), static_cast<std::int32_t>(word(bytes, at + 12 + i * 12))});
  return entries;
}

Bytes trimmed(const Bytes& bytes, const StartTrim& trim) {
  const auto result = trim_start(bytes, trim);
  EXPECT_TRUE(result);
  return result.value_or(Bytes(64));
}

TEST(EditList, TakesThePrimingOfTheSoundAndTheEmptyEditOfTheVideo) {
  // As mp4mux writes it: the sound begins with its priming, the video as much later.
  const auto file =
      moov({trak(1, 97024, kVideoScale, {{1024, -1}, {96000, 200}}), trak(2, 97024, 48000, {{97024, 0}}, "soun")});
  const auto result = trimmed(file, {21'333'333, {{}, {21'333'333, {}, {}, {}}}});
  EXPECT_EQ(entries_of(result, 0), (std::vector<Entry>{{96000, 200}}));
  EXPECT_EQ(entries_of(result, 1), (std::vector<Entry>{{96000, 1024}}));
  EXPECT_EQ(word(result, content_of(result, "tkhd", 0) + 20), 96000U);
  EXPECT_EQ(word(result, content_of(result, "mvhd") + 16), 96000U);
  EXPECT_EQ(word(result, 0), result.size());
}

TEST(EditList, PutsAFileThatBeganLaterBackToWhereItWas) {
  const auto file = moov({trak(1, 48000, kVideoScale, {{48000, 0}})});
  const auto result = trimmed(file, {-500 * kMillisecond, {}});
  EXPECT_EQ(entries_of(result), (std::vector<Entry>{{24000, -1}, {48000, 0}}));
  EXPECT_EQ(word(result, content_of(result, "mvhd") + 16), 72000U);
}

TEST(EditList, HidesWhatLiesBeforeTheFirstPicture) {
  const auto file = moov({trak(1, 96000, kVideoScale, {{96000, 100}})});
  const auto result = trimmed(file, {400 * kMillisecond, {{400 * kMillisecond, {}, {}, {}}}});
  EXPECT_EQ(entries_of(result), (std::vector<Entry>{{96000 - 19200, 1100}}));
}

TEST(EditList, EndsTheSoundWithItsLastSample) {
  const auto file = moov({trak(1, 49152, 48000, {{49152, 0}}, "soun")});
  const auto result = trimmed(file, {0, {{0, 1000 * kMillisecond, {}, {}}}});
  EXPECT_EQ(entries_of(result), (std::vector<Entry>{{48000, 0}}));
}

TEST(EditList, NamesATrackWhereItIsAskedTo) {
  const auto file = moov({trak(1, 100, kVideoScale, {{100, 0}}), trak(2, 100, 48000, {{100, 0}}, "soun")});
  const auto result = trimmed(file, {0, {{}, {0, {}, "Generated", {}}}});
  const std::string text(result.begin(), result.end());
  EXPECT_NE(text.find("Generated"), std::string::npos);
  EXPECT_NE(text.find("Handler"), std::string::npos) << "the other track keeps its name";
  EXPECT_EQ(list_tracks(result).size(), 2U);
}

TEST(EditList, TurnsThePicture) {
  // Matrix and size behind the duration: 8 bytes, layer to volume, the matrix, width, height.
  const Bytes tkhd =
      box("tkhd", join({words({7, 0, 0, 1, 0, 100, 0, 0, 0, 0}),
                        words({0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000}), words({1280U << 16, 720U << 16})}));
  const Bytes mdhd = box("mdhd", words({0, 0, 0, kVideoScale, 999, 0}));
  const auto file = moov({box("trak", join({tkhd, edts({{100, 0}}), box("mdia", join({mdhd, hdlr("vide", "V")}))}))});
  const auto matrix_of = [&](const std::string& orientation) {
    const auto result = trimmed(file, {0, {{0, {}, {}, orientation}}});
    std::vector<std::int32_t> matrix;
    for (std::size_t i = 0; i < 9; ++i)
      matrix.push_back(static_cast<std::int32_t>(word(result, content_of(result, "tkhd") + 40 + 4 * i)));
    return matrix;
  };
  constexpr std::int32_t kOne = 0x10000, kW = 0x40000000;
  using Matrix = std::vector<std::int32_t>;
  EXPECT_EQ(matrix_of("rotate-90"), (Matrix{0, kOne, 0, -kOne, 0, 0, 720 << 16, 0, kW}));
  EXPECT_EQ(matrix_of("rotate-180"), (Matrix{-kOne, 0, 0, 0, -kOne, 0, 1280 << 16, 720 << 16, kW}));
  EXPECT_EQ(matrix_of("rotate-270"), (Matrix{0, -kOne, 0, kOne, 0, 0, 0, 1280 << 16, kW}));
  EXPECT_EQ(matrix_of(""), (Matrix{kOne, 0, 0, 0, kOne, 0, 0, 0, kW}));
  EXPECT_FALSE(can_be_written("flip-rotate-90"));
}

TEST(EditList, LeavesATrackWithoutEditsAlone) {
  const auto plain = trak(2, 500, 1000, {}, "tmcd");
  const auto result = trimmed(moov({trak(1, 48000, kVideoScale, {{48000, 0}}), plain}), {0, {}});
  const std::string text(result.begin(), result.end()), kept(plain.begin(), plain.end());
  EXPECT_NE(text.find(kept), std::string::npos);
}

TEST(EditList, IsNotTriedOnBytesThatAreNoMoov) {
  EXPECT_FALSE(trim_start(box("mdat", words({1, 2, 3})), {}));
  auto cut = moov({trak(1, 48000, kVideoScale, {{48000, 0}})});
  cut.pop_back();
  EXPECT_FALSE(trim_start(cut, {}));
  EXPECT_FALSE(trim_start(Bytes(3), {}));
  EXPECT_FALSE(trim_start(box("moov", trak(1, 1, 1, {{1, 0}})), {})) << "no mvhd";
}

TEST(TrackList, SaysWhichTracksAreChaptersTimecodeOrData) {
  const auto chapters = box("tref", box("chap", words({3})));
  const auto tracks = list_tracks(
      moov({trak(1, 1, 1, {{1, 0}}, "vide", chapters), trak(2, 1, 1, {}, "tmcd"), trak(3, 1, 1, {}, "text")}));
  ASSERT_EQ(tracks.size(), 3U);
  EXPECT_EQ(tracks[0].handler, "vide");
  EXPECT_FALSE(tracks[0].chapters);
  EXPECT_EQ(tracks[1].handler, "tmcd");
  EXPECT_TRUE(tracks[2].chapters);
}

}  // namespace
}  // namespace klingv2a
