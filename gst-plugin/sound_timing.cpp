// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See sound_timing.h.
#include "sound_timing.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace klingv2a {

namespace {

// What a decoder of MPEG-1/2 Layer III is behind by itself.
constexpr std::int64_t kLayer3DecoderDelay = 529;
// No encoder puts more before a sound; more is not believed.
constexpr std::int64_t kMostPriming = 1 << 16;
// Tags with pictures in them are long; what lies behind this is not looked at.
constexpr std::uint64_t kMostTag = 16 * 1024 * 1024;

std::string read_text(const SpoolFile& file, std::uint64_t offset, std::size_t size) {
  std::string text(size, '\0');
  text.resize(file.read_at(offset, std::as_writable_bytes(std::span(text))));
  return text;
}

std::uint32_t byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

std::uint32_t big_endian(std::string_view text, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8U | byte_at(text, at + i);
  return value;
}

// ---- iTunSMPB

// " 00000000 00000840 000001CA 00000000003F31F6 …": nothing, priming, padding, the samples of the sound, in
// hexadecimal.
std::optional<ProperSound> read_gapless_fields(std::string_view text) {
  std::array<std::uint64_t, 4> fields{};
  for (std::uint64_t& field : fields) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    text.remove_prefix(begin);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), field, 16);
    if (error != std::errc{} || end - text.data() < 8) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  constexpr std::uint64_t kMostSamples = std::uint64_t{1} << 40U;
  if (fields[1] > static_cast<std::uint64_t>(kMostPriming) || fields[3] > kMostSamples) return std::nullopt;
  return ProperSound{static_cast<std::int64_t>(fields[1]),
                     fields[3] > 0 ? static_cast<std::int64_t>(fields[3]) : std::int64_t{-1}};
}

// Behind the name come what its container puts there (a box's header, an encoding's mark) and the text, of which UTF-16
// leaves every other byte empty.
std::optional<ProperSound> find_gapless_fields(std::string_view bytes) {
  constexpr std::string_view kName = "iTunSMPB";
  constexpr std::size_t kWindow = 400;
  std::string text(bytes);
  std::erase(text, '\0');
  const std::size_t at = text.find(kName);
  if (at == std::string::npos) return std::nullopt;
  std::string_view behind = std::string_view(text).substr(at + kName.size(), kWindow);
  for (std::size_t begin = behind.find(" 0"); begin != std::string_view::npos; begin = behind.find(" 0", begin + 1))
    if (const auto found = read_gapless_fields(behind.substr(begin))) return found;
  return std::nullopt;
}

// ---- MP3

// The size of an ID3v2 tag at `offset`, its header and footer included; 0: there is none.
std::uint64_t id3_size(const SpoolFile& file, std::uint64_t offset) {
  constexpr std::size_t kHeader = 10;
  const std::string header = read_text(file, offset, kHeader);
  if (header.size() < kHeader || !header.starts_with("ID3")) return 0;
  std::uint64_t size = 0;
  for (std::size_t i = 6; i < kHeader; ++i) size = size << 7U | (byte_at(header, i) & 0x7FU);
  const bool has_footer = (byte_at(header, 5) & 0x10U) != 0;
  return kHeader + size + (has_footer ? kHeader : 0);
}

struct Layer3Frame {
  std::uint32_t samples = 0;  // per channel
  std::size_t size = 0;       // bytes
  std::size_t tag = 0;        // where a tag would begin: behind the side information
};

// Of its header's four bytes: 11 bits of sync, then version, layer, bit rate, sample rate, padding, mode.
std::optional<Layer3Frame> read_layer3_header(std::string_view bytes) {
  const std::uint32_t word = big_endian(bytes, 0, 4);
  const std::uint32_t version = word >> 19U & 3U, layer = word >> 17U & 3U, bitrate = word >> 12U & 15U,
                      rate = word >> 10U & 3U;
  if (bytes.size() < 4 || word >> 21U != 0x7FFU || version == 1 || layer != 1 || bitrate == 0 || bitrate == 15 ||
      rate == 3)
    return std::nullopt;
  constexpr std::array<std::uint32_t, 15> kMpeg1{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320};
  constexpr std::array<std::uint32_t, 15> kMpeg2{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160};
  constexpr std::array<std::uint32_t, 3> kRates{44100, 48000, 32000};
  const bool mpeg1 = version == 3;
  const bool mono = (word >> 6U & 3U) == 3;
  const std::uint32_t halvings = mpeg1 ? 0 : version == 2 ? 1 : 2;
  const std::uint32_t bits = (mpeg1 ? kMpeg1 : kMpeg2).at(bitrate) * 1000;
  const std::uint32_t samples = mpeg1 ? 1152 : 576;
  const std::size_t side_information = mpeg1 ? (mono ? 17 : 32) : (mono ? 9 : 17);
  return Layer3Frame{samples, samples / 8 * bits / (kRates.at(rate) >> halvings) + (word >> 9U & 1U),
                     4 + side_information};
}

// The tag's own fields, of which the flags say which are there, then LAME's: the encoder's name, and, 21 bytes on,
// delay and padding in 12 bits each. Who writes no name writes none of them.
std::optional<ProperSound> read_lame_tag(std::string_view tag, std::uint32_t samples_a_frame) {
  constexpr std::uint32_t kHasFrames = 1, kHasBytes = 2, kHasIndex = 4, kHasQuality = 8;
  const std::uint32_t flags = big_endian(tag, 4, 4);
  std::size_t at = 8;
  const std::int64_t frames = (flags & kHasFrames) != 0 ? big_endian(tag, at, 4) : 0;
  at += (flags & kHasFrames) != 0 ? 4 : 0;
  at += (flags & kHasBytes) != 0 ? 4 : 0;
  at += (flags & kHasIndex) != 0 ? 100 : 0;
  at += (flags & kHasQuality) != 0 ? 4 : 0;
  constexpr std::size_t kDelay = 21;
  if (at + kDelay + 3 > tag.size() || byte_at(tag, at) == 0) return std::nullopt;
  const std::int64_t both = big_endian(tag, at + kDelay, 3);
  const std::int64_t delay = both >> 12, padding = both & 0xFFF;
  const std::int64_t count = frames * samples_a_frame - delay - padding;
  return ProperSound{delay + kLayer3DecoderDelay, count > 0 ? count : -1};
}

// The first frame of an MP3, when it holds Xing's tag instead of a sound, and what that says.
SoundTiming read_first_frame(const SpoolFile& file, std::uint64_t offset) {
  constexpr std::size_t kLargestFrame = 1441;
  const std::string bytes = read_text(file, offset, kLargestFrame);
  const auto frame = read_layer3_header(bytes);
  if (!frame || frame->size > bytes.size() || frame->tag + 8 > frame->size) return {};
  const std::string_view tag = std::string_view(bytes).substr(frame->tag, frame->size - frame->tag);
  if (!tag.starts_with("Xing") && !tag.starts_with("Info")) return {};
  return {.data_offset = offset + frame->size, .proper = read_lame_tag(tag, frame->samples)};
}

// Tags may follow one another. What they hold is at their beginning as a rule; the rest may be pictures.
SoundTiming read_behind_tags(const SpoolFile& file) {
  std::uint64_t offset = 0;
  std::optional<ProperSound> gapless;
  while (const std::uint64_t size = id3_size(file, offset)) {
    if (offset + size > kMostTag) return {};
    if (!gapless) gapless = find_gapless_fields(read_text(file, offset, size));
    offset += size;
  }
  SoundTiming timing = read_first_frame(file, offset);
  if (timing.proper || !gapless) return timing;
  // In an MP3 it counts what the encoder has put there, as LAME does.
  if (read_layer3_header(read_text(file, offset, 4))) gapless->first += kLayer3DecoderDelay;
  timing.proper = gapless;
  return timing;
}

// ---- MP4

// Of the boxes at the top the one with everything but the samples; empty: there is none, or it is beyond all bounds.
std::string movie_box(const SpoolFile& file) {
  const std::uint64_t end = file.size();
  for (std::uint64_t at = 0; at + 8 <= end;) {
    const std::string header = read_text(file, at, 16);
    std::uint64_t size = big_endian(header, 0, 4);
    if (size == 1) size = std::uint64_t{big_endian(header, 8, 4)} << 32U | big_endian(header, 12, 4);
    if (size == 0) size = end - at;
    if (size < 8 || size > end - at) return {};
    if (std::string_view(header).substr(4, 4) == "moov") return size > kMostTag ? "" : read_text(file, at, size);
    at += size;
  }
  return {};
}

}  // namespace

SoundTiming read_sound_timing(const SpoolFile& file) {
  const std::string start = read_text(file, 0, 8);
  if (start.size() == 8 && start.ends_with("ftyp"))
    return {.data_offset = 0, .proper = find_gapless_fields(movie_box(file))};
  return read_behind_tags(file);
}

}  // namespace klingv2a
