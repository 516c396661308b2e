// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What came of one video: plain values, for the result line, the report and the exit code.
#pragma once

#include <string>
#include <vector>

#include "error.h"

namespace klingv2a::cli {

struct TaskSeen {
  std::string task_id, external_task_id, status, message;
};

// What an ERROR or a WARNING says, as far as its details go.
struct Trouble {
  std::string kind;  // as error.h has it; "other" where nothing says
  std::string phase, text, advice, kling_code, request_id, task_id, external_task_id;
  std::string paid = "no";
  int http_status = 0;
  bool retryable = false;
  [[nodiscard]] bool is_none() const { return kind.empty(); }
};

// Of a PROGRESS.
struct ProgressSeen {
  unsigned clip = 0;  // 0: of no clip
  int percent = 0;
  std::string text;
  bool has_ended = false;      // nothing more comes of it
  bool is_broken_off = false;  // cancelled, or ended by an error: its percentage says nothing
};

// How far the clips of a long video are.
struct RowSeen {
  unsigned done = 0, planned = 0, paid = 0;  // clips; those that are known; tasks paid for now
  double seconds = 0;                        // of the video, that are done
  bool is_complete = false;                  // no more clips will be known
};

struct Outcome {
  Trouble error;  // none: done
  std::vector<Trouble> warnings;
  std::vector<std::string> lost;   // what the output's container cannot carry
  std::vector<std::string> infos;  // what was conformed, what a dry run has found
  std::vector<TaskSeen> tasks;     // in the order in which they were first seen

  [[nodiscard]] bool ok() const { return error.is_none(); }
};

// In the words of who types commands (option_words.h).
[[nodiscard]] Trouble to_trouble(const Error& error);

}  // namespace klingv2a::cli
