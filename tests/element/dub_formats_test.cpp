// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What klingv2abin knows of packets and files that GStreamer's own elements get wrong, or do not report.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bin/kept_packets.h"
#include "bin/matroska_header.h"
#include "bin/opus_in_mp4.h"

namespace klingv2a {
namespace {

using namespace std::string_literals;

BufferPtr packet(const std::string& payload, GstClockTime pts) {
  auto buffer = BufferPtr::adopt(gst_buffer_new_memdup(payload.data(), payload.size()));
  GST_BUFFER_PTS(buffer.get()) = pts;
  return buffer;
}

std::string payload_of(const BufferPtr& buffer) {
  std::string payload(gst_buffer_get_size(buffer.get()), '\0');
  gst_buffer_extract(buffer.get(), 0, payload.data(), payload.size());
  return payload;
}

// ---- What parsers put in

TEST(KeptPackets, LoseWhatAParserHasPutIn) {
  KeptPackets kept;
  kept.came(packet("sei+slice", 80).get());
  auto changed = packet("sei+sps+pps+slice", 80);
  GST_BUFFER_DTS(changed.get()) = 40;
  const auto restored = kept.restored(std::move(changed));
  EXPECT_EQ(payload_of(restored), "sei+slice");
  EXPECT_EQ(GST_BUFFER_PTS(restored.get()), 80U);
  EXPECT_EQ(GST_BUFFER_DTS(restored.get()), 40U) << "what the parser knows of it stays";
}

TEST(KeptPackets, LeaveOtherChangesAlone) {
  KeptPackets kept;
  kept.came(packet("aaaabbbb", 1).get());
  EXPECT_EQ(payload_of(kept.restored(packet("aaXabbbbYY", 1))), "aaXabbbbYY") << "another payload";
  kept.came(packet("aaaabbbb", 2).get());
  EXPECT_EQ(payload_of(kept.restored(packet("aaaa", 2))), "aaaa") << "something was taken away";
  kept.came(packet("aaaabbbb", 3).get());
  EXPECT_EQ(payload_of(kept.restored(packet("aaaa__bbbb", 4))), "aaaa__bbbb") << "another picture";
}

TEST(KeptPackets, FindTheirsWhenAParserHasLeftSomeOut) {
  KeptPackets kept;
  for (const auto pts : {1, 2, 3})
    kept.came(packet("slice" + std::to_string(pts), static_cast<GstClockTime>(pts)).get());
  EXPECT_EQ(payload_of(kept.restored(packet("pps+slice3", 3))), "slice3");
}

TEST(KeptPackets, AreKeptWhereParameterSetsLieBeside) {
  const auto beside = [](const char* caps) {
    return has_parameter_sets_beside(CapsPtr::adopt(gst_caps_from_string(caps)).get());
  };
  EXPECT_TRUE(beside("video/x-h264,stream-format=avc,alignment=au"));
  EXPECT_TRUE(beside("video/x-h265,stream-format=hvc1,alignment=au"));
  EXPECT_FALSE(beside("video/x-h264,stream-format=byte-stream,alignment=au"));
  EXPECT_FALSE(beside("video/x-h264,stream-format=avc,alignment=nal"));
  EXPECT_FALSE(beside("video/x-av1"));
}

// ---- Opus in MP4

const std::string kOpusHeader =
    "\0\0\0\x13"
    "dOps\0\x02\x01\x38\0\0\xbb\x80\0\0\0"s;
const std::string kReversed =
    "\0\0\0\x13"
    "dOps\0\x02\x38\x01\x80\xbb\0\0\0\0\0"s;

std::string mended(const std::string& bytes) {
  Bytes moov(bytes.begin(), bytes.end());
  mend_opus_headers(moov);
  return {moov.begin(), moov.end()};
}

TEST(OpusInMp4, HeadersReadTheRightWayRound) {
  EXPECT_EQ(mended("stsd" + kReversed + "stts" + kReversed), "stsd" + kOpusHeader + "stts" + kOpusHeader);
  EXPECT_EQ(mended("stsd" + kOpusHeader), "stsd" + kOpusHeader) << "it was right";
}

TEST(OpusInMp4, WhatIsNoWholeHeaderStays) {
  for (const std::string& bytes : {"dOps"s, kReversed.substr(0, 12), "\0\0\0\x02" + kReversed.substr(4), ""s})
    EXPECT_EQ(mended(bytes), bytes);
}

TEST(OpusInMp4, TimesCountFromTheFirstCodedSample) {
  constexpr GstClockTime kSkipped = 6'500'000, kPacket = 20'000'000;
  CodedOpusTimes times;
  auto first = packet("1", 0), second = packet("2", kPacket - kSkipped);
  GST_BUFFER_DURATION(first.get()) = kPacket - kSkipped;
  GST_BUFFER_DURATION(second.get()) = kPacket;
  first = times.counted(std::move(first));
  second = times.counted(std::move(second));
  EXPECT_EQ(GST_BUFFER_PTS(first.get()), 0U);
  EXPECT_EQ(GST_BUFFER_DURATION(first.get()), kPacket);
  EXPECT_EQ(GST_BUFFER_PTS(second.get()), kPacket);
  EXPECT_EQ(GST_BUFFER_DURATION(second.get()), kPacket);
}

// ---- Matroska's header

// A file that can be read at any place, as filesrc lets it be read.
class ReadableFile {
 public:
  explicit ReadableFile(std::string bytes)
      : bytes_(std::move(bytes)), pad_(PadPtr::adopt(GST_PAD(gst_object_ref_sink(gst_pad_new("src", GST_PAD_SRC))))) {
    gst_pad_set_element_private(pad_.get(), &bytes_);
    gst_pad_set_getrange_function(pad_.get(), read);
    gst_pad_set_activatemode_function(pad_.get(),
                                      [](GstPad*, GstObject*, GstPadMode, gboolean) -> gboolean { return TRUE; });
    gst_pad_activate_mode(pad_.get(), GST_PAD_MODE_PULL, TRUE);
  }
  ~ReadableFile() { gst_pad_activate_mode(pad_.get(), GST_PAD_MODE_PULL, FALSE); }
  ReadableFile(const ReadableFile&) = delete;
  ReadableFile& operator=(const ReadableFile&) = delete;
  [[nodiscard]] GstPad* pad() const { return pad_.get(); }

 private:
  static GstFlowReturn read(GstPad* pad, GstObject*, guint64 offset, guint size, GstBuffer** buffer) {
    const auto& bytes = *static_cast<const std::string*>(gst_pad_get_element_private(pad));
    if (offset >= bytes.size()) return GST_FLOW_EOS;
    const auto part = bytes.substr(offset, size);
    *buffer = gst_buffer_new_memdup(part.data(), part.size());
    return GST_FLOW_OK;
  }
  std::string bytes_;
  PadPtr pad_;
};

std::string element(const std::string& id, const std::string& content) {
  return id + static_cast<char>(0x40 | (content.size() >> 8)) + static_cast<char>(content.size() & 0xFF) + content;
}

std::string track(char number, const std::string& codec, const std::string& delay) {
  return element("\xAE", element("\xD7", std::string(1, number)) + element("\x86", codec) + element("\x56\xAA", delay));
}

const std::string kEbml = element("\x1A\x45\xDF\xA3", "webm");
const std::string kDelay = "\x01\x45\x85\x55";  // 21333333 ns
const std::string kTracks = element("\x16\x54\xAE\x6B", track(1, "V_VP9", "") + track(2, "A_AAC", kDelay) +
                                                            track(3, "A_OPUS", kDelay) + track(4, "A_AC3", ""));
const std::string kVoid = element("\xEC", std::string(300, '\0'));
const std::string kCluster = element("\x1F\x43\xB6\x75", "frames");

CodecDelays delays_of(const std::string& segment) {
  const ReadableFile file(kEbml + element("\x18\x53\x80\x67", segment));
  return codec_delays(file.pad());
}

TEST(MatroskaHeader, TellsDelaysOfCodecs) {
  const auto delays = delays_of(kVoid + kTracks + kCluster);
  EXPECT_EQ(delays, (CodecDelays{{2, 21'333'333}})) << "the demuxer takes care of Opus";
  EXPECT_EQ(delay_of(delays, "4a5f/002:2152698466670851760"), 21'333'333U);
  EXPECT_EQ(delay_of(delays, "4a5f/001:17254001450136974220"), 0U);
  EXPECT_EQ(delay_of(delays, "nonsense"), 0U);
}

TEST(MatroskaHeader, OfOtherFilesTellsNothing) {
  EXPECT_TRUE(delays_of(kCluster + kTracks).empty()) << "the tracks come too late for a reader";
  EXPECT_TRUE(delays_of(kTracks.substr(0, 20)).empty());
  EXPECT_TRUE(codec_delays(ReadableFile("").pad()).empty());
  EXPECT_TRUE(codec_delays(ReadableFile("ftypisom" + kTracks).pad()).empty());
}

TEST(MatroskaHeader, TellsWhetherTheFileIsCutOff) {
  const std::string whole = kEbml + element("\x18\x53\x80\x67", kTracks + kCluster);
  const ReadableFile file(whole);
  EXPECT_FALSE(is_cut_off_matroska(file.pad(), whole.size()));
  EXPECT_TRUE(is_cut_off_matroska(file.pad(), whole.size() - 1));
}

}  // namespace
}  // namespace klingv2a
