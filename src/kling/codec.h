// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Kling's JSON, in and out, with json-glib. Pure functions; any thread. The readers accept every shape that has been
// seen (old and new field names, the bare task object, three error envelopes, missing and null members) and refuse the
// rest with a message that shows the beginning of the body.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "error.h"
#include "http/client.h"
#include "kling/words.h"

namespace klingv2a::kling {

// The body of the submit.
[[nodiscard]] std::string encode(const SubmitRequest& request);

// Throws Error{settings|input} for a prompt that no task can have: invalid UTF-8, control characters and line breaks,
// more than 200 UTF-16 units. `name`: what the message calls it.
void check_prompt(const std::string& name, const std::string& prompt);

// Throws Error{settings|input} when the request breaks a rule that is known before it is sent: both or neither source,
// a prompt that no task can have, invalid UTF-8, a URL that is not http(s). Never cuts a prompt.
void validate(const SubmitRequest& request);

// What an answer turned out to be: a task, or an error envelope in one of its three shapes, or neither.
struct Envelope {
  bool ok = false;      // HTTP 2xx and code 0 (as number or string), or a task and nothing that denies it
  std::string code;     // "1102", "invalid_request"; empty: none
  std::string type;     // CometAPI's error.type
  std::string message;  // never empty when !ok; for non-JSON bodies: their beginning
  std::string request_id;
  bool is_json = false;
};
// 0, and what HTTP calls a success, which some gateways put there.
[[nodiscard]] bool is_success_code(const std::string& code) noexcept;
[[nodiscard]] Envelope read_envelope(int http_status, std::string_view body);

// The task in `data`, or in the body itself (callback shape). Throws Error{service} for anything else.
[[nodiscard]] Task read_task(std::string_view body);

// The tasks in `data`, an array, or in an array `list` or `tasks` inside it. Throws Error{service} when there is none,
// or when anything in it is no task with a task_id: what cannot be read may be the one that is looked for.
[[nodiscard]] std::vector<Task> read_task_list(std::string_view body);

}  // namespace klingv2a::kling
