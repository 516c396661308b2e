// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The table in the README of what the containers carry, cell by cell against the muxers of this GStreamer. A row of the
// table that is about streams has caps here as demuxers give them.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "bin/container.h"

namespace klingv2a {
namespace {

constexpr std::array kColumns{Container::mp4, Container::mov, Container::mkv, Container::webm, Container::ts};

const std::string kSize = ",width=1280,height=720,framerate=25/1";
const std::string kSound = ",rate=48000,channels=2";

// By the words of the table's first column.
const std::map<std::string, std::vector<std::string>> kStreams{
    {"H.264, H.265",
     {"video/x-h264,stream-format=avc,alignment=au,codec_data=(buffer)01640028ffe1" + kSize,
      "video/x-h264,stream-format=byte-stream,alignment=au" + kSize,
      "video/x-h265,stream-format=hvc1,alignment=au,codec_data=(buffer)01" + kSize}},
    {"VP9, AV1",
     {"video/x-vp9,profile=(string)0,chroma-format=(string)4:2:0,bit-depth-luma=(uint)8,bit-depth-chroma=(uint)8" +
          kSize,
      "video/x-av1,stream-format=obu-stream,alignment=tu,codec_data=(buffer)81040c00" + kSize}},
    {"VP8", {"video/x-vp8" + kSize}},
    {"MPEG-1, MPEG-2",
     {"video/mpeg,mpegversion=1,systemstream=false,parsed=true" + kSize,
      "video/mpeg,mpegversion=2,systemstream=false,parsed=true" + kSize}},
    {"MPEG-4 part 2", {"video/mpeg,mpegversion=4,systemstream=false,parsed=true,codec_data=(buffer)000001b0" + kSize}},
    {"ProRes", {"video/x-prores,variant=hq" + kSize}},
    {"AAC, MP3, AC-3",
     {"audio/mpeg,mpegversion=4,stream-format=raw,framed=true,codec_data=(buffer)1190" + kSound,
      "audio/mpeg,mpegversion=4,stream-format=adts,framed=true" + kSound,
      "audio/mpeg,mpegversion=1,layer=3,parsed=true" + kSound, "audio/x-ac3,framed=true" + kSound}},
    {"Opus", {"audio/x-opus,channel-mapping-family=0,stream-count=1,coupled-count=1" + kSound}},
    {"text subtitles (SRT, mov_text)", {"text/x-raw,format=pango-markup"}},
    {"SSA/ASS", {"application/x-ssa", "application/x-ass"}},
    {"WebVTT", {"application/x-subtitle-vtt"}},
    {"DVB subtitles, teletext", {"subpicture/x-dvb", "application/x-teletext"}},
};

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(' ');
  return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(' ') - from + 1);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (std::size_t from = 1, bar = line.find('|', from); bar != std::string::npos;
       from = bar + 1, bar = line.find('|', from))
    cells.push_back(trimmed(line.substr(from, bar - from)));
  return cells;
}

// Each row by its first cell: the cells of the containers.
std::map<std::string, std::vector<std::string>> read_table() {
  constexpr std::size_t kBefore = 2;
  std::ifstream readme(KLINGV2A_README);
  std::map<std::string, std::vector<std::string>> table;
  bool is_inside = false;
  for (std::string line; std::getline(readme, line);) {
    const bool is_head = line.starts_with("| | from | mp4 | mov | mkv | webm | ts |");
    is_inside = is_head || (is_inside && line.starts_with("|"));
    const auto cells = is_inside ? cells_of(line) : std::vector<std::string>();
    if (cells.size() == kBefore + kColumns.size()) table[cells[0]] = {cells.begin() + kBefore, cells.end()};
  }
  return table;
}

std::string cell_of(Carriage way) {
  switch (way) {
    case Carriage::as_it_is:
    case Carriage::reframed:
      return "yes";
    case Carriage::plain_text:
      return "plain text";
    case Carriage::none:
      break;
  }
  return "no";
}

TEST(TableOfContainers, SaysWhatTheMuxersTake) {
  const auto table = read_table();
  for (const auto& [row, streams] : kStreams) {
    const auto found = table.find(row);
    ASSERT_NE(found, table.end()) << row;
    for (const auto& text : streams)
      for (std::size_t i = 0; i < kColumns.size(); ++i) {
        const auto caps = CapsPtr::adopt(gst_caps_from_string(text.c_str()));
        ASSERT_TRUE(caps) << text;
        EXPECT_EQ(found->second[i], cell_of(carriage(kColumns.at(i), caps.get())))
            << text << " in " << traits_of(kColumns.at(i)).name;
      }
  }
}

}  // namespace
}  // namespace klingv2a
