// SPDX-License-Identifier: LGPL-2.1-or-later
#include "slice_data.h"

#include <algorithm>
#include <array>
#include <string>

#include "error.h"
#include "read_map.h"

namespace klingv2a {

namespace {

using Bytes = std::span<const std::byte>;

// How the NAL units of a codec are told apart, and where its codec_data says how long their lengths are.
struct Codec {
  const char* media_type;
  std::string_view name;
  unsigned type_shift, type_mask;    // in the first byte of a NAL unit
  unsigned first_slice, last_slice;  // types
  gsize length_size_at;              // byte of codec_data whose last two bits are the size less one
};

constexpr std::array kCodecs{
    Codec{"video/x-h264", "h264", 0, 0x1f, 1, 5, 4},
    Codec{"video/x-h265", "h265", 1, 0x3f, 0, 31, 21},
};

// Values of stream-format with a length before each NAL unit, as in MP4.
constexpr std::array<std::string_view, 4> kLengthPrefixed{"avc", "avc3", "hvc1", "hev1"};
constexpr unsigned kLengthSizeMask = 3;
constexpr std::size_t kUsualLengthSize = 4;

[[noreturn]] void refuse(const std::string& what) {
  throw make_error(ErrorKind::input, Phase::hold, "the video's framing is broken: " + what,
                   "put h264parse or h265parse before klingv2a, or look whether the file is damaged");
}

const Codec* find_codec(const GstCaps* caps) {
  const GstStructure* structure = caps && gst_caps_is_fixed(caps) ? gst_caps_get_structure(caps, 0) : nullptr;
  for (const auto& codec : kCodecs)
    if (structure && gst_structure_has_name(structure, codec.media_type)) return &codec;
  return nullptr;
}

const Codec& codec_of(const GstCaps* caps) {
  if (const Codec* codec = find_codec(caps)) return *codec;
  throw make_error(ErrorKind::input, Phase::hold, "the slices of " + to_text(caps) + " are not known");
}

unsigned type_of(const Codec& codec, Bytes unit) {
  return (std::to_integer<unsigned>(unit.front()) >> codec.type_shift) & codec.type_mask;
}

Bytes without_zeros(Bytes unit) {
  while (!unit.empty() && unit.back() == std::byte{0}) unit = unit.first(unit.size() - 1);
  return unit;
}

// A NAL unit ends with the byte of its stop bit. Zero bytes after it belong to the byte stream; the words 00 00 03 are
// stuffing that an encoder may add and a remuxer may drop.
Bytes without_stuffing(Bytes unit) {
  unit = without_zeros(unit);
  while (unit.size() > 2 && unit.back() == std::byte{3} && unit[unit.size() - 2] == std::byte{0} &&
         unit[unit.size() - 3] == std::byte{0})
    unit = without_zeros(unit.first(unit.size() - 1));
  return unit;
}

void show(const Codec& codec, Bytes unit, const UnitVisitor& visit) {
  if (!unit.empty()) visit(type_of(codec, unit), unit);
}

void visit_length_prefixed(const Codec& codec, Bytes rest, std::size_t length_size, const UnitVisitor& visit) {
  while (!rest.empty()) {
    if (rest.size() < length_size) refuse(std::to_string(rest.size()) + " bytes follow the last NAL unit of a frame");
    std::size_t length = 0;
    for (const auto byte : rest.first(length_size)) length = length << 8U | std::to_integer<std::size_t>(byte);
    rest = rest.subspan(length_size);
    if (length > rest.size())
      refuse("a NAL unit of " + std::to_string(length) + " bytes in a frame that has " + std::to_string(rest.size()) +
             " more");
    show(codec, rest.first(length), visit);
    rest = rest.subspan(length);
  }
}

// The offset of the next 00 00 01, or the end.
std::size_t start_code_in(Bytes bytes) {
  constexpr std::string_view kStartCode("\0\0\1", 3);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return std::min(text.find(kStartCode), text.size());
}

// A start code before each NAL unit, as in MPEG-TS.
void visit_byte_stream(const Codec& codec, Bytes rest, const UnitVisitor& visit) {
  constexpr std::size_t kStartCodeSize = 3;
  const std::size_t first = start_code_in(rest);
  if (!without_zeros(rest.first(first)).empty()) refuse("a buffer does not begin with a start code");
  rest = rest.subspan(first);
  while (!rest.empty()) {
    rest = rest.subspan(kStartCodeSize);
    const std::size_t end = start_code_in(rest);
    show(codec, rest.first(end), visit);
    rest = rest.subspan(end);
  }
}

GstBuffer* codec_data_of(const GstStructure* caps) {
  const GValue* value = gst_structure_get_value(caps, "codec_data");
  return value && GST_VALUE_HOLDS_BUFFER(value) ? gst_value_get_buffer(value) : nullptr;
}

// h264parse leaves codec_data out where each buffer is a NAL unit, avc3 may do so anyway; all write four bytes then.
std::size_t length_size_of(const Codec& codec, const GstStructure* caps) {
  GstBuffer* codec_data = codec_data_of(caps);
  if (!codec_data) return kUsualLengthSize;
  guint8 byte = 0;
  if (gst_buffer_extract(codec_data, codec.length_size_at, &byte, sizeof byte) != sizeof byte)
    refuse("codec_data has no more than " + std::to_string(gst_buffer_get_size(codec_data)) + " bytes");
  return (byte & kLengthSizeMask) + std::size_t{1};
}

constexpr std::size_t kSetLength = 2;  // bytes of the length before each parameter set

// `count` NAL units, each behind its length. Returns what follows.
Bytes visit_sets(const Codec& codec, Bytes rest, unsigned count, const UnitVisitor& visit) {
  for (unsigned i = 0; i < count; ++i) {
    if (rest.size() < kSetLength) refuse("codec_data ends within its parameter sets");
    const auto length = std::to_integer<std::size_t>(rest[0]) << 8U | std::to_integer<std::size_t>(rest[1]);
    rest = rest.subspan(kSetLength);
    if (rest.size() < length) refuse("codec_data ends within a parameter set");
    show(codec, rest.first(length), visit);
    rest = rest.subspan(length);
  }
  return rest;
}

unsigned take_count(Bytes& rest, std::size_t size, unsigned mask) {
  if (rest.size() < size) refuse("codec_data is cut off");
  unsigned count = 0;
  for (const auto byte : rest.first(size)) count = count << 8U | std::to_integer<unsigned>(byte);
  rest = rest.subspan(size);
  return count & mask;
}

// ISO/IEC 14496-15, 5.3.3.1.2 (avcC) and 8.3.3.1.2 (hvcC).
void visit_avc_sets(const Codec& codec, Bytes rest, const UnitVisitor& visit) {
  constexpr std::size_t kBefore = 5;
  (void)take_count(rest, kBefore, 0);
  rest = visit_sets(codec, rest, take_count(rest, 1, 0x1f), visit);
  (void)visit_sets(codec, rest, take_count(rest, 1, 0xff), visit);
}

void visit_hevc_sets(const Codec& codec, Bytes rest, const UnitVisitor& visit) {
  constexpr std::size_t kBefore = 22;
  (void)take_count(rest, kBefore, 0);
  const unsigned arrays = take_count(rest, 1, 0xff);
  for (unsigned i = 0; i < arrays; ++i) {
    (void)take_count(rest, 1, 0);
    const unsigned count = take_count(rest, 2, 0xffff);
    rest = visit_sets(codec, rest, count, visit);
  }
}

}  // namespace

bool has_slices(const GstCaps* caps) {
  return find_codec(caps) != nullptr;
}

void visit_slices(const GstCaps* caps, GstBuffer* buffer, const SliceVisitor& visit) {
  const Codec& codec = codec_of(caps);
  visit_units(caps, buffer, [&](unsigned type, Bytes unit) {
    if (type >= codec.first_slice && type <= codec.last_slice) visit(without_stuffing(unit));
  });
}

void visit_parameter_sets(const GstCaps* caps, const UnitVisitor& visit) {
  const Codec& codec = codec_of(caps);
  GstBuffer* codec_data = codec_data_of(gst_caps_get_structure(caps, 0));
  if (!codec_data) return;
  const ReadMap map(codec_data);
  if (codec.name == "h264")
    visit_avc_sets(codec, map.bytes(), visit);
  else
    visit_hevc_sets(codec, map.bytes(), visit);
}

void visit_units(const GstCaps* caps, GstBuffer* buffer, const UnitVisitor& visit) {
  const Codec& codec = codec_of(caps);
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const char* named = gst_structure_get_string(structure, "stream-format");
  const std::string_view format = named ? named : "";
  const bool known = std::ranges::find(kLengthPrefixed, format) != kLengthPrefixed.end();
  if (!known && format != "byte-stream") refuse("stream-format is " + std::string(format));
  const ReadMap map(buffer);
  if (known)
    visit_length_prefixed(codec, map.bytes(), length_size_of(codec, structure), visit);
  else
    visit_byte_stream(codec, map.bytes(), visit);
}

std::string_view codec_name(const GstCaps* caps) {
  return codec_of(caps).name;
}

}  // namespace klingv2a
