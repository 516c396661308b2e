// SPDX-License-Identifier: LGPL-2.1-or-later
//
// dub with several videos: each in a worker of its own, so many at a time; what is done already is skipped; one that
// fails does not stop the others. How many tasks the account may have is the journal's to say (max-tasks), over all
// processes. One thread, one main loop.
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "commands.h"
#include "environment.h"
#include "exit_code.h"
#include "human_text.h"
#include "interrupt.h"
#include "output_file.h"
#include "output_report.h"
#include "places.h"
#include "report.h"
#include "work_lock.h"
#include "worker.h"
#include "worker_result.h"

namespace klingv2a::cli {

namespace {

enum class FileState { waiting, running, done, silence, skipped, failed };

struct File {
  FileJob job;
  FileState state = FileState::waiting;
  std::unique_ptr<Worker> worker;
  std::optional<WorkerResult> result;  // none when the worker ended without one
  std::string kind = "ok";             // why it failed
  std::string task_id, text;
  int exit_code = 0;
};

std::string state_text(const File& file) {
  switch (file.state) {
    case FileState::waiting:
      return "not begun";
    case FileState::running:
      return "running";
    case FileState::done:
      return "done";
    case FileState::silence:
      return "silence";
    case FileState::skipped:
      return "skipped, done before";
    case FileState::failed:
      break;
  }
  return file.kind;
}

// A process that ended without a result may have sent its POST: what it reported last may never have left it.
std::string paid_word(const File& file) {
  if (file.result) return file.result->paid;
  return file.exit_code == kExitOk ? "no" : "maybe";
}

double cost_of(const File& file) {
  return file.result ? file.result->estimate_usd : 0;
}

double seconds_of(const File& file) {
  return file.result ? file.result->seconds : 0;
}

void make_folder(const std::string& folder) {
  constexpr int kForAll = 0777;
  if (g_mkdir_with_parents(folder.c_str(), kForAll) != 0)
    throw make_error(ErrorKind::disk, Phase::check, "cannot make the folder " + folder + ": " + g_strerror(errno));
}

void make_folder_of(const std::string& file) {
  const GCharPtr folder(g_path_get_dirname(file.c_str()));
  make_folder(folder.get());
}

class ManyRun {
 public:
  ManyRun(std::vector<FileJob> jobs, unsigned at_a_time, Reporter& reporter)
      : at_a_time_(at_a_time), reporter_(reporter), loop_(g_main_loop_new(nullptr, FALSE)) {
    for (FileJob& job : jobs) files_.push_back({.job = std::move(job)});
  }

  void run() {
    const Interrupt interrupt([this] { cancel(); });
    const guint tick = g_timeout_add_seconds(1, on_tick, this);
    start_next();
    if (running_ > 0) g_main_loop_run(loop_.get());
    g_source_remove(tick);
  }

  [[nodiscard]] const std::vector<File>& files() const { return files_; }
  [[nodiscard]] bool cancelled() const { return cancelled_; }

 private:
  void start_next() {
    while (!cancelled_ && running_ < at_a_time_ && next_ < files_.size()) start(files_[next_++]);
    if (running_ == 0) g_main_loop_quit(loop_.get());
  }

  void start(File& file) {
    if (is_done_before(file.job)) {
      file.state = FileState::skipped;
      return tell_end(file);
    }
    try {
      make_folder_of(file.job.out);
      file.worker = std::make_unique<Worker>(
          file.job, [this, &file](const JsonNodePtr& event) { take(file, event); },
          [this, &file](int exit_code) { end(file, exit_code); });
      file.state = FileState::running;
      ++running_;
    } catch (const Error& error) {
      const Trouble trouble = to_trouble(error);
      return fail(file, trouble.kind, trouble.text);
    }
    reporter_.info(file.job.in + ": begun");
    tell_progress();
  }

  void take(File& file, const JsonNodePtr& event) {
    JsonObject* object = object_of(event);
    if (const std::string task = member_text(object, "task-id"); !task.empty()) file.task_id = task;
    reporter_.of_file(file.job.in, object);
    if (json_object_has_member(object, "exit-code")) file.result = read_worker_result(object);
  }

  void end(File& file, int exit_code) {
    file.worker.reset();
    --running_;
    file.exit_code = exit_code;
    // Another code with an output that is complete: its report could not be written.
    if (exit_code == kExitOk || (file.result && file.result->ok)) {
      file.state = file.result && file.result->skipped ? FileState::skipped : FileState::done;
      if (file.result && file.result->silence) be_silent(file);
      tell_end(file);
    } else if (file.result && file.result->failure) {
      fail(file, file.result->failure->kind, file.result->failure->message);
    } else {
      fail(file, "other",
           "its process ended with code " + std::to_string(exit_code) +
               " and no result; run it again: the journal knows what has been paid for, and it is not paid again");
    }
    start_next();
  }

  // on-failure=silence: an output that is complete, but that has no sound of the service.
  static void be_silent(File& file) {
    file.state = FileState::silence;
    file.text = file.result->warnings;
  }

  void fail(File& file, const std::string& kind, const std::string& text) {
    file.state = FileState::failed;
    file.kind = kind;
    file.text = text;
    tell_end(file);
  }

  void tell_end(const File& file) {
    if (file.state == FileState::failed)
      reporter_.failure(file.job.in, {.kind = file.kind, .text = file.text, .paid = paid_word(file)});
    else if (file.state == FileState::silence)
      reporter_.warning({.kind = file.kind, .text = file.job.in + ": silence instead of a sound: " + file.text});
    else
      reporter_.info(file.job.in + ": " + state_text(file));
    tell_progress();
  }

  void tell_progress() {
    constexpr std::size_t kAll = 100;
    const auto ended = static_cast<std::size_t>(std::ranges::count_if(
        files_, [](const File& file) { return file.state != FileState::waiting && file.state != FileState::running; }));
    reporter_.progress({.percent = static_cast<int>(ended * kAll / files_.size()),
                        .text = std::to_string(ended) + " of " + std::to_string(files_.size()) + " files have ended, " +
                                std::to_string(running_) + " are under way"});
  }

  void cancel() {
    cancelled_ = true;
    reporter_.info(kCancelling);
    for (const File& file : files_)
      if (file.worker) file.worker->interrupt();
    if (running_ == 0) g_main_loop_quit(loop_.get());
  }

  static gboolean on_tick(gpointer self) {
    static_cast<ManyRun*>(self)->reporter_.tick();
    return G_SOURCE_CONTINUE;
  }

  const unsigned at_a_time_;
  Reporter& reporter_;
  const std::unique_ptr<GMainLoop, Deleter<g_main_loop_unref>> loop_;
  std::vector<File> files_;  // never grows: workers hold references
  std::size_t next_ = 0;
  unsigned running_ = 0;
  bool cancelled_ = false;
};

std::size_t count(const std::vector<File>& files, FileState state) {
  return static_cast<std::size_t>(std::ranges::count(files, state, &File::state));
}

struct End {
  std::string kind = "ok";
  int exit_code = kExitOk;
};

// All videos are done, but a report is not there.
End without_report() {
  return {"disk", exit_code_of(ErrorKind::disk)};
}

// All of one kind: that kind's. Else nobody could tell from the code which one it was.
End end_of(const ManyRun& run) {
  const auto& files = run.files();
  const std::size_t failed = count(files, FileState::failed);
  if (run.cancelled()) return {"cancelled", kExitCancelled};
  const bool complete = std::ranges::all_of(files, [](const File& file) { return file.exit_code == kExitOk; });
  if (failed == 0) return complete ? End{} : without_report();
  const bool same = std::ranges::all_of(
      files, [&](const File& file) { return file.state == FileState::failed && file.kind == files.front().kind; });
  if (same) return {files.front().kind, exit_code_of(files.front().kind)};
  return {"some-failed", kExitSomeFailed};
}

JsonText file_json(const File& file) {
  JsonText object;
  object.set("in", file.job.in).set("out", file.job.out).set("state", state_text(file)).set("kind", file.kind);
  object.set("paid", paid_word(file));
  object.set_known("task-id", file.task_id).set_known("message", file.text).set("estimate-usd", cost_of(file));
  object.set("seconds", seconds_of(file));
  return object.set("report", file.job.report_file);
}

JsonText report_of(const ManyRun& run, const End& end, bool simulated) {
  const auto& files = run.files();
  JsonText report, counts;
  for (const auto& [name, state] : {std::pair{"done", FileState::done},
                                    {"silence", FileState::silence},
                                    {"skipped", FileState::skipped},
                                    {"failed", FileState::failed},
                                    {"not-begun", FileState::waiting}})
    counts.set(name, static_cast<std::int64_t>(count(files, state)));
  std::vector<JsonText> all;
  double usd = 0;
  for (const File& file : files) {
    all.push_back(file_json(file));
    usd += cost_of(file);
  }
  report.set("event", "result")
      .set("klingv2a", KLINGV2A_VERSION)
      .set("ok", end.exit_code == kExitOk)
      .set("kind", end.kind);
  report.set("exit-code", end.exit_code).set("simulated", simulated).set("counts", counts);
  return report.set("estimate-usd", usd).set("files", all);
}

std::string summary_of(const ManyRun& run, bool simulated) {
  std::vector<std::vector<std::string>> rows{{"FILE", "RESULT", "TASK", "COST", "SECONDS"}};
  double usd = 0;
  for (const File& file : run.files()) {
    const double seconds = seconds_of(file);
    usd += cost_of(file);
    rows.push_back({std::filesystem::path(file.job.in).filename().string(), state_text(file),
                    file.task_id.empty() ? "-" : file.task_id, cost_of(file) > 0 ? money_text(cost_of(file)) : "-",
                    file.result ? number_text(seconds, 1) : "-"});
  }
  const std::size_t silent = count(run.files(), FileState::silence);
  const std::string money = simulated ? "SIMULATION: nothing was paid" : "about " + money_text(usd);
  return table(rows) + std::to_string(count(run.files(), FileState::done)) + " done, " +
         std::to_string(count(run.files(), FileState::skipped)) + " skipped, " +
         std::to_string(count(run.files(), FileState::failed)) + " failed, " +
         std::to_string(count(run.files(), FileState::waiting)) + " not begun" +
         (silent > 0 ? ", " + std::to_string(silent) + " with silence instead of a sound" : "") + "; " + money;
}

// Somebody will look for it: reported, and an end of its own where all else is well.
void write_report(const std::string& file, const JsonText& report, End& end, Reporter& reporter) {
  if (file.empty()) return;
  try {
    write_file(file, report.pretty());
  } catch (const Error& error) {
    reporter.warning(to_trouble(error));
    if (end.exit_code == kExitOk) end = without_report();
  }
}

// Two jobs in one folder would take each other's outputs for somebody else's.
std::unique_ptr<WorkLock> lock_folder(const DubOptions& options, Reporter& reporter) {
  make_folder(options.out_dir);
  const Interrupt interrupt([] {});
  return std::make_unique<WorkLock>(lock_of_folder(options.out_dir), "the folder " + options.out_dir,
                                    Patience{options.wait, [&] { return interrupt.happened(); },
                                             [&](const std::string& who) { reporter.info("waiting: " + who); }});
}

}  // namespace

int run_dub_many(const DubOptions& options, const std::string& report_file, const std::vector<FileJob>& jobs,
                 Reporter& reporter) {
  const auto lock = lock_folder(options, reporter);
  if (!report_file.empty()) {
    make_folder_of(report_file);
    check_can_be_written(report_file);
  }
  ManyRun run(jobs, options.jobs, reporter);
  run.run();
  End end = end_of(run);
  write_report(report_file, report_of(run, end, options.simulate), end, reporter);
  reporter.result(report_of(run, end, options.simulate), summary_of(run, options.simulate));
  return end.exit_code;
}

}  // namespace klingv2a::cli
