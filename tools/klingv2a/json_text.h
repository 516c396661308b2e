// SPDX-License-Identifier: LGPL-2.1-or-later
//
// JSON out of plain values and GStreamer's structures. Owned by who makes it; any thread.
#pragma once

#include <gst/gst.h>
#include <json-glib/json-glib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gobject_ptr.h"

namespace klingv2a::cli {

using JsonNodePtr = std::unique_ptr<JsonNode, Deleter<json_node_unref>>;

// One object; its members keep the order in which they were set. What is not UTF-8 in a text (a file's name may hold
// anything) becomes U+FFFD.
class JsonText {
 public:
  JsonText() : object_(json_object_new(), &json_object_unref) {}
  // The same object, not a copy.
  explicit JsonText(JsonObject* object) : object_(json_object_ref(object), &json_object_unref) {}

  JsonText& set(const char* name, const std::string& text);
  JsonText& set(const char* name, const char* text) { return set(name, std::string(text)); }
  JsonText& set(const char* name, std::int64_t number);
  JsonText& set(const char* name, int number) { return set(name, std::int64_t{number}); }
  JsonText& set(const char* name, double number);
  JsonText& set(const char* name, bool value);
  JsonText& set(const char* name, const JsonText& object);
  JsonText& set(const char* name, const std::vector<std::string>& texts);
  JsonText& set(const char* name, const std::vector<JsonText>& objects);
  JsonText& set(const char* name, JsonNodePtr node);
  // Not set at all when it is empty.
  JsonText& set_known(const char* name, const std::string& text) { return text.empty() ? *this : set(name, text); }

  // On one line.
  [[nodiscard]] std::string line() const;
  // For people.
  [[nodiscard]] std::string pretty() const;

 private:
  [[nodiscard]] JsonNodePtr node() const;

  std::shared_ptr<JsonObject> object_;  // shared by copies
};

// Numbers, texts, booleans, enums (their nicks), structures, arrays and lists; anything else as GStreamer writes it.
[[nodiscard]] JsonNodePtr to_json(const GValue* value);
[[nodiscard]] JsonNodePtr to_json(const GstStructure* structure);

// What a text holds: null when it is not JSON.
[[nodiscard]] JsonNodePtr parse_json(const std::string& text);
// A member's text, or its number as text; empty when it is not there.
[[nodiscard]] std::string member_text(JsonObject* object, const char* name);
// The object at a member; null when there is none.
[[nodiscard]] JsonObject* member_object(JsonObject* object, const char* name);
[[nodiscard]] JsonObject* object_of(const JsonNodePtr& node);

}  // namespace klingv2a::cli
