// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The answers' JSON, in CometAPI's words or Kling's own, and the error table as this judge reads it.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "answer.h"
#include "ledger.h"
#include "service.h"

namespace klingv2a::sim {

// What the answers depend on besides the task.
struct Dialect {
  Provider provider = Provider::cometapi;
  Naming naming = Naming::old_names;
  std::string host_url;  // http://127.0.0.1:PORT, the beginning of the results' URLs
};

// How a task is shown; a fault may bend it.
struct View {
  std::string status;         // instead of the task's own; empty: its own
  bool hide_results = false;  // `succeed` with an empty task_result
  std::string shape;          // of the result, as Fault::Do::odd_result has it; empty: the API's own
};

[[nodiscard]] Answer accepted_answer(const Dialect& dialect, const SimTask& task);
[[nodiscard]] Answer task_answer(const Dialect& dialect, const SimTask& task, const View& view = {});
[[nodiscard]] Answer list_answer(const Dialect& dialect, const std::vector<SimTask>& tasks);

// What a callback says: the bare task without its results; by the new names the new standard's object.
[[nodiscard]] std::string callback_body(const Dialect& dialect, const SimTask& task);

// An error with its HTTP status from the table (unknown codes: 400). In CometAPI's dialect credentials (1000-1004) come
// without a code, as they do there.
[[nodiscard]] Answer error_answer(const Dialect& dialect, const std::string& code, const std::string& message,
                                  const std::string& param = {});
// The meaning of a code, for faults that name no message of their own.
[[nodiscard]] std::string meaning_of(const std::string& code);

[[nodiscard]] Answer text_answer(int status, const std::string& text);
[[nodiscard]] Answer html_answer(int status, const std::string& title);

}  // namespace klingv2a::sim
