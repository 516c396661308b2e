// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plain_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gobject_ptr.h"

namespace klingv2a {

namespace {

using ParserPtr = std::unique_ptr<GMarkupParseContext, Deleter<g_markup_parse_context_free>>;

constexpr const char* kWebvtt = "application/x-subtitle-vtt";
// Ours, in the caps of a WebVTT.
constexpr const char* kPackets = "packets";
constexpr std::string_view kWebvttHeader = "WEBVTT", kArrow = "-->", kBlank = "\n\n";
constexpr int kSsaFields = 8;

// Those that WebVTT knows by name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kEntities{
    {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&nbsp;", "\u00A0"}, {"&lrm;", "\u200E"}, {"&rlm;", "\u200F"}}};

void add_text(GMarkupParseContext*, const char* text, gsize length, gpointer collected, GError**) {
  static_cast<std::string*>(collected)->append(text, length);
}

std::string of_pango(std::string_view markup) {
  static constexpr GMarkupParser kParser{nullptr, nullptr, add_text, nullptr, nullptr};
  std::string collected;
  const ParserPtr parser(g_markup_parse_context_new(&kParser, {}, &collected, nullptr));
  const std::string document = "<markup>" + std::string(markup) + "</markup>";
  const bool read =
      g_markup_parse_context_parse(parser.get(), document.data(), static_cast<gssize>(document.size()), nullptr) &&
      g_markup_parse_context_end_parse(parser.get(), nullptr);
  return read ? collected : std::string(markup);
}

// Without the parts that stand between `open` and `close`. One that is never closed is text.
std::string without(std::string_view text, char open, char close) {
  std::string kept;
  while (!text.empty()) {
    const auto from = text.find(open);
    const auto to = from == std::string_view::npos ? from : text.find(close, from);
    if (to == std::string_view::npos) return kept + std::string(text);
    kept += text.substr(0, from);
    text.remove_prefix(to + 1);
  }
  return kept;
}

std::string with_entities(std::string_view text) {
  std::string resolved;
  while (!text.empty()) {
    const auto* found = std::ranges::find_if(kEntities, [&](const auto& one) { return text.starts_with(one.first); });
    const bool is_entity = found != kEntities.end();
    resolved += is_entity ? found->second : text.substr(0, 1);
    text.remove_prefix(is_entity ? found->first.size() : 1);
  }
  return resolved;
}

std::string_view after_line(std::string_view text) {
  const auto end = text.find('\n');
  return end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
}

// The texts of a file's cues: behind each line with times up to the next blank one.
std::string of_cues(std::string_view file) {
  std::string all;
  for (auto arrow = file.find(kArrow); arrow != std::string_view::npos; arrow = file.find(kArrow)) {
    file = after_line(file.substr(arrow));
    const auto text = file.substr(0, file.find(kBlank));
    if (!all.empty() && !text.empty()) all += '\n';
    all += text;
    file.remove_prefix(text.size());
  }
  return all;
}

std::string of_webvtt(std::string_view raw) {
  std::string packet(raw);
  std::erase(packet, '\r');
  const bool has_times = packet.starts_with(kWebvttHeader) || packet.find(kArrow) != std::string::npos;
  auto text = has_times ? of_cues(packet) : packet;
  while (text.ends_with('\n')) text.pop_back();
  return with_entities(without(text, '<', '>'));
}

std::string of_ssa(std::string_view event) {
  auto text = event;
  for (int field = 0; field < kSsaFields; ++field) {
    const auto comma = text.find(',');
    if (comma == std::string_view::npos) return std::string(event);
    text.remove_prefix(comma + 1);
  }
  auto plain = without(text, '{', '}');
  for (std::size_t at = plain.find('\\'); at != std::string::npos; at = plain.find('\\', at + 1)) {
    const char what = at + 1 < plain.size() ? plain[at + 1] : '\0';
    if (what == 'N' || what == 'n') plain.replace(at, 2, "\n");
    if (what == 'h') plain.replace(at, 2, "\u00A0");
  }
  return plain;
}

}  // namespace

std::optional<Markup> markup_of(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const auto has = [&](const char* name) { return gst_structure_has_name(structure, name) != FALSE; };
  if (has("text/x-raw") && g_strcmp0(gst_structure_get_string(structure, "format"), "pango-markup") == 0)
    return Markup::pango;
  if (has(kWebvtt)) return gst_structure_has_field(structure, kPackets) ? Markup::webvtt_ffmpeg : Markup::webvtt;
  if (has("application/x-ssa") || has("application/x-ass")) return Markup::ssa;
  return std::nullopt;
}

CapsPtr webvtt_caps(Markup markup) {
  auto caps = CapsPtr::adopt(gst_caps_new_empty_simple(kWebvtt));
  if (markup == Markup::webvtt_ffmpeg) gst_caps_set_simple(caps.get(), kPackets, G_TYPE_STRING, "ffmpeg", nullptr);
  return caps;
}

CapsPtr plain_text_caps() {
  return CapsPtr::adopt(gst_caps_new_simple("text/x-raw", "format", G_TYPE_STRING, "utf8", nullptr));
}

std::string plain_text(std::string_view text, Markup markup) {
  switch (markup) {
    case Markup::pango:
      return of_pango(text);
    case Markup::webvtt:
      return of_webvtt(text);
    case Markup::webvtt_ffmpeg:
      return of_webvtt(after_line(after_line(text)));
    case Markup::ssa:
      return of_ssa(text);
  }
  return std::string(text);
}

BufferPtr plain_text(const BufferPtr& subtitle, Markup markup) {
  GstMapInfo map;
  if (!gst_buffer_map(subtitle.get(), &map, GST_MAP_READ)) return subtitle;
  // Some demuxers count a closing zero byte as text.
  std::string_view marked(reinterpret_cast<const char*>(map.data), map.size);
  while (!marked.empty() && marked.back() == '\0') marked.remove_suffix(1);
  const std::string text = plain_text(marked, markup);
  gst_buffer_unmap(subtitle.get(), &map);
  auto plain = BufferPtr::adopt(gst_buffer_new_memdup(text.data(), text.size()));
  gst_buffer_copy_into(plain.get(), subtitle.get(), GST_BUFFER_COPY_METADATA, 0, static_cast<gsize>(-1));
  return plain;
}

}  // namespace klingv2a
