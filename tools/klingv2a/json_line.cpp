// SPDX-License-Identifier: LGPL-2.1-or-later
#include "json_line.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "exit_code.h"
#include "human_text.h"

namespace klingv2a::cli {

namespace {

using Json = nlohmann::json;
using Kind = JsonMember::Kind;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// What the parser meets, from left to right. Nothing is built of what lies deeper than a member: its depth costs
// nothing. The names of the functions, and what they return (to go on), are the library's.
class Reader : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return take(Kind::other, {}); }
  bool boolean(bool value) override { return take(Kind::boolean, value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return take(Kind::number, std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return take(Kind::number, std::to_string(value)); }
  bool number_float(number_float_t, const string_t& as_written) override { return take(Kind::number, as_written); }
  bool string(string_t& value) override { return take(Kind::text, value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return begin(true); }
  bool start_array(std::size_t) override { return begin(false); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool key(string_t& name) override {
    if (depth_ > 1) return true;
    if (std::ranges::find(members_, name, &JsonMember::name) != members_.end())
      throw UsageError("\"" + shortened(name, kColumns) + "\" stands twice");
    members_.push_back({.name = name});
    return true;
  }
  bool parse_error(std::size_t column, const std::string& token, const nlohmann::detail::exception& error) override {
    constexpr int kNumberOverflow = 406;
    if (error.id == kNumberOverflow) throw UsageError("a number is too large: " + shortened(token, kColumns));
    if (is_complete_) throw UsageError("there is something behind the JSON object: one object a line");
    if (std::string_view(error.what()).find("end of input") != std::string_view::npos)
      throw UsageError("the JSON object has no end in this line");
    throw UsageError("this is no JSON object: wrong in column " + std::to_string(column) +
                     (token.empty() ? "" : ", at " + shortened(token, kColumns)));
  }

  std::vector<JsonMember> take_members() { return std::move(members_); }

 private:
  static constexpr std::size_t kColumns = 40;

  bool take(Kind kind, const std::string& value) {
    if (depth_ == 0) throw UsageError("this is no JSON object");
    if (value.find('\0') != std::string::npos) throw UsageError("a text holds a zero byte");
    if (depth_ == 1) members_.back() = {members_.back().name, kind, value};
    return true;
  }
  bool begin(bool is_object) {
    if (depth_ == 0 && !is_object) throw UsageError("this is no JSON object");
    ++depth_;
    return true;
  }
  bool end() {
    is_complete_ = --depth_ == 0;
    return true;
  }

  std::vector<JsonMember> members_;
  std::size_t depth_ = 0;
  bool is_complete_ = false;  // what comes now is behind the object
};

}  // namespace

std::vector<JsonMember> read_json_line(std::string_view line) {
  if (line.starts_with(kByteOrderMark))
    throw UsageError("a byte order mark is no JSON: save the file as UTF-8 without one");
  // The library takes one for the end of what it reads.
  if (line.find('\0') != std::string_view::npos) throw UsageError("a zero byte is no JSON");
  Reader reader;
  if (!Json::sax_parse(line, &reader, Json::input_format_t::json, true)) throw UsageError("this is no JSON object");
  return reader.take_members();
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  return lines;
}

}  // namespace klingv2a::cli
