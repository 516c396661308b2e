// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The report that stands beside an output, and says what that output is: by its hash, so that it is never taken for
// another one's. It is written before the output gets its name, under a hidden name, and gets its own name after that:
// whenever the process is killed, either the report or what would become of it tells whose output lies there. For the
// holder of the output's lock only (work_lock.h).
#pragma once

#include <string>

#include "file_job.h"

namespace klingv2a::cli {

class PendingReport {
 public:
  // Throws Error{disk}.
  PendingReport(std::string report_file, const std::string& content);
  ~PendingReport();  // what has no name by then is removed
  PendingReport(const PendingReport&) = delete;
  PendingReport& operator=(const PendingReport&) = delete;

  // Under its name, in place of an older one. Throws Error{disk}.
  void place();

 private:
  const std::string report_file_, pending_;
  bool placed_ = false;
};

// After a run that was killed: what would have become the report does so, if it says what the output is that lies
// there.
void place_report_left_behind(const FileJob& job);

// A report that says that the output, as it lies there, is this job's result.
[[nodiscard]] bool is_done_before(const FileJob& job);

}  // namespace klingv2a::cli
