// SPDX-License-Identifier: LGPL-2.1-or-later
//
// dub: one video here, several in dub_many.cpp.
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <iostream>
#include <memory>

#include "commands.h"
#include "environment.h"
#include "exit_code.h"
#include "file_job.h"
#include "last_word.h"
#include "manifest.h"
#include "places.h"
#include "setting_check.h"
#include "simulation.h"
#include "suffix.h"
#include "worker.h"

namespace klingv2a::cli {

namespace {

// The output's own descriptor.
int descriptor_for_video(const TextSink& output) {
  if (::isatty(output.descriptor()) == 1) throw UsageError("-o -: stdout is a terminal, not a pipe or a file");
  return output.descriptor();
}

// What can be written without going back in it.
void check_pipe_mux(const std::string& mux) {
  if (mux == "mkv" || mux == "webm" || mux == "ts") return;
  throw UsageError("-o -: " + mux + " cannot go into a pipe; --mux is mkv (the default), webm or ts there");
}

std::string mux_for(const DubOptions& options, const Settings& settings) {
  std::string wanted = value_of(settings, "mux");
  if (!options.audio_only.empty()) return "wav";
  if (wanted == "auto") wanted.clear();
  if (options.out != "-") return wanted.empty() ? mux_of(options.out) : wanted;
  check_pipe_mux(wanted.empty() ? "mkv" : wanted);
  return wanted.empty() ? "mkv" : wanted;
}

std::string report_file_of(const DubOptions& options) {
  const std::string out = options.audio_only.empty() ? options.out : options.audio_only;
  if (!options.report_file.empty()) return options.report_file;
  if (!options.report) return {};
  if (!options.out_dir.empty()) return options.out_dir + "/klingv2a-report.json";
  if (out == "-") throw UsageError("--report: there is no name to put it beside; --report=FILE");
  return report_beside(out);
}

FileJob job_of(const DubOptions& options, Settings settings) {
  const std::string out = options.audio_only.empty() ? options.out : options.audio_only;
  if (options.audio_only == "-") throw UsageError("--audio-only: WAV cannot go into a pipe");
  if (options.audio_only.empty())
    check_suffix(out, value_of(settings, "mux"));
  else
    check_sound_suffix(out);
  if (out == "-" && options.in.front() == "-" && ::isatty(STDIN_FILENO) == 1)
    throw UsageError("IN is -, and stdin is a terminal");
  settings.push_back({"mux", mux_for(options, settings)});
  return {.in = options.in.front(),
          .out = out,
          .report_file = report_file_of(options),
          .overwrite = options.overwrite,
          .agreed = options.yes,
          .settings = std::move(settings),
          .simulated = options.simulate,
          .resumes = options.worker,
          .wait = options.wait};
}

int run_dub_one(const FileJob& job, const TextSink& output, Reporter& reporter) {
  return run_file_job(job, job.out == "-" ? descriptor_for_video(output) : -1, reporter);
}

bool is_many(const DubOptions& options) {
  return !options.out_dir.empty();
}

Settings settings_for(const DubOptions& options) {
  if (options.worker) return worker_settings();
  Settings settings = options.settings;
  // Where real clips are published is no business of a simulation.
  if (!options.simulate) add_settings_of_environment(settings);
  return settings;
}

// What is to be done. A failure is kept until it is clear where events go, which may be a file that the jobs name.
struct Plan {
  explicit Plan(const DubOptions& options) {
    for (const std::string& in : options.in) places.push_back({in, "IN"});
    places.push_back({options.api_key_file, "--api-key-file"});
    try {
      begin_gstreamer();
      take_api_key(options.api_key_file);
      // A worker's have been looked at by who has started it.
      if (!options.worker) check_settings(options.settings);
      make_jobs(options, settings_for(options));
    } catch (...) {
      failure = std::current_exception();
    }
  }

  void make_jobs(const DubOptions& options, const Settings& settings) {
    for (const std::string& in : options.in) refuse_url(in);
    if (!is_many(options)) {
      jobs.push_back(job_of(options, settings));
    } else {
      places.push_back({report_file_of(options), "--report", true});
      JobList list = list_jobs(
          {options.in, options.out_dir, options.overwrite, options.simulate, options.trust_manifest, settings});
      jobs = std::move(list.jobs);
      passed_over = std::move(list.passed_over);
    }
    for (const FileJob& job : jobs)
      for (const Place& place : places_of(job)) places.push_back(place);
  }

  std::vector<FileJob> jobs;
  std::vector<std::string> passed_over;
  std::vector<Place> places;
  std::exception_ptr failure;
};

// A worker works for a run that has started the service.
std::unique_ptr<Simulation> start_simulation(const DubOptions& options) {
  if (!options.simulate || options.worker) return nullptr;
  using Begin = Simulation::Begin;
  auto simulation = std::make_unique<Simulation>(options.simulated_task_time,
                                                 options.simulate_fresh ? Begin::afresh : Begin::where_it_was);
  std::cerr << "klingv2a: SIMULATION: a simulated service is used. Nothing is paid, the sound is synthetic.\n";
  return simulation;
}

// The beginning is enough to see that a folder was meant for another.
void tell_passed_over(const std::vector<std::string>& files, Reporter& reporter) {
  constexpr std::size_t kMost = 20;
  for (std::size_t i = 0; i < std::min(kMost, files.size()); ++i)
    reporter.info(files[i] + ": passed over, by its name it is no video");
  if (files.size() > kMost) reporter.info("and " + std::to_string(files.size() - kMost) + " others");
}

int carry_out(const DubOptions& options, const Plan& plan, const TextSink& output, Reporter& reporter) {
  if (plan.failure) std::rethrow_exception(plan.failure);
  tell_passed_over(plan.passed_over, reporter);
  check_places(plan.places);
  const auto simulation = start_simulation(options);
  return is_many(options) ? run_dub_many(options, report_file_of(options), plan.jobs, reporter)
                          : run_dub_one(plan.jobs.front(), output, reporter);
}

ReporterSet::Result result_place(const DubOptions& options) {
  using Result = ReporterSet::Result;
  if (is_many(options)) return Result::to_stdout;
  return options.writes_to_stdout() ? Result::to_stderr_as_stdout_is_taken : Result::to_stderr;
}

}  // namespace

int run_dub(const DubOptions& options, TextSink& output) {
  const Plan plan(options);
  check_place({options.json.file, "--json", true}, plan.places);
  ReporterSet told(options.json, result_place(options), output);
  return told.finish(with_last_word(options.json.wanted, told.reporter(),
                                    [&] { return carry_out(options, plan, output, told.reporter()); }));
}

}  // namespace klingv2a::cli
