// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whole pipelines under faults, as rows of a table: what goes wrong, and what the user gets. Rows run side by side,
// because most of their time is waiting for the next poll; each has a service and a pipeline of its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "klingv2a-sim/service.h"
#include "pipeline_run.h"

namespace klingv2a::test {

// What is promised. No kind: the run succeeds.
struct Expected {
  std::string kind;
  std::string paid = "no";
  int code = GST_RESOURCE_ERROR_FAILED;  // of GST_RESOURCE_ERROR, unless `stream`
  int posts = 1;
  bool stream = false;  // code is of GST_STREAM_ERROR
  std::string origin;   // where the sound came from, of the stats; empty: whatever it is
};

struct FaultRow {
  std::string name;
  sim::Provider dialect = sim::Provider::cometapi;
  std::vector<sim::Fault> faults;
  Expected expected;
  std::string properties;  // more of klingv2a's
};

struct Outcome {
  End end = End::deadline;
  SeenError error;  // the first
  std::size_t errors = 0;
  std::vector<SeenError> warnings;
  int posts = 0, starts = 0, terminals = 0;
  Milliseconds took{0};
  std::string sound_form, origin;  // of the stats
};

// A clip of 3 s in MP4.
[[nodiscard]] std::string fault_clip();
// "filesrc … ! klingv2a … ! fakesink  k.audio ! fakesink" over a clip of 3 s. Each has a take of its own, so that it is
// no rerun of another one.
[[nodiscard]] std::string fault_pipeline(const std::string& klingv2a);

// Runs `description` to its end and stops it. `posts` says how many were on the wire.
[[nodiscard]] Outcome run_to_end(const std::string& description, const std::function<int()>& posts);

// Runs all rows, prints the table, and checks each against what is expected.
void run_table(const std::vector<FaultRow>& rows);
// The check of one row.
void expect_outcome(const std::string& name, const Expected& expected, const Outcome& outcome);

}  // namespace klingv2a::test
