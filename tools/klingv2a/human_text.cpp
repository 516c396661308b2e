// SPDX-License-Identifier: LGPL-2.1-or-later
#include "human_text.h"

#include <glib.h>

#include <algorithm>
#include <array>

#include "gobject_ptr.h"

namespace klingv2a::cli {

namespace {

std::string padded(std::int64_t number, std::size_t width, char with) {
  std::string text = std::to_string(number);
  return text.size() < width ? std::string(width - text.size(), with) + text : text;
}

std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(g_utf8_strlen(text.c_str(), -1));
}

}  // namespace

std::string percent_text(int percent) {
  constexpr std::size_t kWidth = 3;
  return padded(percent, kWidth, ' ') + " %";
}

std::string duration_text(std::int64_t seconds) {
  constexpr std::int64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
  if (seconds < kMinute) return std::to_string(seconds) + " s";
  if (seconds < kHour) return std::to_string(seconds / kMinute) + " min " + padded(seconds % kMinute, 2, '0') + " s";
  if (seconds < kDay)
    return std::to_string(seconds / kHour) + " h " + padded(seconds % kHour / kMinute, 2, '0') + " min";
  return std::to_string(seconds / kDay) + " d";
}

std::string number_text(double number, int digits) {
  std::array<char, 64> text{};
  const std::string format = "%." + std::to_string(digits) + "f";
  return g_ascii_formatd(text.data(), text.size(), format.c_str(), number);
}

std::string money_text(double usd) {
  return number_text(usd, 3) + " USD";
}

std::string shortened(const std::string& text, std::size_t columns) {
  const GCharPtr valid(g_utf8_make_valid(text.c_str(), static_cast<gssize>(text.size())));
  std::string clean;
  std::size_t used = 0;
  for (const char* at = valid.get(); *at; at = g_utf8_next_char(at)) {
    const gunichar character = g_utf8_get_char(at);
    if (g_unichar_iscntrl(character)) continue;
    if (++used > columns) break;
    clean.append(at, static_cast<std::size_t>(g_utf8_next_char(at) - at));
  }
  if (used <= columns || columns == 0) return clean;
  const char* last = g_utf8_find_prev_char(clean.c_str(), clean.c_str() + clean.size());
  return clean.substr(0, static_cast<std::size_t>(last - clean.c_str())) + "…";
}

std::string cut_at_character(const std::string& text, std::size_t bytes) {
  constexpr unsigned char kContinues = 0x80, kMask = 0xC0;
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & kMask) == kContinues) --bytes;
  return text.substr(0, bytes);
}

std::string table(std::vector<std::vector<std::string>> rows) {
  std::vector<std::size_t> widths;
  for (auto& row : rows) {
    for (std::string& cell : row) cell = GCharPtr(g_utf8_make_valid(cell.c_str(), -1)).get();
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text += std::string(widths[i] - columns_of(row[i]) + 2, ' ');
    }
    text += "\n";
  }
  return text;
}

}  // namespace klingv2a::cli
