// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The words of the error type. One table each, so that logs, messages and details structures cannot drift apart.
#include "error.h"

#include <utility>

#include "local_lack.h"
#include "visible_text.h"

namespace klingv2a {

std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::credentials:
      return "credentials";
    case ErrorKind::billing:
      return "billing";
    case ErrorKind::permission:
      return "permission";
    case ErrorKind::input:
      return "input";
    case ErrorKind::content:
      return "content";
    case ErrorKind::busy:
      return "busy";
    case ErrorKind::service:
      return "service";
    case ErrorKind::network:
      return "network";
    case ErrorKind::unknown_outcome:
      return "unknown-outcome";
    case ErrorKind::task_failed:
      return "task-failed";
    case ErrorKind::still_running:
      return "still-running";
    case ErrorKind::result:
      return "result";
    case ErrorKind::disk:
      return "disk";
    case ErrorKind::settings:
      return "settings";
    case ErrorKind::cancelled:
      return "cancelled";
  }
  return "service";
}

std::string_view to_string(Phase phase) noexcept {
  switch (phase) {
    case Phase::check:
      return "check";
    case Phase::hold:
      return "hold";
    case Phase::proxy:
      return "proxy";
    case Phase::publish:
      return "publish";
    case Phase::submit:
      return "submit";
    case Phase::poll:
      return "poll";
    case Phase::download:
      return "download";
    case Phase::decode:
      return "decode";
  }
  return "check";
}

std::string_view to_string(Paid paid) noexcept {
  switch (paid) {
    case Paid::no:
      return "no";
    case Paid::yes:
      return "yes";
    case Paid::maybe:
      return "maybe";
  }
  return "maybe";
}

namespace {

ErrorDetails as_shown(ErrorDetails details) {
  details.message = visible(details.message);
  details.advice = visible(details.advice);
  return details;
}

}  // namespace

Error::Error(ErrorDetails details)
    : std::runtime_error(visible(details.message)), details_(as_shown(std::move(details))) {}

Error make_error(ErrorKind kind, Phase phase, std::string message, std::string advice) {
  ErrorDetails details;
  details.kind = kind;
  details.phase = phase;
  details.message = std::move(message);
  details.advice = std::move(advice);
  return Error(std::move(details));
}

Error as_error(const std::exception& thrown) {
  if (const auto* error = dynamic_cast<const Error*>(&thrown)) return *error;
  if (const auto lack = lack_behind(thrown))
    return make_error(ErrorKind::settings, Phase::check, lack->what, lack->advice);
  return make_error(ErrorKind::service, Phase::check, std::string("internal error: ") + thrown.what());
}

std::string describe(const ErrorDetails& details) {
  std::string text;
  const auto add = [&text](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    if (!text.empty()) text += ' ';
    text.append(name).append("=").append(value);
  };
  add("kind", to_string(details.kind));
  add("phase", to_string(details.phase));
  if (details.http_status != 0) add("http-status", std::to_string(details.http_status));
  add("kling-code", details.kling_code);
  add("request-id", details.request_id);
  add("task-id", details.task_id);
  add("external-task-id", details.external_task_id);
  add("retryable", details.retryable ? "yes" : "no");
  add("paid", to_string(details.paid));
  return text;
}

}  // namespace klingv2a
