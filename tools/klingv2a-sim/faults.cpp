// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faults.h"

#include <json-glib/json-glib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "gobject_ptr.h"

namespace klingv2a::sim {
namespace {

using On = Fault::On;
using Do = Fault::Do;

struct OnName {
  std::string_view name;
  On on;
};
constexpr std::array kOnNames = {OnName{"submit", On::submit}, OnName{"query", On::query},
                                 OnName{"result", On::result}, OnName{"fetch", On::fetch},
                                 OnName{"api", On::api},       OnName{"callback", On::callback}};

// Where each misbehaviour can happen.
struct DoRow {
  std::string_view name;
  Do what;
  bool submit, query, result, fetch, callback = false;
};
constexpr std::array kDoRows = {
    DoRow{"status", Do::status, true, true, true, true},
    DoRow{"error_code", Do::error_code, true, true, false, false},
    DoRow{"reset", Do::reset, true, true, true, true},
    DoRow{"hang", Do::hang, true, true, true, true},
    DoRow{"half_answer", Do::half_answer, true, true, true, false},
    DoRow{"corrupt", Do::corrupt, false, false, true, true},
    DoRow{"truncate", Do::truncate, false, false, true, true},
    DoRow{"html", Do::html, true, true, true, false},
    DoRow{"redirect", Do::redirect, true, true, true, false},
    DoRow{"fail_task", Do::fail_task, true, false, false, false},
    DoRow{"never_finish", Do::never_finish, true, false, false, false},
    DoRow{"missing_result", Do::missing_result, false, true, false, false},
    DoRow{"odd_status", Do::odd_status, false, true, false, false},
    DoRow{"odd_result", Do::odd_result, false, true, false, false},
    DoRow{"packed", Do::packed, true, true, true, false},
    DoRow{"spoiled", Do::spoiled, true, true, false, false},
    DoRow{"cut", Do::cut, true, true, true, false},
    DoRow{"expire", Do::expire, false, false, true, false},
    DoRow{"ignore_range", Do::ignore_range, false, false, true, false},
    DoRow{"changed", Do::changed, false, false, true, false},
    DoRow{"lose", Do::lose, false, false, false, false, true},
    DoRow{"forge", Do::forge, false, false, false, false, true},
    DoRow{"stale", Do::stale, false, false, false, false, true},
    DoRow{"repeat", Do::repeat, false, false, false, false, true},
    DoRow{"oversize", Do::oversize, false, false, false, false, true},
    DoRow{"late", Do::late, false, false, false, false, true},
    DoRow{"early", Do::early, false, false, false, false, true},
};

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("fault: " + what);
}

bool possible(const DoRow& row, On on) {
  switch (on) {
    case On::submit:
      return row.submit;
    case On::query:
      return row.query;
    case On::result:
      return row.result;
    case On::fetch:
      return row.fetch;
    case On::api:
      return row.submit && row.query;
    case On::callback:
      return row.callback;
  }
  return false;
}

On parse_on(std::string_view name) {
  const auto row = std::ranges::find(kOnNames, name, &OnName::name);
  if (row == kOnNames.end()) refuse("unknown kind of request '" + std::string(name) + "'");
  return row->on;
}

Do parse_do(std::string_view name) {
  const auto row = std::ranges::find(kDoRows, name, &DoRow::name);
  if (row == kDoRows.end()) refuse("unknown misbehaviour '" + std::string(name) + "'");
  return row->what;
}

int parse_int(std::string_view name, std::string_view value) {
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size()) refuse(std::string(name) + " takes a whole number");
  return number;
}

bool parse_bool(std::string_view name, std::string_view value) {
  if (value == "yes" || value == "true") return true;
  if (value == "no" || value == "false") return false;
  refuse(std::string(name) + " takes yes or no");
}

void set_field(Fault& fault, std::string_view name, std::string_view value) {
  if (name == "on")
    fault.on = parse_on(value);
  else if (name == "do")
    fault.what = parse_do(value);
  else if (name == "times")
    fault.times = parse_int(name, value);
  else if (name == "http_status")
    fault.http_status = parse_int(name, value);
  else if (name == "code")
    fault.code = value;
  else if (name == "body")
    fault.body = value;
  else if (name == "message")
    fault.message = value;
  else if (name == "location")
    fault.location = value;
  else if (name == "retry_after")
    fault.retry_after = value;
  else if (name == "paid")
    fault.paid = parse_bool(name, value);
  else if (name == "seconds")
    fault.seconds = parse_int(name, value);
  else if (name == "bytes")
    fault.bytes = parse_int(name, value);
  else
    refuse("unknown field '" + std::string(name) + "'");
}

void check(const Fault& fault) {
  const auto row = std::ranges::find(kDoRows, fault.what, &DoRow::what);
  if (!possible(*row, fault.on)) refuse(std::string(row->name) + " cannot happen on this kind of request");
  const bool needs_code = fault.what == Do::error_code || fault.what == Do::odd_result || fault.what == Do::packed ||
                          fault.what == Do::spoiled;
  if (needs_code && fault.code.empty()) refuse(std::string(row->name) + " needs a code");
  if (fault.times == 0 || fault.times < -1) refuse("times is at least 1, or -1 for always");
  if (fault.seconds < 0) refuse("seconds is at least 0");
  if (fault.bytes < -1) refuse("bytes is at least 0, or -1 for half of them");
  if (fault.http_status < 200 || fault.http_status > 599) refuse("http_status is 200 to 599");
}

bool fits(const Fault& fault, const Occasion& occasion) {
  const bool of_the_api = occasion.on == On::submit || occasion.on == On::query;
  if (fault.on != occasion.on && !(fault.on == On::api && of_the_api)) return false;
  if (fault.what == Do::odd_status) return fault.message.empty() ? occasion.has_task : occasion.succeeded;
  if (fault.what == Do::missing_result || fault.what == Do::odd_result) return occasion.succeeded;
  if (fault.what == Do::ignore_range || fault.what == Do::changed) return occasion.has_range;
  return true;
}

// Cuts "name=value" off the front of `rest`; message and body take all of it.
void take_field(Fault& fault, std::string_view& rest) {
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos) refuse("'" + std::string(rest) + "' is not name=value");
  const std::string_view name = rest.substr(0, equals);
  const bool takes_rest = name == "message" || name == "body";
  const std::size_t end = takes_rest ? rest.size() : std::min(rest.find(',', equals), rest.size());
  set_field(fault, name, rest.substr(equals + 1, end - equals - 1));
  rest.remove_prefix(std::min(end + 1, rest.size()));
}

std::string text_of(const char* name, JsonNode* node) {
  if (!JSON_NODE_HOLDS_VALUE(node)) refuse(std::string(name) + " is neither text, number nor yes/no");
  const GType type = json_node_get_value_type(node);
  if (type == G_TYPE_STRING) return json_node_get_string(node);
  if (type == G_TYPE_BOOLEAN) return json_node_get_boolean(node) ? "yes" : "no";
  return std::to_string(json_node_get_int(node));
}

}  // namespace

void FaultQueue::add(Fault fault) {
  check(fault);
  const MutexLocker lock(mutex_);
  faults_.push_back(std::move(fault));
}

void FaultQueue::clear() {
  const MutexLocker lock(mutex_);
  faults_.clear();
}

std::optional<Fault> FaultQueue::take(const Occasion& occasion) {
  const MutexLocker lock(mutex_);
  const auto fault = std::ranges::find_if(faults_, [&](const Fault& each) { return fits(each, occasion); });
  if (fault == faults_.end()) return std::nullopt;
  Fault taken = *fault;
  if (fault->times > 0 && --fault->times == 0) faults_.erase(fault);
  return taken;
}

Fault parse_fault(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) refuse("'" + std::string(text) + "' is not ON:DO[,name=value]");
  const std::size_t comma = std::min(text.find(',', colon), text.size());
  Fault fault;
  fault.on = parse_on(text.substr(0, colon));
  fault.what = parse_do(text.substr(colon + 1, comma - colon - 1));
  for (std::string_view rest = text.substr(std::min(comma + 1, text.size())); !rest.empty();) take_field(fault, rest);
  check(fault);
  return fault;
}

Fault parse_fault_json(const std::string& json) {
  const auto parser = GObjectPtr<JsonParser>::adopt(json_parser_new_immutable());
  if (!json_parser_load_from_data(parser.get(), json.data(), static_cast<gssize>(json.size()), nullptr))
    refuse("not JSON");
  JsonNode* root = json_parser_get_root(parser.get());
  if (!root || !JSON_NODE_HOLDS_OBJECT(root)) refuse("not a JSON object");
  JsonObject* object = json_node_get_object(root);
  if (!json_object_has_member(object, "on") || !json_object_has_member(object, "do")) refuse("it needs on and do");
  Fault fault;
  JsonObjectIter iter;
  const char* name = nullptr;
  JsonNode* value = nullptr;
  json_object_iter_init(&iter, object);
  while (json_object_iter_next(&iter, &name, &value)) set_field(fault, name, text_of(name, value));
  check(fault);
  return fault;
}

}  // namespace klingv2a::sim
