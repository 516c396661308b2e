// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kling/markup.h"

#include <glib.h>

#include <array>

namespace klingv2a::kling {

namespace {

constexpr std::size_t kMostRead = 64 * 1024;

bool begins_with(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && g_ascii_strncasecmp(text.data(), word.data(), word.size()) == 0;
}

std::size_t find_any_case(std::string_view text, std::string_view word) {
  for (std::size_t at = 0; at + word.size() <= text.size(); ++at)
    if (begins_with(text.substr(at), word)) return at;
  return std::string_view::npos;
}

// Through the end of `word`; all of the text where it is cut off before.
std::size_t through(std::string_view text, std::string_view word) {
  const std::size_t at = find_any_case(text, word);
  return at == std::string_view::npos ? text.size() : at + word.size();
}

bool may_begin_tag(std::string_view text) {
  return text.size() > 1 && (g_ascii_isalpha(text[1]) || text[1] == '/' || text[1] == '!' || text[1] == '?');
}

// How much of the text is a tag that it begins with, and what belongs to that. 0: it begins with none. A page may be
// cut off within one; elsewhere a tag without an end is none.
std::size_t markup_at(std::string_view text, bool is_page) {
  if (!may_begin_tag(text)) return 0;
  if (begins_with(text, "<!--")) return through(text, "-->");
  if (begins_with(text, "<script")) return through(text, "</script>");
  if (begins_with(text, "<style")) return through(text, "</style>");
  const std::size_t end = text.find('>');
  if (end == std::string_view::npos) return is_page ? text.size() : 0;
  return end + 1;
}

struct Entity {
  std::string_view name, text;
};

// The few that error pages use. 0: it is none of them.
std::size_t add_entity(std::string_view text, std::string& words) {
  constexpr std::array kEntities{Entity{"&amp;", "&"},   Entity{"&lt;", "<"},   Entity{"&gt;", ">"},
                                 Entity{"&quot;", "\""}, Entity{"&#39;", "'"},  Entity{"&#039;", "'"},
                                 Entity{"&nbsp;", " "},  Entity{"&apos;", "'"}, Entity{"&hellip;", "…"}};
  for (const Entity& entity : kEntities) {
    if (!begins_with(text, entity.name)) continue;
    words += entity.text;
    return entity.name.size();
  }
  return 0;
}

}  // namespace

std::string without_markup(std::string_view text) {
  text = text.substr(0, kMostRead);
  const bool is_page = text.substr(0, text.find_first_not_of(" \t\r\n") + 1).ends_with('<');
  const bool has_tags = find_any_case(text, "</") != std::string_view::npos || is_page;
  std::string words;
  while (!text.empty()) {
    std::size_t skipped = text.front() == '<' ? markup_at(text, is_page) : 0;
    if (skipped > 0) words += ' ';
    if (text.front() == '&' && has_tags) skipped = add_entity(text, words);
    if (skipped == 0) words += text[skipped++];
    text.remove_prefix(skipped);
  }
  return words;
}

}  // namespace klingv2a::kling
