// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The boxes that are known: the table in docs/containers.md says what the code does. And what is hostile in a movie is
// read with bounds.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "bin/finished_movie.h"
#include "bin/matroska_tags.h"
#include "bin/movie_details.h"

namespace klingv2a {
namespace {

using movie::append;
using movie::make_box;

const char* word(Fate fate) {
  return fate == Fate::kept ? "kept" : fate == Fate::told ? "told" : "as the streams";
}

std::string line_of(const DetailRow& row) {
  return "| " + std::string(row.place) + " | `" + std::string(row.key) + "` | " + std::string(row.what) + " | " +
         word(row.fates.movie) + " | " + word(row.fates.matroska) + " | " + word(row.fates.transport) + " |";
}

TEST(DetailRows, StandInTheDocuments) {
  std::ifstream file(KLINGV2A_DOCS "/containers.md");
  std::string line, rows, expected;
  while (std::getline(file, line))
    if (line.find(" | `") != std::string::npos) rows += line + "\n";
  for (const auto& row : movie_detail_rows()) expected += line_of(row) + "\n";
  EXPECT_EQ(rows, expected);
}

Bytes zeros(std::size_t size) {
  return Bytes(size);
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& part : parts) append(all, part);
  return all;
}

// A movie with one track of video, whose entry and user data hold these.
Bytes movie_with(const Bytes& entry_boxes, const Bytes& user_data) {
  auto tkhd = zeros(84);
  tkhd[3] = 1;
  tkhd[15] = 1;
  Bytes hdlr = zeros(25);
  std::copy_n("vide", 4, hdlr.begin() + 8);
  auto stsd = zeros(8);
  stsd[7] = 1;
  append(stsd, make_box("avc1", joined({zeros(78), entry_boxes})));
  const auto stbl = make_box("stbl", joined({make_box("stsd", stsd), make_box("stsz", zeros(12))}));
  const auto mdia =
      make_box("mdia", joined({make_box("mdhd", zeros(24)), make_box("hdlr", hdlr), make_box("minf", stbl)}));
  const auto trak = make_box("trak", joined({make_box("tkhd", tkhd), mdia}));
  return make_box("moov", joined({make_box("mvhd", zeros(100)), trak, make_box("udta", user_data)}));
}

// Each row that is kept, planted in the input, is in the output.
TEST(DetailRows, ThatAreKeptInAMovieAreCopied) {
  const auto output = movie_with({}, {});
  for (const auto& row : movie_detail_rows()) {
    if (row.fates.movie != Fate::kept || row.key.size() < 4 || row.place == "meta" || row.place == "ilst") continue;
    const auto key =
        std::string(row.key).replace(0, row.key.starts_with("©") ? 2 : 0, row.key.starts_with("©") ? "\xA9" : "");
    if (key.size() != 4 || (row.place != "entry" && row.place != "udta")) continue;
    const auto box = make_box(key, zeros(24));
    const auto input = row.place == "entry" ? movie_with(box, {}) : movie_with({}, box);
    const auto copied = with_details(output, input, {{1, TrackUse::copied, false}}, false);
    ASSERT_TRUE(copied) << row.key;
    EXPECT_NE(std::ranges::search(copied->moov, box).begin(), copied->moov.end()) << row.key;
  }
}

// Every length that is cut or wrong: nothing is read beyond the bytes, and nothing is thrown.
TEST(MovieDetails, OfBytesThatAreNoMovieAreReadWithBounds) {
  const auto good = movie_with(make_box("dvvC", zeros(24)), make_box("zzzz", zeros(5)));
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const std::uint8_t value : Bytes{0x00, 0x01, 0x7F, 0xFF}) {
      auto bad = good;
      bad[i] = value;
      FileDetails file;
      list_movie_details(bad, file);
      (void)with_details(good, bad, {{1, TrackUse::copied, false}}, true);
      (void)with_details(bad, good, {{1, TrackUse::copied, false}}, false);
      (void)with_metadata(bad, "name", "value");
      FileDetails cut;
      list_movie_details(View(good).first(i), cut);
    }
}

TEST(MovieDetails, TellWhatIsThere) {
  FileDetails file;
  list_movie_details(movie_with(make_box("dvvC", zeros(24)), make_box("zzzz", zeros(5))), file);
  const auto lost = lost_details(file, Container::mkv, {{1, TrackUse::copied}});
  EXPECT_EQ(lost.size(), 2U) << ::testing::PrintToString(lost);
  EXPECT_TRUE(lost_details(file, Container::mp4, {{1, TrackUse::copied}}).empty());
  EXPECT_EQ(lost_details(file, Container::mkv, {}).size(), 1U) << "the track is left out, which is told as such";
}

TEST(Metadata, OfOurOwnIsAddedOnce) {
  const auto once = with_metadata(movie_with({}, {}), "NAME", "value");
  ASSERT_TRUE(once);
  const auto twice = with_metadata(*once, "NAME", "value");
  ASSERT_TRUE(twice);
  EXPECT_EQ(*once, *twice);
}

TEST(MatroskaTags, OfOtherBytesAreLeftAlone) {
  const OwnTag own{"Sound", "NAME", "value"};
  EXPECT_FALSE(finish_tags(zeros(64), own));
  Bytes tags{0x12, 0x54, 0xC3, 0x67, 0x01, 0, 0, 0, 0, 0, 0, 6, 0x73, 0x73, 0x83, 0x67, 0xC8, 0x80};
  for (std::size_t i = 0; i <= tags.size(); ++i) EXPECT_FALSE(finish_tags(View(tags).first(i), own));
}

}  // namespace
}  // namespace klingv2a
