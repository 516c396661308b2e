// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The one error type of the project. Every failure below the element is thrown as klingv2a::Error. It says what
// happened, what it cost and what to do. Plain values; any thread may copy them.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace klingv2a {

// What sort of failure it is: decides the GStreamer error code and, later, the exit code of the tool.
enum class ErrorKind {
  credentials,      // key missing or refused
  billing,          // out of credit
  permission,       // the account may not use this
  input,            // the service or our own limits refuse the clip or a parameter
  content,          // content policy
  busy,             // rate or concurrency limit
  service,          // trouble on the service's side; nothing was created
  network,          // the service or the publish target cannot be reached
  unknown_outcome,  // the POST was sent; whether a task exists (and is paid) is not known
  task_failed,      // the task ended as `failed`
  still_running,    // the time-out passed; the paid task goes on at the service
  result,           // the result is missing, no sound, too large or corrupt
  disk,             // local storage
  settings,         // a property is missing or wrong, or the pipeline is linked wrongly
  cancelled,        // a state change or flush ended the cycle
};

// Where in the cycle it happened.
enum class Phase { check, hold, proxy, publish, submit, poll, download, decode };

// What is known of the money. `maybe` only after an ambiguous submit.
enum class Paid { no, yes, maybe };

// The words that logs, messages and details structures use: "unknown-outcome", "submit", "maybe" ….
[[nodiscard]] std::string_view to_string(ErrorKind kind) noexcept;
[[nodiscard]] std::string_view to_string(Phase phase) noexcept;
[[nodiscard]] std::string_view to_string(Paid paid) noexcept;

struct ErrorDetails {
  ErrorKind kind = ErrorKind::service;
  Phase phase = Phase::check;
  Paid paid = Paid::no;
  bool retryable = false;               // the same call may succeed later without any change
  int http_status = 0;                  // 0: no HTTP answer
  std::string kling_code;               // "1102", "insufficient_user_quota" …; empty: none
  std::string request_id;               // the service's; empty: none
  std::string task_id;                  // empty: none known
  std::string external_task_id;         // empty: none was sent
  std::optional<double> retry_after_s;  // Retry-After, seconds from its receipt; either form of the header
  // One sentence each, without a secret or a URL's query: what happened; the one thing to do (may be empty). An Error
  // shows unseen characters in them by their numbers.
  std::string message;
  std::string advice;
};

class Error : public std::runtime_error {
 public:
  explicit Error(ErrorDetails details);

  [[nodiscard]] const ErrorDetails& details() const noexcept { return details_; }
  [[nodiscard]] ErrorKind kind() const noexcept { return details_.kind; }

 private:
  ErrorDetails details_;  // what() is details_.message
};

// Short form for the frequent case.
[[nodiscard]] Error make_error(ErrorKind kind, Phase phase, std::string message, std::string advice = {});

// What was thrown, if it is an Error. A lack of memory, threads or open files is `settings`. Everything else becomes
// one of our own faults, `service`, of which nothing is known but its words. Reported wherever an exception ends: what
// it cost is to be added by who knows it.
[[nodiscard]] Error as_error(const std::exception& thrown);

// "kind=billing phase=submit http-status=429 … paid=no": the fields that are known, for the debug string of a message.
[[nodiscard]] std::string describe(const ErrorDetails& details);

}  // namespace klingv2a
