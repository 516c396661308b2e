// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ranges.h"

#include <glib.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace klingv2a::sim {
namespace {

constexpr std::string_view kUnit = "bytes=";
constexpr std::size_t kPadding = 4096;
constexpr std::size_t kWavFormatEnd = 36;  // of the 44 bytes that make_wav() begins with

struct Span {
  std::size_t first = 0, size = 0;  // size 0: unsatisfiable
};

std::optional<std::size_t> number_in(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Nothing: to be ignored.
std::optional<Span> parse_range(std::string_view header, std::size_t all) {
  if (!header.starts_with(kUnit)) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = number_in(header.substr(0, dash)), last = number_in(header.substr(dash + 1));
  const bool open_end = dash + 1 == header.size();
  if (dash == 0) {  // "-N": the last N bytes
    if (!last) return std::nullopt;
    const std::size_t size = std::min(*last, all);
    return Span{all - size, size};
  }
  if (!first || (!last && !open_end) || (last && *last < *first)) return std::nullopt;
  if (*first >= all) return Span{};
  const std::size_t end = last ? std::min(*last, all - 1) : all - 1;
  return Span{*first, end - *first + 1};
}

std::string etag_of(const std::string& bytes) {
  const GCharPtr hex(g_strdup_printf("\"%zx\"", std::hash<std::string>()(bytes)));
  return hex.get();
}

std::string le32(std::size_t value) {
  std::string bytes;
  for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<char>((value >> (8U * i)) & 0xFFU));
  return bytes;
}

// A chunk that readers pass over, before the samples.
std::string padded_wav(const std::string& wav) {
  const std::string chunk = "JUNK" + le32(kPadding) + std::string(kPadding, '\0');
  return "RIFF" + le32(wav.size() + chunk.size() - 8) + wav.substr(8, kWavFormatEnd - 8) + chunk +
         wav.substr(kWavFormatEnd);
}

// An ID3v2 tag of padding alone; its size comes in four times 7 bits.
std::string padded_mp3(const std::string& mp3) {
  std::string tag("ID3\x04\0\0\0\0", 8);
  tag.push_back(static_cast<char>(kPadding >> 7U & 0x7FU));
  tag.push_back(static_cast<char>(kPadding & 0x7FU));
  return tag + std::string(kPadding, '\0') + mp3;
}

// At the end, since an MP4 counts its samples' places from its beginning.
std::string padded_mp4(const std::string& mp4) {
  std::string size = le32(kPadding + 8);
  std::ranges::reverse(size);
  return mp4 + size + "free" + std::string(kPadding, '\0');
}

}  // namespace

Answer part_of(const Request& request, Answer whole) {
  const std::size_t all = whole.body->size();
  const std::string etag = etag_of(*whole.body);
  whole.headers.emplace_back("ETag", etag);
  whole.headers.emplace_back("Accept-Ranges", "bytes");
  const bool asked = request.method == "GET" && (request.if_range.empty() || request.if_range == etag);
  const auto span = asked ? parse_range(request.range, all) : std::nullopt;
  if (!span) return whole;
  const std::string size_text = std::to_string(all);
  whole.status = span->size == 0 ? 416 : 206;
  whole.body = make_blob(whole.body->substr(span->first, span->size));
  if (span->size == 0)
    whole.headers.emplace_back("Content-Range", "bytes */" + size_text);
  else
    whole.headers.emplace_back("Content-Range", "bytes " + std::to_string(span->first) + "-" +
                                                    std::to_string(span->first + span->size - 1) + "/" + size_text);
  return whole;
}

Answer another_file(Answer whole) {
  const std::string& bytes = *whole.body;
  if (whole.content_type == "audio/wav")
    whole.body = make_blob(padded_wav(bytes));
  else if (whole.content_type == "audio/mpeg")
    whole.body = make_blob(padded_mp3(bytes));
  else
    whole.body = make_blob(padded_mp4(bytes));
  return whole;
}

}  // namespace klingv2a::sim
