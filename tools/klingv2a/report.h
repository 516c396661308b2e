// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The account of one run: as JSON (the report file, and the last event of --json) and as a few lines for people. Never
// holds a secret. docs/klingv2a.1 describes the fields.
#pragma once

#include <optional>
#include <string>

#include "file_job.h"
#include "gst_ptr.h"
#include "json_text.h"
#include "outcome.h"
#include "row_text.h"

namespace klingv2a::cli {

// Of a task: Kling's own list price, 2026, whatever the clip's length; a gateway has its own.
inline constexpr double kPriceUsd = 0.035;

struct FileFacts {
  std::uint64_t bytes = 0;
  std::string checksum;  // 128-bit xxHash, as xxh128sum prints it
};

struct RunReport {
  const FileJob& job;
  Outcome outcome;
  StructurePtr stats;  // of klingv2a; null: it never ran
  StructurePtr bin;    // of klingv2abin
  RowFacts row;
  double seconds = 0;
  std::optional<FileFacts> input, output;
  bool report_is_missing = false;  // it could not be written
  bool skipped = false;            // the output was there already, as this job makes it

  [[nodiscard]] int exit_code() const;
};

// Of a file of the user's, through links; none of a pipe or a device. Throws Error{disk|input}.
[[nodiscard]] std::optional<FileFacts> facts_of_file(const std::string& path);
// Those of the run's files, of which the output lies at `output` (empty: nowhere). What cannot be read is a warning:
// the run itself has been paid for and is done.
void hash_files(RunReport& facts, const std::string& output);

[[nodiscard]] JsonText make_report(const RunReport& facts);
[[nodiscard]] std::string result_text(const RunReport& facts);

// Only what is no secret.
[[nodiscard]] JsonText settings_json(const Settings& settings);
// Does the report say what `job.out` is, as it lies there?
[[nodiscard]] bool is_report_of_output(const std::string& report, const FileJob& job);
// Does it say that `job.out`, as it lies there, was made of `job.in`, as it lies there, with these settings?
[[nodiscard]] bool is_result_of(const std::string& report, const FileJob& job);

}  // namespace klingv2a::cli
