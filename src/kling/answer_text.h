// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The bytes of an answer as text, and the JSON in it. A paid task may hang on an answer that a gateway, a proxy or a
// script has spoiled: another charset, bytes that belong to none, warnings before it, rubbish behind it. What can be
// read without a guess is read. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace klingv2a::kling {

// Valid UTF-8 whatever came, without a byte order mark: UTF-16 is known by its bytes, another charset by
// `content_type`; a byte that is still wrong becomes U+FFFD.
[[nodiscard]] std::string answer_text(std::string_view bytes, std::string_view content_type);

// True for what json-glib may be given: made of JSON's own characters, all brackets closed, nested not too deeply.
[[nodiscard]] bool may_be_json(std::string_view text);

// `json` with escapes that every parser takes: what stands for no character (\u0000, half a surrogate pair) becomes
// U+FFFD, a control character its escape, a backslash before nothing special itself.
[[nodiscard]] std::string with_sound_escapes(std::string_view json);

// The whole objects in a text that is not JSON from end to end, in their order. Nothing that lies inside another
// object or array, not even when that one was cut.
[[nodiscard]] std::vector<std::string_view> json_objects_in(std::string_view text);

}  // namespace klingv2a::kling
