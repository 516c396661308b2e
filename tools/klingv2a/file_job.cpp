// SPDX-License-Identifier: LGPL-2.1-or-later
#include "file_job.h"

#include <algorithm>
#include <climits>
#include <filesystem>
#include <memory>
#include <optional>

#include "consent.h"
#include "hidden_name.h"
#include "http/client.h"
#include "human_text.h"
#include "interrupt.h"
#include "kling/environment.h"
#include "output_check.h"
#include "output_file.h"
#include "output_report.h"
#include "places.h"
#include "report.h"
#include "resource_limits.h"
#include "same_content.h"
#include "session.h"
#include "work_lock.h"

namespace klingv2a::cli {

namespace {

// What is known of the money, also where something else than klingv2a has failed.
void add_cost(Outcome& outcome, const GstStructure* stats) {
  guint paid_tasks = 0;
  if (stats) gst_structure_get_uint(stats, "paid-tasks", &paid_tasks);
  if (!outcome.ok() && outcome.error.paid == "no" && paid_tasks > 0) outcome.error.paid = "yes";
  if (!outcome.ok() && outcome.error.task_id.empty() && !outcome.tasks.empty())
    outcome.error.task_id = outcome.tasks.back().task_id;
}

// What may be why something could not be written.
void add_limits(Trouble& error) {
  const std::string limit = error.kind == to_string(ErrorKind::disk) ? file_limit_text() : "";
  if (!limit.empty() && error.text.find(limit) == std::string::npos) error.text += "; " + limit;
}

// A simulated task is none that is paid for, whatever the element calls it.
void take_off_cost(Outcome& outcome) {
  outcome.error.paid = "no";
  for (Trouble& warning : outcome.warnings) warning.paid = "no";
}

// What is said by what runs beside the job's own session.
class Silent : public Reporter {
 public:
  void progress(const ProgressSeen&) override {}
  void task(const TaskSeen&) override {}
  void info(const std::string&) override {}
  void warning(const Trouble&) override {}
  void failure(const std::string&, const Trouble&) override {}
  void result(const JsonText&, const std::string&) override {}
};

bool is_there(const std::string& file) {
  return g_file_test(file.c_str(), G_FILE_TEST_EXISTS) != FALSE;
}

// One run, and what is left of it.
class Job {
 public:
  // From before there is a file that would stay behind, Ctrl-C is handled. By the main loop, so only once that runs.
  Job(const FileJob& job, int out_fd, Reporter& reporter)
      : job_(job), out_fd_(out_fd), reporter_(reporter), interrupt_([this] { cancel(); }) {}

  ~Job() {
    if (consent_) consent_->end();
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  int run() {
    RunReport facts{.job = job_};
    try {
      const auto lock = lock_output();
      if (!is_done(facts)) dub(facts);
    } catch (const Error& error) {
      facts.outcome.error = to_trouble(error);
      add_cost(facts.outcome, facts.stats.get());
    }
    add_limits(facts.outcome.error);
    if (job_.simulated) take_off_cost(facts.outcome);
    if (!facts.outcome.ok()) report_failure(facts);
    reporter_.result(make_report(facts), result_text(facts));
    return facts.exit_code();
  }

 private:
  void cancel() {
    if (consent_) consent_->cancel();
    if (output_) output_->remove();
    if (session_) session_->cancel();
  }

  // Whoever is at work on OUT is waited for, or has it.
  std::unique_ptr<WorkLock> lock_output() {
    if (job_.out == "-") return nullptr;
    const Patience patience{job_.wait, [this] { return interrupt_.happened(); },
                            [this](const std::string& who) { reporter_.info("waiting: " + who); }};
    return std::make_unique<WorkLock>(lock_of_output(job_.out), job_.out, patience);
  }

  // By another run, which may have ended a moment ago, or was killed before it could say so.
  bool is_done(RunReport& facts) const {
    if (!job_.resumes) return false;
    place_report_left_behind(job_);
    facts.skipped = is_done_before(job_);
    return facts.skipped;
  }

  void dub(RunReport& facts) {
    const bool proves = job_.resumes && !job_.overwrite && is_there(job_.out);
    if (proves) check_costs_nothing();
    if (job_.out != "-") output_.emplace(proves ? hidden_name(job_.out, "again") : job_.out, job_.overwrite);
    if (!job_.report_file.empty()) check_can_be_written(job_.report_file);
    may_report_ = true;
    check_input(job_.in, "dub");
    const auto output = check_output(proves);
    check_resources(job_.in);
    run_pipeline(facts, output);
    if (output && !facts.outcome.ok()) output->throw_found();
    if (!facts.outcome.ok()) return name_full_disk(facts.outcome.error);
    if (proves) return prove(facts);
    finish(facts);
  }

  void run_pipeline(RunReport& facts, const std::shared_ptr<OutputCheck>& output) {
    PipelineSpec spec{job_.in, output_ ? output_->part() : "", output_ ? -1 : out_fd_, job_.settings};
    const auto consent = ask_first();
    spec.before_submit = [output, consent]() -> std::string {
      if (const auto reason = output ? output->check_again() : ""; !reason.empty()) return reason;
      return consent ? consent->before_submit() : "";
    };
    session_.emplace(spec, reporter_);
    facts.outcome = session_->run();
    facts.stats = session_->stats();
    facts.bin = session_->take_report();
    facts.row = {.clips = session_->clips(), .joins = session_->joins(), .prices = {}};
    add_cost(facts.outcome, facts.stats.get());
  }

  // Null: nobody is there to ask, or nothing is paid, or the answer was given beforehand.
  std::shared_ptr<Consent> ask_first() {
    if (job_.simulated || job_.resumes || job_.agreed || !Consent::can_ask()) return nullptr;
    consent_ = std::make_shared<Consent>(job_.in, [this] { return session_ ? session_->length() : std::nullopt; });
    return consent_;
  }

  // The video as it is, and its sound; or the sound alone. Null where there is nothing to check.
  std::shared_ptr<OutputCheck> check_output(bool proves) const {
    constexpr std::uintmax_t kSound = std::uintmax_t{8} << 20U;
    if (!output_) return nullptr;
    std::error_code unknown;
    const auto size = value_of(job_.settings, "mux") == "wav" ? 0 : std::filesystem::file_size(job_.in, unknown);
    auto output =
        std::make_shared<OutputCheck>(job_.out, output_->part(), job_.overwrite || proves, unknown ? 0 : size + kSound);
    output->check();
    return output;
  }

  // The pipeline knows only the hidden name that OUT has while it is written.
  void name_full_disk(Trouble& error) const {
    if (!output_ || error.kind != to_string(ErrorKind::disk) || error.text.find("filesink") == std::string::npos)
      return;
    error.text = "cannot write " + job_.out + ": " + error.text;
    error.advice = "see that it can be written there, and run again: a task that was paid for is not paid again";
  }

  // OUT is there, and no report says what it is. If the job's output can be had for nothing, the two are compared.
  void check_costs_nothing() {
    Settings settings = job_.settings;
    settings.push_back({"dry-run", "true"});
    Silent silent;
    session_.emplace(PipelineSpec{.in = job_.in, .out = {}, .settings = settings}, silent);
    const bool ok = session_->run().ok();
    const auto clips = session_->dry_runs();
    const bool would_pay = clips.empty() || std::ranges::any_of(clips, [](const auto& clip) {
                             gboolean pays = TRUE;
                             gst_structure_get_boolean(clip.get(), "would-pay", &pays);
                             return pays != FALSE;
                           });
    session_.reset();
    if (interrupt_.happened()) throw make_error(ErrorKind::cancelled, Phase::check, "cancelled");
    if (!ok || would_pay) throw already_exists(job_.out);
  }

  // What is there is what this job makes: it stays, and gets its report.
  void prove(RunReport& facts) {
    if (!is_same_content(output_->part(), job_.out, [this] { return interrupt_.happened(); }))
      throw already_exists(job_.out);
    facts.outcome.infos.push_back(job_.out + " was there, and is what this job makes: its report is written anew");
    output_->remove();
    remove_left_parts(job_.out);
    hash_files(facts, job_.out);
    if (const auto report = prepare_report(facts)) place(*report, facts);
  }

  // Whenever the process is killed: what lies at OUT is known from the report, or by what would become of that.
  void finish(RunReport& facts) {
    if (!job_.report_file.empty()) hash_files(facts, output_ ? output_->part() : "");
    const auto report = prepare_report(facts);
    if (output_) output_->finish();
    if (report) place(*report, facts);
  }

  // Of a run that has failed: where an output is there, the report beside it is that one's.
  void report_failure(RunReport& facts) {
    if (job_.report_file == report_beside(job_.out) && is_there(job_.out)) return;
    if (const auto report = prepare_report(facts)) place(*report, facts);
  }

  // None is wanted, or it cannot be written: the output is complete without it, and paid for, so that is a warning, and
  // an exit code of its own.
  std::unique_ptr<PendingReport> prepare_report(RunReport& facts) {
    facts.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    if (job_.report_file.empty() || !may_report_) return nullptr;
    std::unique_ptr<PendingReport> report;
    with_warning(facts,
                 [&] { report = std::make_unique<PendingReport>(job_.report_file, make_report(facts).pretty()); });
    return report;
  }

  void place(PendingReport& report, RunReport& facts) {
    with_warning(facts, [&] { report.place(); });
  }

  template <typename Write>
  void with_warning(RunReport& facts, const Write& write) {
    try {
      write();
    } catch (const Error& error) {
      facts.report_is_missing = true;
      facts.outcome.warnings.push_back(to_trouble(error));
      reporter_.warning(facts.outcome.warnings.back());
    }
  }

  const FileJob& job_;
  const int out_fd_;
  Reporter& reporter_;
  bool may_report_ = false;  // beside an output that is not ours may lie the report that says what it is
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::optional<OutputFile> output_;
  std::optional<Session> session_;
  std::shared_ptr<Consent> consent_;
  const Interrupt interrupt_;
};

}  // namespace

std::string report_beside(const std::string& out) {
  const std::filesystem::path place(out);
  const std::string name = place.filename().string();
  if (name.size() + kReportSuffix.size() <= NAME_MAX) return out + std::string(kReportSuffix);
  constexpr std::size_t kHashed = 16;
  const std::string end = "~" + hash_of_name(out).substr(0, kHashed) + std::string(kReportSuffix);
  return (place.parent_path() / (cut_at_character(name, NAME_MAX - end.size()) + end)).string();
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
