// SPDX-License-Identifier: LGPL-2.1-or-later
#include "visible_text.h"

#include "gobject_ptr.h"

namespace klingv2a {

bool is_unseen(gunichar character) noexcept {
  constexpr gunichar kNonJoiner = 0x200C, kJoiner = 0x200D;
  if (character == kNonJoiner || character == kJoiner) return false;
  switch (g_unichar_type(character)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return true;
    default:
      return false;
  }
}

std::string number_of(gunichar character) {
  const GCharPtr text(g_strdup_printf("<U+%04X>", character));
  return text.get();
}

std::string visible(std::string_view text) {
  if (text.empty()) return {};
  const GCharPtr valid(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  std::string shown;
  for (const char* at = valid.get(); *at; at = g_utf8_next_char(at)) {
    const gunichar character = g_utf8_get_char(at);
    if (is_unseen(character) && character != '\n')
      shown += number_of(character);
    else
      shown.append(at, static_cast<std::size_t>(g_utf8_next_char(at) - at));
  }
  return shown;
}

}  // namespace klingv2a
