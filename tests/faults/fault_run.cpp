// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fault_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <iomanip>
#include <iostream>
#include <thread>

#include "test_clip.h"

namespace klingv2a::test {
namespace {

constexpr unsigned kSideBySide = 10;

Outcome run_row(const FaultRow& row) {
  auto options = quick_service();
  options.dialect = row.dialect;
  sim::Service service(options);
  for (const auto& fault : row.faults) service.add_fault(fault);
  return run_to_end(fault_pipeline(klingv2a_on(service, "video-id=sim-3s " + row.properties)),
                    [&service] { return posts(service); });
}

void print(const FaultRow& row, const Outcome& outcome) {
  std::cout << std::left << std::setw(44) << row.name << std::setw(6) << to_string(outcome.end) << std::setw(16)
            << outcome.error.detail("kind") << " paid=" << std::setw(6) << outcome.error.detail("paid")
            << "POSTs=" << outcome.posts << "  " << outcome.took.count() << " ms\n";
}

}  // namespace

std::string fault_clip() {
  return test_clip({.seconds = 3});
}

std::string fault_pipeline(const std::string& klingv2a) {
  static std::atomic<unsigned> take = 0;
  return "filesrc location=" + fault_clip() + " ! qtdemux ! h264parse ! " + klingv2a +
         " take=" + std::to_string(++take) +
         " ! fakesink async=false sync=false  k.audio ! fakesink async=false sync=false";
}

Outcome run_to_end(const std::string& description, const std::function<int()>& posts) {
  PipelineRun run(description);
  const auto begin = std::chrono::steady_clock::now();
  Outcome outcome;
  outcome.end = run.run();
  outcome.took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
  outcome.sound_form = run.stat_text("k", "sound-form");
  outcome.origin = run.stat_text("k", "origin");
  run.stop();
  outcome.errors = run.errors().size();
  if (outcome.errors > 0) outcome.error = run.errors().front();
  outcome.warnings = run.warnings();
  outcome.posts = posts();
  outcome.starts = run.progress_count(GST_PROGRESS_TYPE_START);
  outcome.terminals = run.progress_count(GST_PROGRESS_TYPE_COMPLETE) + run.progress_count(GST_PROGRESS_TYPE_ERROR) +
                      run.progress_count(GST_PROGRESS_TYPE_CANCELED);
  return outcome;
}

void expect_outcome(const std::string& name, const Expected& expected, const Outcome& outcome) {
  SCOPED_TRACE(name + ": " + outcome.error.text + " (" + outcome.error.debug + ")");
  EXPECT_STREQ(to_string(outcome.end), to_string(expected.kind.empty() ? End::eos : End::error));
  EXPECT_EQ(outcome.posts, expected.posts);
  EXPECT_EQ(outcome.starts, 1);
  EXPECT_EQ(outcome.terminals, 1);
  EXPECT_TRUE(expected.origin.empty() || outcome.origin == expected.origin) << outcome.origin;
  if (expected.kind.empty()) return;
  EXPECT_EQ(outcome.errors, 1U);
  const auto& error = outcome.error;
  EXPECT_EQ(error.detail("kind"), expected.kind);
  EXPECT_EQ(error.detail("paid"), expected.paid);
  EXPECT_TRUE(error.is(expected.stream ? GST_STREAM_ERROR : GST_RESOURCE_ERROR, expected.code))
      << g_quark_to_string(error.domain) << " " << error.code;
  EXPECT_NE(error.debug.find("kind=" + expected.kind), std::string::npos);
  EXPECT_NE(error.debug.find("paid=" + expected.paid), std::string::npos);
  // What was paid for must be found again.
  EXPECT_EQ(error.detail("task-id").empty(), expected.paid != "yes");
  const bool may_be_paid = expected.paid != "no";
  EXPECT_TRUE(!may_be_paid || !error.detail("external-task-id").empty());
}

void run_table(const std::vector<FaultRow>& rows) {
  (void)fault_clip();  // made once, not by each row
  std::vector<Outcome> outcomes(rows.size());
  {
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < kSideBySide; ++i)
      workers.emplace_back([&] {
        for (auto row = next++; row < rows.size(); row = next++) outcomes[row] = run_row(rows[row]);
      });
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    print(rows[i], outcomes[i]);
    expect_outcome(rows[i].name, rows[i].expected, outcomes[i]);
  }
}

}  // namespace klingv2a::test
