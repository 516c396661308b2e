// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The boxes that are known: the table in docs/containers.md says what the code does. And what is hostile in a movie is
// read with bounds.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "bin/ebml.h"
#include "bin/finished_movie.h"
#include "bin/matroska_copy.h"
#include "bin/matroska_details.h"
#include "bin/matroska_tags.h"
#include "bin/movie_details.h"

namespace klingv2a {
namespace {

using movie::append;
using movie::make_box;

const char* word(Fate fate) {
  return fate == Fate::kept ? "kept" : fate == Fate::reported ? "reported" : "as the streams";
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
  for (const auto& row : matroska_detail_rows()) expected += line_of(row.row) + "\n";
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

bool holds(const Bytes& bytes, const Bytes& wanted) {
  return std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end()) != bytes.end();
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
    EXPECT_TRUE(holds(copied->moov, box)) << row.key;
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
  EXPECT_EQ(lost_details(file, Container::mkv, {}).size(), 1U) << "the track is left out, which is reported as such";
}

TEST(Metadata, OfOurOwnIsAddedOnce) {
  const auto once = with_metadata(movie_with({}, {}), "NAME", "value");
  ASSERT_TRUE(once);
  const auto twice = with_metadata(*once, "NAME", "value");
  ASSERT_TRUE(twice);
  EXPECT_EQ(*once, *twice);
}

Bytes number(std::uint64_t id, std::uint8_t value) {
  return ebml::make(id, Bytes{value});
}

Bytes text(std::uint64_t id, const std::string& value) {
  return ebml::make(id, Bytes(value.begin(), value.end()));
}

constexpr std::uint64_t kTracks = 0x1654AE6B, kTrackEntry = 0xAE, kVideo = 0xE0;

Bytes track_with(const Bytes& more) {
  return ebml::make(kTrackEntry, joined({number(0xD7, 1), number(0x73C5, 7), number(0x83, 1), more}));
}

Bytes segment_with(const Bytes& of_track, const Bytes& beside) {
  return joined({ebml::make(kTracks, track_with(of_track)), beside});
}

std::vector<std::string> told_of(const Bytes& elements, Container container = Container::ts) {
  FileDetails file;
  list_matroska_details(elements, file);
  return lost_details(file, container, {{1, TrackUse::copied}});
}

// Each row that can be reported, planted in a file, is.
TEST(MatroskaDetails, ThatAreToldAreFound) {
  for (const auto& row : matroska_detail_rows()) {
    if (row.row.fates.transport != Fate::reported || row.row.key.find(' ') != std::string_view::npos) continue;
    const auto planted = ebml::make(row.id == 0 ? 0x7FFE : row.id, Bytes{'a', 'b', '-', 'C'});
    Bytes file;
    if (row.row.place == "TrackEntry") file = segment_with(planted, {});
    if (row.row.place == "Video" || row.row.place == "Audio")
      file = segment_with(ebml::make(row.row.place == "Video" ? kVideo : 0xE1, planted), {});
    if (row.row.place == "Colour") file = segment_with(ebml::make(kVideo, ebml::make(0x55B0, planted)), {});
    if (row.row.place == "Projection") file = segment_with(ebml::make(kVideo, ebml::make(0x7670, planted)), {});
    if (row.row.place == "Info") file = segment_with({}, ebml::make(0x1549A966, planted));
    if (file.empty()) continue;
    EXPECT_EQ(told_of(file).size(), 1U) << row.row.place << "/" << row.row.key;
  }
}

TEST(MatroskaDetails, ThatSayNoMoreThanTheDefaultAreNotTold) {
  for (const auto& row : matroska_detail_rows()) {
    if (row.row.place != "TrackEntry" || !row.nothing || *row.nothing > 1) continue;
    EXPECT_TRUE(told_of(segment_with(number(row.id, static_cast<std::uint8_t>(*row.nothing)), {})).empty())
        << row.row.key;
    EXPECT_EQ(told_of(segment_with(number(row.id, static_cast<std::uint8_t>(1 - *row.nothing)), {})).size(), 1U)
        << row.row.key;
  }
  EXPECT_TRUE(
      told_of(segment_with(joined({text(0x22B59C, "jpn"), text(0x22B59D, "ja"), text(0x536E, "")}), {})).empty());
}

TEST(MatroskaDetails, NameWhatIsThere) {
  const auto mapping = ebml::make(0x41E4, ebml::make(0x41E7, Bytes{'d', 'v', 'v', 'C'}));
  const auto tag = ebml::make(
      0x1254C367,
      ebml::make(0x7373, joined({ebml::make(0x63C0, number(0x63C5, 7)), ebml::make(0x67C8, text(0x45A3, "MOOD"))})));
  const auto file =
      ebml::make(0x1941A469, ebml::make(0x61A7, joined({text(0x466E, "a\n\xFF.ttf"), text(0x4660, "font/ttf")})));
  const auto told = told_of(segment_with(mapping, joined({tag, file})));
  ASSERT_EQ(told.size(), 3U) << ::testing::PrintToString(told);
  EXPECT_NE(told[0].find("the Dolby Vision configuration (BlockAdditionMapping dvvC) of track 1"), std::string::npos);
  EXPECT_NE(told[1].find("font/ttf"), std::string::npos) << told[1];
  EXPECT_EQ(told[1].find('\n'), std::string::npos) << "names are strangers'";
  EXPECT_NE(told[2].find("(MOOD) of track 1"), std::string::npos) << told[2];
}

TEST(MatroskaDetails, ChooseTheTrackAndKnowEncryption) {
  FileDetails file;
  const auto encryption = ebml::make(0x6D80, ebml::make(0x6240, number(0x5033, 1)));
  list_matroska_details(segment_with(joined({number(0x88, 0), number(0xB9, 0), encryption}), {}), file);
  ASSERT_EQ(file.tracks.size(), 1U);
  EXPECT_FALSE(file.tracks[0].is_default || file.tracks[0].is_enabled);
  EXPECT_TRUE(file.tracks[0].is_encrypted);
}

// As of movies.
TEST(MatroskaDetails, OfBytesThatAreNoneAreReadWithBounds) {
  const auto good = segment_with(ebml::make(kVideo, number(0x53B8, 1)), ebml::make(0x1043A770, number(0xEC, 0)));
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const std::uint8_t value : Bytes{0x00, 0x01, 0x08, 0x7F, 0x80, 0xFF}) {
      auto bad = good;
      bad[i] = value;
      (void)told_of(bad);
      (void)told_of(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(i)));
    }
}

// As a muxer begins: one track, whose name makes room.
Bytes written_with(const std::string& name) {
  const auto entry =
      joined({number(0xD7, 1), number(0x73C5, 99), number(0x83, 1), text(0x536E, name), text(0x86, "V_AV1")});
  return ebml::make(0x18538067, joined({ebml::make(0x1549A966, number(0xEC, 0)),
                                        ebml::make(kTracks, ebml::make(kTrackEntry, entry))}));
}

std::shared_ptr<FileDetails> input_of(const Bytes& elements) {
  auto file = std::make_shared<FileDetails>();
  file->matroska = elements;
  return file;
}

// Each row that is kept, planted in the input, is in the output, which keeps its size.
TEST(MatroskaCopy, KeepsEachRowThatIsKept) {
  for (const auto& row : matroska_detail_rows()) {
    if (row.row.fates.matroska != Fate::kept || (row.row.place != "TrackEntry" && row.row.place != "Video")) continue;
    const auto planted = ebml::make(row.id == 0 ? 0x7FFE : row.id, Bytes{'a', 'b', '-', 'C'});
    const auto input = input_of(segment_with(row.row.place == "Video" ? ebml::make(kVideo, planted) : planted, {}));
    const auto written = written_with(name_with_room(*input));
    const auto header = finish_header(written, {input, {{1, TrackUse::copied, false}}, ""});
    ASSERT_TRUE(header) << row.row.key;
    EXPECT_EQ(header->size(), written.size());
    EXPECT_TRUE(holds(*header, planted)) << row.row.key;
    EXPECT_TRUE(holds(*header, text(0x86, "V_AV1"))) << row.row.key;
    const auto mixed = finish_header(written, {input, {{1, TrackUse::mixed, false}}, ""});
    ASSERT_TRUE(mixed);
    EXPECT_EQ(holds(*mixed, planted), row.row.scope == Scope::track) << row.row.key << " in the mixed sound";
  }
}

TEST(MatroskaCopy, KeepsChaptersAndAttachmentsByteForByte) {
  const auto chapters = ebml::make(0x1043A770, number(0x45B9, 3)), files = ebml::make(0x1941A469, number(0x61A7, 5));
  const auto input = input_of(segment_with({}, joined({chapters, files})));
  const auto header = finish_header(written_with(name_with_room(*input)), {input, {{1, TrackUse::copied, false}}, ""});
  ASSERT_TRUE(header);
  EXPECT_TRUE(holds(*header, chapters) && holds(*header, files));
}

TEST(MatroskaCopy, NamesItsOwnSoundAndKnowsNoLanguageOfIt) {
  const auto input = input_of({});
  const auto header =
      finish_header(written_with(name_with_room(*input)), {input, {{0, TrackUse::copied, true}}, "Generated"});
  ASSERT_TRUE(header);
  EXPECT_TRUE(holds(*header, text(0x536E, "Generated")) && holds(*header, text(0x22B59C, "und")));
}

TEST(MatroskaCopy, LeavesOtherBytesAlone) {
  const auto input = input_of(segment_with({}, {}));
  EXPECT_FALSE(finish_header(zeros(64), {input, {}, ""}));
  const auto large = input_of(segment_with(text(0x22B59D, std::string(300, 'x')), {}));
  EXPECT_FALSE(finish_header(written_with("no room"), {large, {{1, TrackUse::copied, false}}, ""}));
  const auto good = written_with(name_with_room(*input));
  for (std::size_t i = 0; i < 80; ++i) {
    auto bad = good;
    bad[i] ^= 0xFF;
    const auto header = finish_header(bad, {input, {{1, TrackUse::copied, false}}, ""});
    EXPECT_TRUE(!header || header->size() == bad.size());
  }
}

TEST(MatroskaTags, OfOtherBytesAreLeftAlone) {
  const OwnTag own{"Sound", "NAME", "value"};
  EXPECT_FALSE(finish_tags(zeros(64), own));
  Bytes tags{0x12, 0x54, 0xC3, 0x67, 0x01, 0, 0, 0, 0, 0, 0, 6, 0x73, 0x73, 0x83, 0x67, 0xC8, 0x80};
  for (std::size_t i = 0; i <= tags.size(); ++i) EXPECT_FALSE(finish_tags(View(tags).first(i), own));
}

}  // namespace
}  // namespace klingv2a
