// SPDX-License-Identifier: LGPL-2.1-or-later
#include "output_report.h"

#include <glib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "error.h"
#include "gobject_ptr.h"
#include "hidden_name.h"
#include "output_file.h"
#include "report.h"

namespace klingv2a::cli {

namespace {

std::string pending_name(const std::string& report_file) {
  return hidden_name(report_file, "report");
}

// What a report of this job may say; empty: there is none.
std::string text_of(const std::string& report_file) {
  char* text = nullptr;
  if (!g_file_get_contents(report_file.c_str(), &text, nullptr, nullptr)) return {};
  return GCharPtr(text).get();
}

bool is_there(const std::string& file) {
  return g_file_test(file.c_str(), G_FILE_TEST_IS_REGULAR) != FALSE;
}

// What cannot be read says nothing.
bool says_so(const std::string& report, const FileJob& job, bool (*says)(const std::string&, const FileJob&)) {
  if (report.empty() || !is_there(job.out)) return false;
  try {
    return says(report, job);
  } catch (const Error& unreadable) {
    g_debug("the report of %s says nothing: %s", job.out.c_str(), unreadable.what());
    return false;
  }
}

}  // namespace

PendingReport::PendingReport(std::string report_file, const std::string& content)
    : report_file_(std::move(report_file)), pending_(pending_name(report_file_)) {
  write_file(pending_, content);
}

PendingReport::~PendingReport() {
  if (!placed_) ::unlink(pending_.c_str());
}

void PendingReport::place() {
  if (std::rename(pending_.c_str(), report_file_.c_str()) != 0)
    throw make_error(ErrorKind::disk, Phase::check, "cannot write " + report_file_ + ": " + g_strerror(errno));
  placed_ = true;
}

void place_report_left_behind(const FileJob& job) {
  const std::string pending = pending_name(job.report_file);
  if (!is_there(pending)) return;
  const bool is_its = says_so(text_of(pending), job, is_report_of_output);
  if (is_its && std::rename(pending.c_str(), job.report_file.c_str()) == 0) return;
  ::unlink(pending.c_str());
}

bool is_done_before(const FileJob& job) {
  return says_so(text_of(job.report_file), job, is_result_of);
}

}  // namespace klingv2a::cli
