// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Every error the service is known to answer with, as data: what it means on a submit and on a query. This is the one
// place to change "how a 429 is treated".
// Sources: Kling's "General information: error codes" page; CometAPI's error pages; bodies seen in public clients.
#pragma once

#include <span>
#include <string_view>

#include "error.h"
#include "gateway/answer.h"
#include "kling/codec.h"

namespace klingv2a::kling {

using gateway::Action;

enum class Call { submit, query };

struct ErrorRow {
  int http_status;        // as documented; 1-9: each status of that class (4: 4xx); 0: any
  std::string_view code;  // "": any, also none
  ErrorKind kind;
  Action on_submit;
  Action on_query;
  std::string_view meaning;
  std::string_view advice;
  std::string_view message = {};  // the row is for answers whose message is this; a request id may follow. "": any
};

// In order: documented codes, then messages without a code, then statuses, then classes of statuses, then one row for
// all the rest.
[[nodiscard]] std::span<const ErrorRow> error_table() noexcept;
// The row for an answer that is not `ok`; a documented code wins over the HTTP status; there is always one.
[[nodiscard]] const ErrorRow& classify(int http_status, const Envelope& envelope) noexcept;
[[nodiscard]] bool is_known_code(std::string_view code) noexcept;
// True when the service or its gateway speaks, and not something on the way there (a firewall, a login page, a proxy),
// which knows nothing of the account or the task.
[[nodiscard]] bool is_of_the_api(const Envelope& envelope) noexcept;
// What such a stranger's answer to a query means: trouble that passes, whatever its status.
[[nodiscard]] const ErrorRow& strangers_row() noexcept;
[[nodiscard]] inline Action action_of(const ErrorRow& row, Call call) noexcept {
  return call == Call::submit ? row.on_submit : row.on_query;
}

}  // namespace klingv2a::kling
