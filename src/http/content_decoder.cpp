// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See content_decoder.h. The codings are RFC 9110's (8.4.1); `deflate` means zlib's format, and is often sent raw.
#include "http/content_decoder.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace klingv2a::http {
namespace {

constexpr std::string_view kGzipMark = "\x1f\x8b\x08";
constexpr std::size_t kPiece = 64 * 1024;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

bool is_gzip(std::string_view beginning) {
  return beginning.starts_with(kGzipMark);
}

// RFC 1950: the method is 8, and the first two bytes are a multiple of 31.
bool is_zlib(std::string_view beginning) {
  if (beginning.size() < 2) return false;
  const auto first = static_cast<unsigned char>(beginning[0]);
  const auto second = static_cast<unsigned char>(beginning[1]);
  return (first & 0x0fU) == 8 && (first * 256U + second) % 31 == 0;
}

// JSON, HTML or XML, with or without a byte order mark: what stands in answers that were labelled wrongly.
bool is_plain_text(std::string_view beginning) {
  return beginning.empty() || beginning.starts_with("\xef\xbb\xbf") ||
         std::string_view("{[<\" \t\r\n").find(beginning.front()) != std::string_view::npos;
}

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

void add_codings(std::string& codings, const std::string& value) {
  const GCharPtr lower(g_ascii_strdown(value.c_str(), -1));
  std::string_view rest = lower.get();
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string coding = trimmed(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (coding.empty() || coding == "identity") continue;
    codings += (codings.empty() ? "" : ", ") + coding;
  }
}

}  // namespace

std::string content_coding(const Response& response) {
  std::string codings;
  for (const auto& [name, value] : response.headers)
    if (name == "content-encoding") add_codings(codings, value);
  return codings;
}

bool can_unpack(const std::string& coding) {
  return coding == "gzip" || coding == "x-gzip" || coding == "deflate";
}

ContentDecoder::State ContentDecoder::take(std::span<const std::byte> bytes, const Sink& sink) {
  if (decided_) return pass(bytes, sink);
  beginning_ += as_text(bytes);
  if (is_undecided()) return State::goes_on;
  decide();
  return pass(as_bytes(std::exchange(beginning_, {})), sink);
}

ContentDecoder::State ContentDecoder::end(const Sink& sink) {
  if (!decided_) {
    decide();
    const State state = pass(as_bytes(std::exchange(beginning_, {})), sink);
    if (state != State::goes_on) return state;
  }
  return unpacks() && !finished_ ? State::damaged : State::goes_on;
}

// No byte is kept back longer than it has to be: what came of a broken answer counts.
bool ContentDecoder::is_undecided() const {
  if (coding_ == "deflate") return beginning_.size() < 2;
  return coding_ != "identity" && beginning_.size() < kGzipMark.size() && kGzipMark.starts_with(beginning_);
}

void ContentDecoder::decide() {
  decided_ = true;
  if (coding_ == "identity") return;
  const auto unpack_as = [this](GZlibCompressorFormat format) {
    unpacker_ = GObjectPtr<GConverter>::adopt(G_CONVERTER(g_zlib_decompressor_new(format)));
  };
  if (is_gzip(beginning_)) return unpack_as(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
  if (coding_ != "deflate" || is_plain_text(beginning_)) return;
  unpack_as(is_zlib(beginning_) ? G_ZLIB_COMPRESSOR_FORMAT_ZLIB : G_ZLIB_COMPRESSOR_FORMAT_RAW);
}

ContentDecoder::State ContentDecoder::pass(std::span<const std::byte> bytes, const Sink& sink) {
  if (bytes.empty() || finished_) return State::goes_on;
  if (unpacks()) return unpack(bytes, sink);
  return sink(bytes) ? State::goes_on : State::enough;
}

ContentDecoder::State ContentDecoder::unpack(std::span<const std::byte> bytes, const Sink& sink) {
  std::array<std::byte, kPiece> piece;
  bool may_hold_more = true;  // a full piece of output: the unpacker may have more of it
  while (!bytes.empty() || may_hold_more) {
    gsize read = 0;
    gsize written = 0;
    GError* raw_error = nullptr;
    const GConverterResult result =
        g_converter_convert(unpacker_.get(), bytes.data(), bytes.size(), piece.data(), piece.size(),
                            G_CONVERTER_NO_FLAGS, &read, &written, &raw_error);
    const GErrorPtr error(raw_error);
    if (result == G_CONVERTER_ERROR)
      return g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT) ? State::goes_on : State::damaged;
    bytes = bytes.subspan(read);
    may_hold_more = written == piece.size();
    if (written > 0 && !sink(std::span(piece).first(written))) return State::enough;
    if (result == G_CONVERTER_FINISHED && !begins_again(bytes)) return State::goes_on;
  }
  return State::goes_on;
}

// A gzip file may consist of several, one behind the other. Anything else behind the end is left alone.
bool ContentDecoder::begins_again(std::span<const std::byte> rest) {
  finished_ = !is_gzip(as_text(rest));
  if (!finished_) g_converter_reset(unpacker_.get());
  return !finished_;
}

}  // namespace klingv2a::http
