// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What of a frame is a slice, in each framing, and that nothing outside a buffer is ever read.
#include "slice_data.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <string>
#include <vector>

#include "error.h"
#include "proxy_writer.h"

namespace klingv2a {
namespace {

using Texts = std::vector<std::string>;

constexpr const char* kAvc = "video/x-h264,stream-format=avc";
constexpr const char* kAvc3 = "video/x-h264,stream-format=avc3";
constexpr const char* kByteStream = "video/x-h264,stream-format=byte-stream";

// Literals with zero bytes in them.
template <std::size_t N>
std::string bytes(const char (&text)[N]) {
  return std::string(text, N - 1);
}

const std::string kSps = bytes("\x67\x42\x00\x1e"), kPps = bytes("\x68\xce"), kAud = bytes("\x09\xf0"),
                  kSei = bytes("\x06\x05\x01\x80"), kFiller = bytes("\x0c\xff\xff\x80");
const std::string kIdr = bytes("\x65\x88\x00\x00\x03\x01\x80"), kSlice = bytes("\x41\x9a\x02\x80"),
                  kPartition = bytes("\x02\x9b\x40");

std::string length_prefixed(const Texts& units, std::size_t length_size = 4) {
  std::string frame;
  for (const auto& unit : units) {
    for (std::size_t i = length_size; i-- > 0;) frame.push_back(static_cast<char>(unit.size() >> (8 * i) & 0xff));
    frame += unit;
  }
  return frame;
}

std::string byte_stream(const Texts& units, const std::string& start_code = bytes("\0\0\0\1")) {
  std::string frame;
  for (const auto& unit : units) frame += start_code + unit;
  return frame;
}

// Of exactly this size, so that AddressSanitizer sees a read past the end.
BufferPtr buffer_of(const std::string& text) {
  if (text.empty()) return BufferPtr::adopt(gst_buffer_new());
  return BufferPtr::adopt(gst_buffer_new_wrapped(g_memdup2(text.data(), text.size()), text.size()));
}

CapsPtr with_codec_data(const std::string& caps, const std::string& codec_data) {
  auto result = CapsPtr::adopt(gst_caps_from_string(caps.c_str()));
  gst_caps_set_simple(result.get(), "codec_data", GST_TYPE_BUFFER, buffer_of(codec_data).get(), nullptr);
  return result;
}

CapsPtr with_length_size(std::size_t length_size) {
  return with_codec_data(kAvc, bytes("\x01\x42\x00\x1e") + static_cast<char>(0xfc | (length_size - 1)) + "\xe0");
}

ClipFrames clip_of(CapsPtr caps, const Texts& frames) {
  ClipFrames clip;
  clip.caps = std::move(caps);
  for (const auto& frame : frames) clip.buffers.push_back(buffer_of(frame));
  return clip;
}

ClipFrames clip_of(const char* caps, const Texts& frames) {
  return clip_of(CapsPtr::adopt(gst_caps_from_string(caps)), frames);
}

Texts slices_of(const ClipFrames& clip) {
  Texts slices;
  for (const auto& buffer : clip.buffers)
    visit_slices(clip.caps.get(), buffer.get(), [&](std::span<const std::byte> slice) {
      slices.emplace_back(reinterpret_cast<const char*>(slice.data()), slice.size());
    });
  return slices;
}

// The message of the Error{input} that refuses the clip.
std::string refusal(const ClipFrames& clip) {
  try {
    (void)slices_of(clip);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "not refused";
}

void expect_refusal(const ClipFrames& clip, const std::string& part) {
  EXPECT_NE(refusal(clip).find(part), std::string::npos) << refusal(clip);
}

TEST(SliceData, IsNalUnitsOfTypes1To5) {
  for (int type = 0; type < 32; ++type) {
    const std::string unit{static_cast<char>(0x60 | type), '\x80'};
    const Texts expected = type >= 1 && type <= 5 ? Texts{unit} : Texts{};
    EXPECT_EQ(slices_of(clip_of(kAvc, {length_prefixed({unit})})), expected) << type;
    EXPECT_EQ(slices_of(clip_of(kByteStream, {byte_stream({unit})})), expected) << type;
  }
}

TEST(SliceData, OfH265IsNalUnitsOfTypes0To31) {
  for (int type = 0; type < 64; ++type) {
    const std::string unit{static_cast<char>(type << 1), '\1', '\x80'};
    const Texts expected = type < 32 ? Texts{unit} : Texts{};
    for (const char* format : {"hvc1", "hev1"})
      EXPECT_EQ(
          slices_of(clip_of((std::string("video/x-h265,stream-format=") + format).c_str(), {length_prefixed({unit})})),
          expected)
          << type;
    EXPECT_EQ(slices_of(clip_of("video/x-h265,stream-format=byte-stream", {byte_stream({unit})})), expected) << type;
  }
}

TEST(SliceData, OfH265LengthsHaveAsManyBytesAsCodecDataSays) {
  const std::string record = std::string(21, '\1') + '\xfd' + '\0';  // hvcC: lengths of two bytes
  EXPECT_EQ(slices_of(clip_of(with_codec_data("video/x-h265,stream-format=hvc1", record),
                              {length_prefixed({bytes("\x02\1\x80")}, 2)})),
            Texts{bytes("\x02\1\x80")});
}

TEST(SliceData, IsTheSameInEveryFraming) {
  const Texts first{kAud, kSps, kPps, kSei, kIdr, kPartition}, second{kAud, kSlice, kSlice, kFiller};
  const Texts expected{kIdr, kPartition, kSlice, kSlice};
  EXPECT_EQ(slices_of(clip_of(kAvc3, {length_prefixed(first), length_prefixed(second)})), expected);
  for (const std::size_t size : {1U, 2U, 3U, 4U})
    EXPECT_EQ(slices_of(clip_of(with_length_size(size), {length_prefixed(first, size), length_prefixed(second, size)})),
              expected)
        << size;
  for (const auto& code : {bytes("\0\0\1"), bytes("\0\0\0\1"), bytes("\0\0\0\0\0\1")})
    EXPECT_EQ(slices_of(clip_of(kByteStream, {byte_stream(first, code), byte_stream(second, code)})), expected)
        << code.size();
}

TEST(SliceData, LengthsHaveAsManyBytesAsCodecDataSays) {
  const std::pair<std::size_t, std::size_t> slice_lengths[] = {{1, 200}, {2, 300}, {3, 70000}, {4, 70000}};
  for (const auto& [size, length] : slice_lengths) {
    const std::string slice(length, '\x41');
    EXPECT_EQ(slices_of(clip_of(with_length_size(size), {length_prefixed({slice, kIdr}, size)})), (Texts{slice, kIdr}))
        << size;
  }
}

TEST(SliceData, IsTheSameWithOneNalUnitABuffer) {
  const Texts units{kAud, kIdr, kAud, kSlice};
  Texts length_prefixed_units, byte_stream_units;
  for (const auto& unit : units) {
    length_prefixed_units.push_back(length_prefixed({unit}));
    byte_stream_units.push_back(byte_stream({unit}));
  }
  EXPECT_EQ(slices_of(clip_of(kAvc, length_prefixed_units)), (Texts{kIdr, kSlice}));
  EXPECT_EQ(slices_of(clip_of(kByteStream, byte_stream_units)), (Texts{kIdr, kSlice}));
}

TEST(SliceData, LengthsHaveFourBytesWhereTheCapsDoNotSay) {
  EXPECT_EQ(slices_of(clip_of(kAvc, {length_prefixed({kIdr})})), Texts{kIdr});
  EXPECT_EQ(slices_of(clip_of(kAvc3, {length_prefixed({kIdr})})), Texts{kIdr});
}

TEST(SliceData, EndsWithTheLastSetBit) {
  for (const auto& stuffing : {bytes("\0"), bytes("\0\0\0"), bytes("\0\0\3"), bytes("\0\0\3\0\0\3"),
                               bytes("\0\0\3\0\0\3\0\0"), bytes("\0\0\0\3")}) {
    EXPECT_EQ(slices_of(clip_of(kAvc, {length_prefixed({kIdr + stuffing, kSlice})})), (Texts{kIdr, kSlice}));
    EXPECT_EQ(slices_of(clip_of(kByteStream, {byte_stream({kIdr + stuffing, kSlice})})), (Texts{kIdr, kSlice}));
    EXPECT_EQ(slices_of(clip_of(kByteStream, {byte_stream({kIdr + stuffing})})), Texts{kIdr});
  }
}

TEST(SliceData, KeepsEmulationPrevention) {
  // The last one stands for the bytes 00 00 03 of the slice itself.
  for (const auto& end : {bytes("\0\0\3\1"), bytes("\0\0\3\0\x80"), bytes("\0\3"), bytes("\0\0\3\3")}) {
    const std::string slice = kSlice + end;
    EXPECT_EQ(slices_of(clip_of(kAvc, {length_prefixed({slice})})), Texts{slice});
    EXPECT_EQ(slices_of(clip_of(kByteStream, {byte_stream({slice, kSlice})})), (Texts{slice, kSlice}));
  }
}

TEST(SliceData, MayLieInSeveralMemories) {
  const std::string frame = length_prefixed({kSps, kIdr, kSlice});
  ClipFrames clip = clip_of(kAvc, {frame.substr(0, 9)});
  for (const auto& part : {frame.substr(9, 7), frame.substr(16)})
    clip.buffers[0] = BufferPtr::adopt(gst_buffer_append(clip.buffers[0].to_c(), buffer_of(part).to_c()));
  ASSERT_EQ(gst_buffer_n_memory(clip.buffers[0].get()), 3U);
  EXPECT_EQ(slices_of(clip), (Texts{kIdr, kSlice}));
}

TEST(SliceData, OfNothingIsNothing) {
  EXPECT_EQ(slices_of(clip_of(kAvc, {})), Texts{});
  for (const char* caps : {kAvc, kByteStream}) EXPECT_EQ(slices_of(clip_of(caps, {"", ""})), Texts{}) << caps;
  EXPECT_EQ(slices_of(clip_of(kAvc, {length_prefixed({"", kIdr, ""})})), Texts{kIdr});
  EXPECT_EQ(slices_of(clip_of(kByteStream, {byte_stream({"", kIdr, ""})})), Texts{kIdr});
  EXPECT_EQ(slices_of(clip_of(kByteStream, {bytes("\0\0\0\0")})), Texts{});
}

TEST(BrokenFraming, IsNamed) {
  const std::string frame = length_prefixed({kSlice});
  expect_refusal(clip_of(kAvc, {frame.substr(0, frame.size() - 1)}),
                 "a NAL unit of 4 bytes in a frame that has 3 more");
  expect_refusal(clip_of(kAvc, {frame + "\1\1\1"}), "3 bytes follow the last NAL unit");
  expect_refusal(clip_of(kAvc, {"\xff\xff\xff\xff" + kSlice}), "a NAL unit of 4294967295 bytes");
  expect_refusal(clip_of(kByteStream, {frame}), "does not begin with a start code");
  expect_refusal(clip_of(kByteStream, {"x" + byte_stream({kSlice})}), "does not begin with a start code");
  expect_refusal(clip_of(with_codec_data(kAvc, bytes("\1\x42\0\x1e")), {frame}), "codec_data has no more than 4 bytes");
}

TEST(BrokenFraming, IsCapsThatDoNotName) {
  expect_refusal(clip_of("video/x-h264", {kSlice}), "stream-format");
  expect_refusal(clip_of("video/x-h264,stream-format=new", {kSlice}), "stream-format is new");
  expect_refusal(clip_of("video/x-vp8", {kSlice}), "the slices of video/x-vp8 are not known");
  expect_refusal(clip_of(CapsPtr(), {kSlice}), "the slices of none are not known");
  expect_refusal(clip_of("ANY", {kSlice}), "are not known");
}

// Slices are shown or the clip is refused; together they are never more than what was there.
void expect_in_bounds(const CapsPtr& caps, const std::string& frame) {
  std::size_t shown = 0;
  try {
    for (const auto& slice : slices_of(clip_of(caps, {frame}))) shown += slice.size();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
  }
  EXPECT_LE(shown, frame.size());
}

std::array<CapsPtr, 6> all_framings() {
  return {with_length_size(1),
          with_length_size(2),
          with_length_size(3),
          with_length_size(4),
          CapsPtr::adopt(gst_caps_from_string(kAvc3)),
          CapsPtr::adopt(gst_caps_from_string(kByteStream))};
}

TEST(Bounds, HoldForEveryTruncationOfAFrame) {
  const auto framings = all_framings();
  const Texts units{kAud, kSps, kPps, kSei, kIdr, kSlice + bytes("\0\0\3"), kSlice + bytes("\0\0")};
  for (const auto& frame : {length_prefixed(units, 1), length_prefixed(units, 2), length_prefixed(units, 3),
                            length_prefixed(units), byte_stream(units), byte_stream(units, bytes("\0\0\1"))})
    for (std::size_t size = 0; size <= frame.size(); ++size)
      for (const auto& caps : framings) {
        expect_in_bounds(caps, frame.substr(0, size));
        expect_in_bounds(caps, frame.substr(size));
      }
}

TEST(Bounds, HoldForGarbage) {
  const auto framings = all_framings();
  std::uint32_t state = 1;
  for (std::size_t size = 0; size < 400; ++size) {
    std::string frame(size, '\0');
    // Mostly small values: start codes and lengths that fit.
    for (auto& byte : frame) {
      state = state * 1664525U + 1013904223U;
      byte = static_cast<char>(state >> 28U ? state >> 30U : state >> 20U);
    }
    for (const auto& caps : framings) expect_in_bounds(caps, frame);
  }
}

TEST(CodecName, IsTheCapsOwnWord) {
  EXPECT_EQ(codec_name(CapsPtr::adopt(gst_caps_from_string(kAvc)).get()), "h264");
  EXPECT_EQ(codec_name(CapsPtr::adopt(gst_caps_from_string("video/x-h265")).get()), "h265");
  EXPECT_THROW((void)codec_name(CapsPtr::adopt(gst_caps_from_string("video/x-vp8")).get()), Error);
}

}  // namespace
}  // namespace klingv2a
