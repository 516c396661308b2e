// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spoil.h"

#include <gio/gio.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "gobject_ptr.h"

namespace klingv2a::sim {
namespace {

std::string deflated(std::string_view text, GZlibCompressorFormat format) {
  const auto packer = GObjectPtr<GConverter>::adopt(G_CONVERTER(g_zlib_compressor_new(format, -1)));
  std::string result;
  std::array<char, 4096> piece;
  for (GConverterResult state = G_CONVERTER_CONVERTED; state == G_CONVERTER_CONVERTED;) {
    gsize read = 0;
    gsize written = 0;
    state = g_converter_convert(packer.get(), text.data(), text.size(), piece.data(), piece.size(),
                                G_CONVERTER_INPUT_AT_END, &read, &written, nullptr);
    text.remove_prefix(read);
    result.append(piece.data(), written);
  }
  return result;
}

std::string packed_text(const std::string& text, const std::string& coding) {
  if (coding == "gzip" || coding == "unlabelled") return deflated(text, G_ZLIB_COMPRESSOR_FORMAT_GZIP);
  if (coding == "deflate") return deflated(text, G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
  if (coding == "raw") return deflated(text, G_ZLIB_COMPRESSOR_FORMAT_RAW);
  return "\x1b\x0f meaningless";
}

std::string utf16(const std::string& text) {
  gsize size = 0;
  const GCharPtr bytes(
      g_convert(text.data(), static_cast<gssize>(text.size()), "UTF-16LE", "UTF-8", nullptr, &size, nullptr));
  return "\xff\xfe" + std::string(bytes.get(), size);
}

std::string with_bad_bytes(std::string text) {
  for (const std::string_view mark : {"\"task_status_msg\":\"", "\"message\":\""}) {
    const std::size_t at = text.find(mark);
    if (at != std::string::npos) return text.insert(at + mark.size(), std::string("\xff\0\xc3", 3));
  }
  return text;
}

std::string spoiled_text(const std::string& text, const std::string& how) {
  constexpr std::size_t kCut = 10;
  if (how == "utf16") return utf16(text);
  if (how == "bom") return "\xef\xbb\xbf" + text;
  if (how == "warning") return "<br />\n<b>Warning</b>: {$quota} in <b>/srv/relay.php</b> on line <b>3</b>\n" + text;
  if (how == "zeros") return text + std::string(16, '\0');
  if (how == "cut") return text.substr(0, text.size() - std::min(text.size(), kCut));
  return how == "bad_bytes" ? with_bad_bytes(text) : text;
}

}  // namespace

Answer packed(Answer answer, const std::string& coding) {
  answer.body = make_blob(packed_text(*answer.body, coding));
  if (coding != "unlabelled") answer.headers.emplace_back("Content-Encoding", coding == "raw" ? "deflate" : coding);
  return answer;
}

Answer spoiled(Answer answer, const std::string& how) {
  answer.body = make_blob(spoiled_text(*answer.body, how));
  return answer;
}

}  // namespace klingv2a::sim
