// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What MP4 and QuickTime files say beside their packets, through klingv2abin: it leaves as it came, or its loss is
// reported before anything is paid. Judged by FFmpeg, and box by box.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "dub_judge.h"
#include "movie_file.h"
#include "program.h"

namespace klingv2a::test {
namespace {

const std::string kFfmpeg = "ffmpeg -v error -y -i video.mp4 -i original.wav -map 0:v -map 1:a -c:v copy -c:a aac ";

class DubDetails : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { inputs_ = std::make_unique<InputFiles>(); }
  static void TearDownTestSuite() { inputs_.reset(); }
  static std::unique_ptr<InputFiles> inputs_;

  // Runs `source` through the bin into a file of this name.
  DubRunSeen run(const std::string& source, const std::string& output, const std::string& properties = "") {
    target_ = folder_.file(output);
    auto seen = dub(source, "original-audio=mix " + properties, target_);
    EXPECT_EQ(seen.end, End::eos) << seen.error;
    EXPECT_EQ(seen.reported, seen.lost);
    return seen;
  }

  [[nodiscard]] static std::string plain(const std::string& suffix) {
    return inputs_->make("plain." + suffix, kFfmpeg + "plain." + suffix);
  }

  const TemporaryFolder folder_;
  std::string target_;
};
std::unique_ptr<InputFiles> DubDetails::inputs_;

std::string versioned(const std::string& text) {
  return std::string(4, '\0') + text;
}

bool holds(const FileBox& box, const FileBox& wanted) {
  return std::ranges::any_of(box.children, [&](const FileBox& child) { return child.bytes() == wanted.bytes(); });
}

// Width, height and the offsets of the middle, each a fraction. FFmpeg 7 crops by it.
const std::string kAperture("\0\0\2\x80\0\0\0\1\0\0\1\x68\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1", 32);

// Boxes of many kinds, at every place that has some.
struct Planted {
  std::vector<FileBox> movie{{"ctab", std::string(8, '\1'), {}}, {"uuid", std::string(16, 'm') + "vendor", {}}};
  std::vector<FileBox> user{{"\xA9xyz", std::string("\0\x12\x15\xC7+48.8577+002.2950/", 22), {}},
                            {"\xA9mak", std::string("\0\5\0\0Maker", 9), {}},
                            {"\xA9mod", std::string("\0\5\0\0Model", 9), {}},
                            {"\xA9swr", std::string("\0\3\0\0One", 7), {}},
                            {"loci", versioned(std::string("\x15\xC7Place\0", 8) + std::string(15, '\2')), {}},
                            {"XMP_", "<x:xmpmeta/>", {}},
                            {"zzzz", "of nobody's knowledge", {}}};
  std::vector<FileBox> track{
      {"tapt", box_bytes("clef", std::string(12, '\0')), {}},
      {"load", std::string(16, '\3'), {}},
      {"uuid",
       std::string("\xFF\xCC\x82\x63\xF8\x55\x4A\x93\x88\x14\x58\x7A\x02\x52\x1F\xDD") + "<rdf:SphericalVideo/>",
       {}}};
  std::vector<FileBox> media{{"elng", versioned(std::string("pt-BR\0", 6)), {}}};
  std::vector<FileBox> entry{
      {"dvvC", std::string("\1\0\x10\x1d\x40", 5) + std::string(19, '\0'), {}},
      {"mdcv", std::string(24, '\4'), {}},
      {"clli", std::string("\3\xE8\1\x90", 4), {}},
      {"colr", "prof" + std::string(64, '\5'), {}},
      {"clap", kAperture, {}},
      {"amve", std::string(8, '\7'), {}},
      {"st3d", versioned("\1"), {}},  // of Google; FFmpeg 7 takes it before Apple's boxes, not behind them
      {"vexu", box_bytes("eyes", ""), {}},
      {"hfov", std::string(4, '\1'), {}},
      {"sv3d",
       box_bytes("svhd", versioned(std::string("tool\0", 5))) +
           box_bytes("proj", box_bytes("prhd", std::string(16, '\0')) + box_bytes("equi", std::string(20, '\0'))),
       {}},
      {"vend", "a vendor's own", {}}};
  FileBox beside{
      "uuid",
      std::string("\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC") + "<x:xmpmeta>beside</x:xmpmeta>",
      {}};

  void into(MovieFile& file) const {
    auto& moov = file.at({"moov"});
    moov.children.insert(moov.children.end(), movie.begin(), movie.end());
    if (!moov.child("udta")) moov.children.push_back({"udta", {}, {}});
    auto& udta = file.at({"moov", "udta"});
    udta.children.insert(udta.children.end(), user.begin(), user.end());
    auto& trak = file.track("vide");
    trak.children.insert(trak.children.end(), track.begin(), track.end());
    for (auto& child : trak.children)
      if (child.type == "mdia") child.children.insert(child.children.end(), media.begin(), media.end());
    for (const auto& box : entry) file.add_to_entry("vide", box.bytes());
    file.boxes.push_back(beside);
  }
};

TEST_F(DubDetails, EveryBoxOfAMovieIsInTheMovieThatComesOut) {
  const Planted planted;
  for (const std::string suffix : {"mp4", "mov"}) {
    MovieFile file(plain(suffix));
    planted.into(file);
    const auto source = folder_.file("planted." + suffix);
    file.save(source);
    const auto seen = run(source, "out." + suffix);
    EXPECT_TRUE(seen.lost.empty()) << ::testing::PrintToString(seen.lost);
    MovieFile output(target_);
    for (const auto& box : planted.movie) EXPECT_TRUE(holds(output.at({"moov"}), box)) << suffix << " " << box.type;
    for (const auto& box : planted.user)
      EXPECT_TRUE(holds(output.at({"moov", "udta"}), box)) << suffix << " " << box.type;
    for (const auto& box : planted.track) EXPECT_TRUE(holds(output.track("vide"), box)) << suffix << " " << box.type;
    for (const auto& box : planted.media)
      EXPECT_TRUE(holds(*output.track("vide").child("mdia"), box)) << suffix << " " << box.type;
    const auto entry = output.entry("vide");
    for (const auto& box : planted.entry)
      EXPECT_NE(entry.find(box.bytes()), std::string::npos) << suffix << " " << box.type;
    EXPECT_EQ(output.boxes.back().bytes(), planted.beside.bytes()) << suffix;
    EXPECT_EQ(picture_hashes(source), picture_hashes(target_)) << suffix;
  }
}

TEST_F(DubDetails, WhatMatroskaAndTsDoNotTakeIsToldBeforeThePayment) {
  MovieFile file(plain("mp4"));
  const Planted planted;
  planted.into(file);
  const auto source = folder_.file("planted.mp4");
  file.save(source);
  for (const std::string suffix : {"mkv", "ts"}) {
    const auto seen = run(source, "out." + suffix, "mux=" + suffix);
    for (const std::string type : {"dvvC", "colr prof", "clap", "vexu", "hfov", "sv3d", "amve", "vend", "©xyz", "©mak",
                                   "©mod", "©swr", "loci", "zzzz", "XMP", "elng", "tapt", "uuid"}) {
      const auto told = std::ranges::count_if(
          seen.lost, [&](const std::string& what) { return what.find("(" + type) != std::string::npos; });
      EXPECT_GE(told, 1) << type << " into " << suffix;
    }
    EXPECT_EQ(seen.warnings.size(), seen.lost.size());
    const auto strict = dub(source, "strict=true mux=" + suffix, folder_.file("strict." + suffix));
    EXPECT_EQ(strict.end, End::error);
    EXPECT_EQ(strict.posts, 0);
  }
}

TEST_F(DubDetails, APhonesPlaceMakerModelAndDateStay) {
  const auto source = inputs_->make(
      "phone.mov", kFfmpeg +
                       "-movflags use_metadata_tags -metadata com.apple.quicktime.location.ISO6709=+48.8577+002.2950/ "
                       "-metadata com.apple.quicktime.make=Apple -metadata com.apple.quicktime.model=Phone "
                       "-metadata com.apple.quicktime.creationdate=2023-07-01T10:11:12+0200 "
                       "-metadata creation_time=2023-07-01T08:11:12Z phone.mov");
  for (const std::string suffix : {"mov", "mp4"}) {
    const auto seen = run(source, "out." + suffix, "mux=" + suffix);
    EXPECT_TRUE(seen.lost.empty()) << ::testing::PrintToString(seen.lost);
    const ProbedFile input(source), output(target_);
    for (const std::string name : {"location.iso6709", "make", "model", "creationdate"})
      EXPECT_EQ(output.tag("com.apple.quicktime." + name), input.tag("com.apple.quicktime." + name)) << suffix;
    EXPECT_EQ(output.tag("creation_time").substr(0, 19), "2023-07-01T08:11:12") << suffix;
    EXPECT_EQ(output.video().field("tag:creation_time").substr(0, 19), "2023-07-01T08:11:12") << suffix;
  }
}

TEST_F(DubDetails, AFileWithoutATimeOfCreationGetsNone) {
  (void)run(plain("mp4"), "out.mp4");
  EXPECT_EQ(ProbedFile(target_).tag("creation_time"), "");
}

TEST_F(DubDetails, CoverAndChaptersOfAListStay) {
  const auto source = inputs_->make(
      "cover.mp4",
      "printf ';FFMETADATA1\\n[CHAPTER]\\nTIMEBASE=1/1000\\nSTART=0\\nEND=1600\\ntitle=One\\n[CHAPTER]\\n"
      "TIMEBASE=1/1000\\nSTART=1600\\nEND=3200\\ntitle=Two\\n' > list.txt && "
      "ffmpeg -v error -y -f lavfi -i testsrc=s=64x64:d=0.04 -frames:v 1 cover.png && ffmpeg -v error -y -i video.mp4 "
      "-i original.wav -i cover.png -i list.txt -map 0:v -map 1:a -map 2:v -map_metadata 3 -map_chapters 3 -c:v copy "
      "-c:a aac -disposition:v:1 attached_pic cover.mp4");
  (void)run(source, "out.mp4");
  const ProbedFile input(source), output(target_);
  EXPECT_EQ(output.chapters(), 2);
  ASSERT_EQ(output.streams("video").size(), 2U) << "the cover";
  EXPECT_EQ(output.streams("video")[1]->hashes(), input.streams("video")[1]->hashes());
}

// FFmpeg writes a list as well as a track; cameras and Apple's programs a track only, which no demuxer hands out.
TEST_F(DubDetails, ChaptersOfATrackAloneAreTold) {
  MovieFile file(
      inputs_->make("chapters.mov",
                    "printf ';FFMETADATA1\\n[CHAPTER]\\nTIMEBASE=1/1000\\nSTART=0\\nEND=1600\\ntitle=One\\n' "
                    "> one.txt && ffmpeg -v error -y -i video.mp4 -i original.wav -i one.txt -map 0:v -map "
                    "1:a -map_metadata 2 -c:v copy -c:a aac chapters.mov"));
  std::erase_if(file.at({"moov", "udta"}).children, [](const FileBox& box) { return box.type == "chpl"; });
  const auto source = folder_.file("track.mov");
  file.save(source);
  const auto seen = run(source, "out.mov");
  ASSERT_EQ(seen.lost.size(), 1U) << ::testing::PrintToString(seen.lost);
  EXPECT_NE(seen.lost[0].find("the chapters are"), std::string::npos) << seen.lost[0];
}

TEST_F(DubDetails, AMirroredPictureStaysMirrored) {
  MovieFile file(plain("mp4"));
  for (auto& child : file.track("vide").children)
    if (child.type == "tkhd") child.data.replace(40, 4, "\xFF\xFF\0\0", 4);
  const auto source = folder_.file("mirror.mp4");
  file.save(source);
  const auto seen = run(source, "out.mp4");
  EXPECT_TRUE(seen.lost.empty()) << ::testing::PrintToString(seen.lost);
  EXPECT_EQ(MovieFile(target_).track("vide").child("tkhd")->data.substr(40, 36),
            file.track("vide").child("tkhd")->data.substr(40, 36));
  const auto told = run(source, "out.mkv", "mux=mkv");
  EXPECT_EQ(told.lost.size(), 1U) << ::testing::PrintToString(told.lost);
}

// The second track of sound is the one that is played.
TEST_F(DubDetails, TheTrackThatIsEnabledIsDubbedAndTheOtherStaysDisabled) {
  const auto source = inputs_->make(
      "two.mp4",
      "ffmpeg -v error -y -i video.mp4 -f lavfi -i sine=f=200:r=48000:d=3.2 -i original.wav -map 0:v -map 1:a -map 2:a "
      "-c:v copy -c:a aac -metadata:s:a:0 language=jpn -metadata:s:a:1 language=fra -disposition:a:0 0 "
      "-disposition:a:1 default two.mp4");
  (void)run(source, "out.mp4");
  const ProbedFile input(source), output(target_);
  const auto before = input.streams("audio"), after = output.streams("audio");
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0]->field("disposition:default"), "0");
  EXPECT_EQ(after[1]->field("disposition:default"), "1");
  EXPECT_EQ(after[0]->field("tag:language"), "jpn");
  EXPECT_EQ(after[1]->field("tag:language"), "fra");
  EXPECT_EQ(after[0]->hashes().front(), before[0]->hashes().front());
  EXPECT_NE(after[1]->hashes(), before[1]->hashes()) << "this one has the generated sound";
}

// For FFmpeg's files of metadata.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (std::string("=;#\\\n").find(c) != std::string::npos) result += '\\';
    result += c;
  }
  return result;
}

// A workflow as image tools keep it: 100 KB of JSON with everything that has a meaning somewhere.
std::string workflow() {
  std::string text;
  for (int i = 0; i < 4000; ++i) text += "{\"a \\\"b\\\"; = # \\\\\": \"ünï '" + std::to_string(i) + "'\"}\n";
  return text;
}

std::string with_tags(InputFiles& inputs, const std::string& name) {
  std::ofstream(inputs.path("tags.txt")) << ";FFMETADATA1\ntitle=" << escaped("a;b=c#d\\e\"f")
                                         << "\ncomment=" << escaped(workflow()) << "\n";
  return inputs.make(name,
                     "ffmpeg -v error -y -i video.mp4 -i original.wav -i tags.txt -map 0:v -map 1:a "
                     "-map_metadata 2 -c:v copy -c:a aac " +
                         name);
}

TEST_F(DubDetails, TagsComeOutByteForByte) {
  const auto source = with_tags(*inputs_, "workflow.mp4");
  (void)run(source, "out.mp4");
  MovieFile input(source), output(target_);
  const auto items = [](MovieFile& file) { return file.at({"moov", "udta"}).child("meta")->data; };
  const auto list = items(input).substr(items(input).find("ilst") + 4);
  EXPECT_GT(list.size(), 100'000U);
  EXPECT_NE(items(output).find(list), std::string::npos);
  EXPECT_NE(items(output).find(workflow()), std::string::npos);
  EXPECT_NE(ProbedFile(target_).tag("sound_generated_by").find("Kling"), std::string::npos);
}

// FFmpeg reads both the same way.
TEST_F(DubDetails, TagsOfMatroskaComeOutByteForByte) {
  const auto source = with_tags(*inputs_, "workflow.mkv");
  (void)run(source, "out.mkv");
  const ProbedFile input(source), output(target_);
  EXPECT_GT(output.tag("comment").size(), 100'000U);
  EXPECT_EQ(output.tag("comment"), input.tag("comment"));
  EXPECT_EQ(output.tag("title"), input.tag("title"));
  EXPECT_NE(output.tag("sound_generated_by").find("Kling"), std::string::npos);
  EXPECT_EQ(output.tag("isrc"), "") << "the placeholder";
  (void)run(source, "unmarked.mkv", "mark-generated=false");
  const ProbedFile unmarked(target_);
  EXPECT_EQ(unmarked.tag("comment"), input.tag("comment"));
  EXPECT_EQ(unmarked.tag("sound_generated_by") + unmarked.tag("isrc"), "");
}

TEST_F(DubDetails, WithoutTheMarkNothingIsAdded) {
  const auto source = plain("mp4");
  (void)run(source, "out.mp4", "mark-generated=false");
  MovieFile input(source), output(target_);
  EXPECT_EQ(output.at({"moov", "udta"}).bytes(), input.at({"moov", "udta"}).bytes());
}

TEST_F(DubDetails, WhatFollowsTheLastBoxIsTold) {
  const auto source =
      inputs_->make("trailer.mp4", "cp plain.mp4 trailer.mp4 || " + kFfmpeg +
                                       "trailer.mp4; head -c 9000 /dev/zero | tr '\\0' '\\237' >> trailer.mp4");
  const auto seen = run(source, "out.mp4");
  ASSERT_EQ(seen.lost.size(), 1U) << ::testing::PrintToString(seen.lost);
  EXPECT_NE(seen.lost[0].find("9000 bytes"), std::string::npos) << seen.lost[0];
}

TEST_F(DubDetails, AnEncryptedFileIsRefused) {
  const auto source = inputs_->make(
      "encrypted.mp4", kFfmpeg +
                           "-encryption_scheme cenc-aes-ctr -encryption_key 76a6c65c5ea762046bd749a2e632ccbb "
                           "-encryption_kid a7e61c373e219033c21091fa607bf3b8 encrypted.mp4");
  const auto seen = dub(source, "", folder_.file("out.mp4"));
  EXPECT_EQ(seen.end, End::error);
  EXPECT_NE(seen.error.find("encrypted"), std::string::npos) << seen.error;
  EXPECT_EQ(seen.posts, 0);
}

}  // namespace
}  // namespace klingv2a::test
