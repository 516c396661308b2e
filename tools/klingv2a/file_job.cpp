// SPDX-License-Identifier: LGPL-2.1-or-later
#include "file_job.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "http/client.h"
#include "interrupt.h"
#include "kling/environment.h"
#include "output_file.h"
#include "places.h"
#include "report.h"
#include "session.h"

namespace klingv2a::cli {

namespace {

struct Suffix {
  const char* suffix;
  const char* mux;
};

constexpr std::array kSuffixes{
    Suffix{".mp4", "mp4"}, Suffix{".m4v", "mp4"}, Suffix{".mov", "mov"}, Suffix{".mkv", "mkv"}, Suffix{".webm", "webm"},
    Suffix{".ts", "ts"},   Suffix{".m2ts", "ts"}, Suffix{".mts", "ts"},  Suffix{".wav", "wav"},
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), g_ascii_tolower);
  return text;
}

// What is known of the money, also where something else than klingv2a has failed.
void add_cost(Outcome& outcome, const GstStructure* stats) {
  guint paid_tasks = 0;
  if (stats) gst_structure_get_uint(stats, "paid-tasks", &paid_tasks);
  if (!outcome.ok() && outcome.error.paid == "no" && paid_tasks > 0) outcome.error.paid = "yes";
  if (!outcome.ok() && outcome.error.task_id.empty() && !outcome.tasks.empty())
    outcome.error.task_id = outcome.tasks.back().task_id;
}

// A simulated task is none that is paid for, whatever the element calls it.
void take_off_cost(Outcome& outcome) {
  outcome.error.paid = "no";
  for (Trouble& warning : outcome.warnings) warning.paid = "no";
}

// One run, and what is left of it.
class Job {
 public:
  Job(const FileJob& job, int out_fd, Reporter& reporter) : job_(job), out_fd_(out_fd), reporter_(reporter) {}

  int run() {
    RunFacts facts{.job = job_};
    try {
      dub(facts);
    } catch (const Error& error) {
      facts.outcome.error = to_trouble(error.details());
      add_cost(facts.outcome, facts.stats.get());
    }
    if (job_.simulated) take_off_cost(facts.outcome);
    if (!facts.outcome.ok()) write_report(facts);
    reporter_.result(make_report(facts), result_text(facts));
    return facts.exit_code();
  }

 private:
  void dub(RunFacts& facts) {
    std::optional<OutputFile> output;
    std::optional<Session> session;
    // From before there is a file that would stay behind. Told by the main loop, so only once that runs.
    const Interrupt interrupt([&] {
      if (output) output->remove();
      if (session) session->cancel();
    });
    if (job_.out != "-") output.emplace(job_.out, job_.overwrite);
    if (!job_.report_file.empty()) check_can_be_written(job_.report_file);
    may_report_ = true;
    check_input(job_.in, "dub");
    session.emplace(PipelineSpec{job_.in, output ? output->part() : "", output ? -1 : out_fd_, job_.settings},
                    reporter_);
    facts.outcome = session->run();
    facts.stats = session->stats();
    facts.bin = session->take_report();
    add_cost(facts.outcome, facts.stats.get());
    if (facts.outcome.ok()) finish(facts, output);
  }

  // The report first: an output without one would be somebody else's to the next run. A report without its output says
  // by its hash that it is not of another one.
  void finish(RunFacts& facts, std::optional<OutputFile>& output) {
    if (!job_.report_file.empty()) hash_files(facts, output ? output->part() : "");
    write_report(facts);
    if (output) output->finish();
  }

  // The output is complete without it, and paid for: that it is missing is a warning, and an exit code of its own.
  void write_report(RunFacts& facts) {
    facts.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    if (job_.report_file.empty() || !may_report_) return;
    try {
      write_file(job_.report_file, make_report(facts).pretty());
    } catch (const Error& error) {
      facts.report_is_missing = true;
      facts.outcome.warnings.push_back(to_trouble(error.details()));
      reporter_.warning(facts.outcome.warnings.back());
    }
  }

  const FileJob& job_;
  const int out_fd_;
  Reporter& reporter_;
  bool may_report_ = false;  // beside an output that is not ours may lie the report that says what it is
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace

std::string mux_of(const std::string& out) {
  const std::string suffix = lower(std::filesystem::path(out).extension().string());
  const auto* found =
      std::ranges::find(kSuffixes, suffix, [](const Suffix& entry) { return std::string(entry.suffix); });
  return found == kSuffixes.end() ? "auto" : found->mux;
}

std::string report_beside(const std::string& out) {
  return out + ".klingv2a.json";
}

bool is_on_this_machine(const Settings& settings) {
  return http::is_loopback_url(kling::base_url_or_default(value_of(settings, "base-url")));
}

std::string service_of(const FileJob& job) {
  if (job.simulated) return "simulated";
  return is_on_this_machine(job.settings) ? "a service on this machine" : "a service elsewhere";
}

int run_file_job(const FileJob& job, int out_fd, Reporter& reporter) {
  return Job(job, out_fd, reporter).run();
}

}  // namespace klingv2a::cli
