// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reading JSON that strangers wrote. json-glib takes more than JSON (comments, single quotes) and follows nesting with
// its stack until that ends, so the text is looked at before it is parsed; and fixed where it is spoiled
// (answer_text.h). The readers below give "nothing" for a
// member that is missing, null or of the wrong type. Pure functions over values; any thread.
#pragma once

#include <json-glib/json-glib.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gobject_ptr.h"

namespace klingv2a::kling {

// A parsed text whose root is an object. The nodes live as long as this does.
class JsonDocument {
 public:
  // Nothing when the text is not JSON, nests too deeply, or is no object. Rubbish before and behind the API's own
  // object is passed over.
  [[nodiscard]] static std::optional<JsonDocument> parse(std::string_view text);
  [[nodiscard]] JsonObject* root() const noexcept { return root_; }

 private:
  [[nodiscard]] static std::optional<JsonDocument> parse_exactly(std::string_view text);

  explicit JsonDocument(GObjectPtr<JsonParser> parser, JsonObject* root) : parser_(std::move(parser)), root_(root) {}

  GObjectPtr<JsonParser> parser_;
  JsonObject* root_;
};

// `object` may be null in all of these.
[[nodiscard]] JsonNode* member(JsonObject* object, const char* name);
[[nodiscard]] JsonObject* object_member(JsonObject* object, const char* name);
[[nodiscard]] JsonArray* array_member(JsonObject* object, const char* name);
[[nodiscard]] bool has_value(JsonObject* object, const char* name);  // present and not null
// A string, or a whole number in decimal; empty for anything else.
[[nodiscard]] std::string text_member(JsonObject* object, const char* name);
// Likewise, and a fraction too: for what is only shown.
[[nodiscard]] std::string number_text(JsonObject* object, const char* name);
// A number, or a string that is one; finite.
[[nodiscard]] std::optional<double> number_member(JsonObject* object, const char* name);
[[nodiscard]] std::int64_t integer_member(JsonObject* object, const char* name);  // likewise; 0: nothing

// --- texts that strangers wrote ---

// Made fit for a log: valid UTF-8, no control characters, spaces run together, at most `length` characters.
[[nodiscard]] std::string printable(std::string_view given, std::size_t length = 300);

}  // namespace klingv2a::kling
