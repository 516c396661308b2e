// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See stray_task_id.h. Nothing is cached, no lock. The patterns have no nested repetition, so that no text makes them
// slow.
#include "kling/stray_task_id.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <memory>

#include "gobject_ptr.h"
#include "kling/codec.h"
#include "kling/error_table.h"
#include "kling/json.h"

namespace klingv2a::kling {
namespace {

using RegexPtr = std::unique_ptr<GRegex, Deleter<g_regex_unref>>;
using MatchPtr = std::unique_ptr<GMatchInfo, Deleter<g_match_info_unref>>;

// Between a name and its value, in JSON, in JSON within a text, in XML, with single quotes or none.
constexpr const char* kBetween = R"([\\"']*+\s*+[:=>]\s*+[\\"']*+)";
// What ends a value: a text that was cut has none.
constexpr const char* kEnd = R"((?=[\\]*+["']|[\s,;}\]<&)]))";

// Calls `see` with the first group of each match, until it returns false.
template <typename See>
void each_match(std::string_view text, const std::string& pattern, const See& see) {
  const RegexPtr regex(g_regex_new(pattern.c_str(), G_REGEX_CASELESS, static_cast<GRegexMatchFlags>(0), nullptr));
  if (!regex || text.empty() || !g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr)) return;
  GMatchInfo* raw_match = nullptr;
  g_regex_match_full(regex.get(), text.data(), static_cast<gssize>(text.size()), 0, static_cast<GRegexMatchFlags>(0),
                     &raw_match, nullptr);
  const MatchPtr match(raw_match);
  while (g_match_info_matches(match.get())) {
    const GCharPtr value(g_match_info_fetch(match.get(), 1));
    if (!see(std::string(value ? value.get() : "")) || !g_match_info_next(match.get(), nullptr)) return;
  }
}

bool is_no_id(const std::string& value) {
  constexpr std::array<std::string_view, 6> kNothing{"null", "none", "nil", "undefined", "true", "false"};
  const GCharPtr lower(g_ascii_strdown(value.c_str(), -1));
  if (std::ranges::find(kNothing, std::string_view(lower.get())) != kNothing.end()) return true;
  if (value.find_first_not_of('0') == std::string::npos) return true;
  // 8.6e17 and the like: the last digits are lost.
  const std::size_t exponent = value.find_first_not_of("0123456789");
  return exponent == 1 && (value[exponent] == 'e' || value[exponent] == 'E') &&
         value.find_first_not_of("0123456789", exponent + 1) == std::string::npos;
}

// An id given as nothing but a text: long, and with digits, which no word of success has.
bool looks_like_an_id(const std::string& value) {
  constexpr std::size_t kShortest = 8;
  return value.size() >= kShortest && std::ranges::any_of(value, [](char c) { return g_ascii_isdigit(c); });
}

bool is_page(std::string_view text) {
  const GCharPtr lower(g_ascii_strdown(std::string(text).c_str(), -1));
  const std::string_view page(lower.get());
  return page.find("<html") != page.npos || page.find("<!doctype") != page.npos;
}

// Some gateways answer {"code":"success","data":"THE ID"}.
std::optional<std::string> bare_id(std::string_view text) {
  const std::optional<JsonDocument> document = JsonDocument::parse(text);
  const std::string data = document ? text_member(document->root(), "data") : std::string();
  const auto is_part = [](char c) { return g_ascii_isalnum(c) || c == '-' || c == '_'; };
  if (!looks_like_an_id(data) || !std::ranges::all_of(data, is_part)) return std::nullopt;
  return data;
}

}  // namespace

std::optional<std::string> task_id_in(std::string_view text) {
  std::optional<std::string> id;
  bool is_only = true;
  const auto see = [&](const std::string& value) {
    if (is_no_id(value)) return true;
    is_only = !id || *id == value;
    id = value;
    return is_only;
  };
  each_match(text, std::string(R"((?<![\w/-])task_?id)") + kBetween + R"((\w[\w-]{0,127}+))" + kEnd, see);
  if (id && is_page(text) && !looks_like_an_id(*id)) return std::nullopt;
  if (!id) return bare_id(text);
  return is_only ? id : std::nullopt;
}

bool says_refused(std::string_view text) {
  bool refused = false;
  const auto see_code = [&](const std::string& code) {
    const bool is_number = g_ascii_isdigit(code[0]) || code[0] == '-';
    refused = !is_success_code(code) && (is_number || is_known_code(code));
    return !refused;
  };
  const auto see = [&](const std::string&) {
    refused = true;
    return false;
  };
  each_match(text, std::string(R"((?<![\w-])code)") + kBetween + R"((-?+\w++))", see_code);
  constexpr const char* kNothing = R"((?!null|false|none|0\b|[,}\]]|\{\s*+\}|\[\s*+\]))";
  if (!refused)
    each_match(text, std::string(R"((?<![\w-])errors?+[\\"']*+\s*+[:=]\s*+)") + R"((?!\\*""|''))" + kNothing, see);
  if (!refused) each_match(text, std::string(R"((?<![\w-])success)") + kBetween + "(false|0)\\b", see);
  return refused;
}

}  // namespace klingv2a::kling
