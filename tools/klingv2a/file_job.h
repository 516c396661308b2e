// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One video from its file to its file: the whole of `dub` for it. Blocking; on the main thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "reporter.h"
#include "settings_table.h"

namespace klingv2a::cli {

struct FileJob {
  std::string in;           // a path; "-": stdin
  std::string out;          // a path; "-": stdout
  std::string report_file;  // empty: none is written
  bool overwrite = false;
  bool agreed = false;           // --yes: nobody is asked before more than one task is paid for
  Settings settings;             // with `mux`
  bool simulated = false;        // --simulate: nothing is paid
  bool resumes = false;          // one of several: what an earlier run has left at `out` counts, if it is this job's
  std::chrono::seconds wait{0};  // for another run that is at work on `out`
};

// How a report's name ends.
inline constexpr std::string_view kReportSuffix = ".klingv2a.json";
// Where the report of `out` is: OUT.klingv2a.json, of which the beginning is shortened where that would be longer than
// a name can be; unless something else was asked for.
[[nodiscard]] std::string report_beside(const std::string& out);
// The service is on loopback. It may be a simulation, or a gateway whose tasks are paid for: nobody can tell from here.
[[nodiscard]] bool is_on_this_machine(const Settings& settings);
// "simulated", "a service on this machine" or "a service elsewhere".
[[nodiscard]] std::string service_of(const FileJob& job);

// `out_fd`: what "-" is. Tells the reporter everything, also the result. Returns the exit code.
[[nodiscard]] int run_file_job(const FileJob& job, int out_fd, Reporter& reporter);

}  // namespace klingv2a::cli
