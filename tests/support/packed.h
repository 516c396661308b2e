// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Text as servers pack it that were not asked to. Pure function; any thread.
#pragma once

#include <gio/gio.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "gobject_ptr.h"

namespace klingv2a::test {

[[nodiscard]] inline std::string packed(std::string_view text,
                                        GZlibCompressorFormat format = G_ZLIB_COMPRESSOR_FORMAT_GZIP) {
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

}  // namespace klingv2a::test
