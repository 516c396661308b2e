// SPDX-License-Identifier: LGPL-2.1-or-later
#include "file_job.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "exit_code.h"
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

void check_not_the_same(const std::string& in, const std::string& out) {
  std::error_code ignored;
  if (!std::filesystem::equivalent(in, out, ignored)) return;
  throw make_error(ErrorKind::settings, Phase::check, in + " would be replaced by its own dubbed copy",
                   "write to another name or folder");
}

// What is known of the money, also where something else than klingv2a has failed.
void add_cost(Outcome& outcome, const GstStructure* stats) {
  guint paid_tasks = 0;
  if (stats) gst_structure_get_uint(stats, "paid-tasks", &paid_tasks);
  if (!outcome.ok() && outcome.error.paid == "no" && paid_tasks > 0) outcome.error.paid = "yes";
  if (!outcome.ok() && outcome.error.task_id.empty() && !outcome.tasks.empty())
    outcome.error.task_id = outcome.tasks.back().task_id;
}

// One run, and what is left of it.
class Job {
 public:
  Job(const FileJob& job, int out_fd, Reporter& reporter) : job_(job), out_fd_(out_fd), reporter_(reporter) {}

  int run() {
    RunFacts facts{.job = job_, .simulated = is_simulated(job_.settings)};
    try {
      dub(facts);
    } catch (const Error& error) {
      facts.outcome.error = to_trouble(error.details());
      add_cost(facts.outcome, facts.stats.get());
    }
    facts.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    return tell(facts);
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
    check_not_the_same(job_.in, job_.out);
    if (job_.out != "-") output.emplace(job_.out, job_.overwrite);
    output_is_ours_ = true;
    check_input(job_.in, "dub");
    session.emplace(PipelineSpec{job_.in, output ? output->part() : "", output ? -1 : out_fd_, job_.settings},
                    reporter_);
    facts.outcome = session->run();
    facts.stats = session->stats();
    facts.bin = session->take_report();
    add_cost(facts.outcome, facts.stats.get());
    if (facts.outcome.ok() && output) output->finish();
  }

  // A report that cannot be written is an error of its own: somebody will look for it.
  int tell(RunFacts& facts) {
    // Beside an output that is not ours may lie the report that says what it is.
    if (!job_.report_file.empty() && output_is_ours_) {
      try {
        if (facts.outcome.ok()) hash_files(facts, job_.out == "-" ? "" : job_.out);
        write_file(job_.report_file, make_report(facts).pretty());
      } catch (const Error& error) {
        if (facts.outcome.ok()) facts.outcome.error = to_trouble(error.details());
        add_cost(facts.outcome, facts.stats.get());
      }
    }
    reporter_.result(make_report(facts), result_text(facts));
    return facts.outcome.ok() ? kExitOk : exit_code_of(facts.outcome.error.kind);
  }

  const FileJob& job_;
  const int out_fd_;
  Reporter& reporter_;
  bool output_is_ours_ = false;
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

bool is_simulated(const Settings& settings) {
  return http::is_loopback_url(kling::base_url_or_default(value_of(settings, "base-url")));
}

int run_file_job(const FileJob& job, int out_fd, Reporter& reporter) {
  return Job(job, out_fd, reporter).run();
}

}  // namespace klingv2a::cli
