// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plain_text.h"

#include "gobject_ptr.h"

namespace klingv2a {

namespace {

using ParserPtr = std::unique_ptr<GMarkupParseContext, Deleter<g_markup_parse_context_free>>;

void add_text(GMarkupParseContext*, const char* text, gsize length, gpointer collected, GError**) {
  static_cast<std::string*>(collected)->append(text, length);
}

}  // namespace

std::string plain_text(std::string_view markup) {
  static constexpr GMarkupParser kParser{nullptr, nullptr, add_text, nullptr, nullptr};
  std::string collected;
  const ParserPtr parser(g_markup_parse_context_new(&kParser, {}, &collected, nullptr));
  const std::string document = "<markup>" + std::string(markup) + "</markup>";
  const bool read =
      g_markup_parse_context_parse(parser.get(), document.data(), static_cast<gssize>(document.size()), nullptr) &&
      g_markup_parse_context_end_parse(parser.get(), nullptr);
  return read ? collected : std::string(markup);
}

BufferPtr plain_text(const BufferPtr& subtitle) {
  GstMapInfo map;
  if (!gst_buffer_map(subtitle.get(), &map, GST_MAP_READ)) return subtitle;
  // Some demuxers count a closing zero byte as text.
  std::string_view markup(reinterpret_cast<const char*>(map.data), map.size);
  while (!markup.empty() && markup.back() == '\0') markup.remove_suffix(1);
  const std::string text = plain_text(markup);
  gst_buffer_unmap(subtitle.get(), &map);
  auto plain = BufferPtr::adopt(gst_buffer_new_memdup(text.data(), text.size()));
  gst_buffer_copy_into(plain.get(), subtitle.get(), GST_BUFFER_COPY_METADATA, 0, static_cast<gsize>(-1));
  return plain;
}

}  // namespace klingv2a
