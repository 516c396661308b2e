// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One line of a manifest: exactly one JSON object by RFC 8259, of plain values. json-glib reads more than that (a
// second value, comments, `var x = …`, single quotes) and says nothing: a video would be missing. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace klingv2a::cli {

struct JsonMember {
  enum class Kind { text, number, boolean, other };  // other: null, an array, an object
  std::string name;
  Kind kind = Kind::other;
  std::string value;  // a number as it is written, "true", "false"; empty for `other`
};

// In the order in which they stand. Throws UsageError for everything else, also for a name that stands twice.
[[nodiscard]] std::vector<JsonMember> read_json_line(std::string_view line);

// The lines of a text, by any of the line ends LF, CR LF and CR, which are not in them.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace klingv2a::cli
