// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See answer_text.h. No state, no lock.
#include "kling/answer_text.h"

#include <glib.h>

#include <algorithm>
#include <optional>

#include "gobject_ptr.h"

namespace klingv2a::kling {
namespace {

// The API's own answers nest five deep.
constexpr int kMaxDepth = 64;
// Of objects that may be one; each costs a walk over the rest of the text.
constexpr int kMostObjects = 64;
constexpr std::string_view kReplacement = "\\ufffd";

// Walks over a text once: is it made of JSON's own characters, and how deep does it nest?
class Scan {
 public:
  [[nodiscard]] bool take(char c) { return in_string_ ? take_in_string(c) : take_outside(c); }
  [[nodiscard]] bool is_whole() const { return !in_string_ && depth_ == 0; }

 private:
  bool take_in_string(char c) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
    }
    return true;
  }

  bool take_outside(char c) {
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      return ++depth_ <= kMaxDepth;
    } else if (c == '}' || c == ']') {
      return --depth_ >= 0;
    } else {
      constexpr std::string_view kOthers = " \t\r\n:,.+-0123456789truefalsenullE";
      return kOthers.find(c) != std::string_view::npos;
    }
    return true;
  }

  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

enum class Extent { whole, open, broken };

// The object that `text` begins with, and how long it is.
Extent measure(std::string_view text, std::size_t& size) {
  Scan scan;
  for (size = 0; size < text.size();) {
    if (!scan.take(text[size++])) return Extent::broken;
    if (scan.is_whole()) return Extent::whole;
  }
  return Extent::open;
}

// An element of an array, or a member, has lost what it belongs to.
bool stands_alone(std::string_view before, std::string_view behind) {
  constexpr const char* kBlank = " \t\r\n";
  const std::size_t last = before.find_last_not_of(kBlank);
  const std::size_t first = behind.find_first_not_of(kBlank);
  const bool is_inside = last != std::string_view::npos && (before[last] == '[' || before[last] == ':');
  const bool is_followed = first != std::string_view::npos && (behind[first] == ',' || behind[first] == ']');
  return !is_inside && !is_followed;
}

// --- charsets ---

std::string from_utf16(std::string_view bytes, bool big_endian) {
  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<gunichar>(big_endian ? first << 8U | second : second << 8U | first);
  };
  std::string text;
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    gunichar c = unit(at);
    const bool leads = c >= 0xd800 && c < 0xdc00 && at + 3 < bytes.size();
    if (leads && unit(at + 2) >= 0xdc00 && unit(at + 2) < 0xe000) {
      c = 0x10000 + ((c - 0xd800) << 10U) + (unit(at + 2) - 0xdc00);
      at += 2;
    }
    char buffer[6];
    const bool valid = c != 0 && g_unichar_validate(c);
    text.append(buffer, static_cast<std::size_t>(g_unichar_to_utf8(valid ? c : 0xfffd, buffer)));
  }
  return text;
}

// By its byte order mark, or because each character of JSON's own has a zero beside it.
std::optional<std::string> read_utf16(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  if (bytes.starts_with("\xff\xfe")) return from_utf16(bytes.substr(2), false);
  if (bytes.starts_with("\xfe\xff")) return from_utf16(bytes.substr(2), true);
  if (bytes[0] == '\0' && bytes[1] != '\0') return from_utf16(bytes, true);
  if (bytes[0] != '\0' && bytes[1] == '\0') return from_utf16(bytes, false);
  return std::nullopt;
}

// "iso-8859-1" of "application/json; charset=ISO-8859-1"; empty: none, or nothing that a charset is called.
std::string charset_of(std::string_view content_type) {
  constexpr std::string_view kMark = "charset=";
  const GCharPtr lower(g_ascii_strdown(std::string(content_type).c_str(), -1));
  std::string_view text = lower.get();
  const std::size_t mark = text.find(kMark);
  if (mark == std::string_view::npos) return {};
  text.remove_prefix(mark + kMark.size());
  if (text.starts_with('"')) text.remove_prefix(1);
  const auto is_part = [](char c) { return g_ascii_isalnum(c) || c == '-' || c == '_'; };
  return {text.begin(), std::ranges::find_if_not(text, is_part)};
}

std::optional<std::string> converted(std::string_view bytes, const std::string& charset) {
  constexpr std::size_t kLongestName = 32;
  if (charset.empty() || charset.size() > kLongestName) return std::nullopt;
  gsize size = 0;
  const GCharPtr text(
      g_convert(bytes.data(), static_cast<gssize>(bytes.size()), "UTF-8", charset.c_str(), nullptr, &size, nullptr));
  if (!text || !g_utf8_validate(text.get(), static_cast<gssize>(size), nullptr)) return std::nullopt;
  return std::string(text.get(), size);
}

// --- escapes ---

// The number in "\u1234", which `text` begins with.
std::optional<unsigned> unit_of(std::string_view text) {
  constexpr std::size_t kLength = 6;
  if (text.size() < kLength || !text.starts_with("\\u")) return std::nullopt;
  unsigned unit = 0;
  for (const char digit : text.substr(2, 4)) {
    if (!g_ascii_isxdigit(digit)) return std::nullopt;
    unit = unit * 16 + static_cast<unsigned>(g_ascii_xdigit_value(digit));
  }
  return unit;
}

bool is_high(std::optional<unsigned> unit) {
  return unit && *unit >= 0xd800 && *unit < 0xdc00;
}

bool is_low(std::optional<unsigned> unit) {
  return unit && *unit >= 0xdc00 && *unit < 0xe000;
}

// Adds the escape that `text` begins with; returns how much of the text it was.
std::size_t add_unicode_escape(std::string& json, std::string_view text) {
  constexpr std::size_t kLength = 6;
  const std::optional<unsigned> unit = unit_of(text);
  if (is_high(unit) && is_low(unit_of(text.substr(kLength)))) {
    json += text.substr(0, 2 * kLength);
    return 2 * kLength;
  }
  const bool is_sound = unit && *unit != 0 && !is_high(unit) && !is_low(unit);
  json += is_sound ? text.substr(0, kLength) : kReplacement;
  return unit ? kLength : 2;
}

std::size_t add_escape(std::string& json, std::string_view text) {
  if (text.size() < 2) return 1;
  if (text[1] == 'u') return add_unicode_escape(json, text);
  const bool is_known = std::string_view("\"\\/bfnrt").find(text[1]) != std::string_view::npos;
  json += is_known ? text.substr(0, 2) : "\\\\";
  return is_known ? 2 : 1;
}

std::size_t add_in_string(std::string& json, std::string_view text) {
  if (text.front() == '\\') return add_escape(json, text);
  const auto c = static_cast<unsigned char>(text.front());
  if (c < 0x20) {
    const GCharPtr escape(g_strdup_printf("\\u%04x", static_cast<unsigned>(c)));
    json += escape.get();
  } else {
    json += text.front();
  }
  return 1;
}

}  // namespace

std::string answer_text(std::string_view bytes, std::string_view content_type) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  std::optional<std::string> text = read_utf16(bytes);
  if (text) bytes = *text;
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  if (bytes.empty()) return {};
  const auto size = static_cast<gssize>(bytes.size());
  if (g_utf8_validate(bytes.data(), size, nullptr)) return std::string(bytes);
  if (std::optional<std::string> other = converted(bytes, charset_of(content_type))) return *other;
  return GCharPtr(g_utf8_make_valid(bytes.data(), size)).get();
}

bool may_be_json(std::string_view text) {
  Scan scan;
  return !text.empty() && std::ranges::all_of(text, [&scan](char c) { return scan.take(c); }) && scan.is_whole();
}

std::string with_sound_escapes(std::string_view json) {
  std::string result;
  result.reserve(json.size());
  bool in_string = false;
  while (!json.empty()) {
    const bool is_quote = json.front() == '"';
    if (is_quote) in_string = !in_string;
    std::size_t taken = 1;
    if (in_string && !is_quote)
      taken = add_in_string(result, json);
    else
      result += json.front();
    json.remove_prefix(taken);
  }
  return result;
}

std::vector<std::string_view> json_objects_in(std::string_view text) {
  std::vector<std::string_view> objects;
  std::size_t at = text.find('{');
  for (int tries = 0; at != std::string_view::npos && tries < kMostObjects; ++tries) {
    std::size_t size = 0;
    const Extent extent = measure(text.substr(at), size);
    if (extent == Extent::open) break;
    if (extent == Extent::broken) size = 1;
    if (extent == Extent::whole && stands_alone(text.substr(0, at), text.substr(at + size)))
      objects.push_back(text.substr(at, size));
    at = text.find('{', at + size);
  }
  return objects;
}

}  // namespace klingv2a::kling
