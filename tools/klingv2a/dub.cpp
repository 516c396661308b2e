// SPDX-License-Identifier: LGPL-2.1-or-later
//
// dub: one video here, several in dub_many.cpp.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <optional>

#include "commands.h"
#include "environment.h"
#include "exit_code.h"
#include "file_job.h"
#include "simulation.h"
#include "worker.h"

namespace klingv2a::cli {

namespace {

// The output's own descriptor: whatever else is printed, by a library too, goes to stderr from now on.
int take_stdout() {
  if (::isatty(STDOUT_FILENO) == 1) throw UsageError("-o -: stdout is a terminal, not a pipe or a file");
  const int fd = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (fd < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
    throw make_error(ErrorKind::disk, Phase::check, "stdout is not open");
  return fd;
}

// What can be written without going back in it.
void check_pipe_mux(const std::string& mux) {
  if (mux == "mkv" || mux == "webm" || mux == "ts") return;
  throw UsageError("-o -: " + mux + " cannot go into a pipe; --mux is mkv (the default), webm or ts there");
}

std::string mux_for(const DubOptions& options, const Settings& settings) {
  const std::string wanted = value_of(settings, "mux");
  if (!options.audio_only.empty()) return "wav";
  if (options.out != "-") return wanted.empty() ? mux_of(options.out) : wanted;
  check_pipe_mux(wanted.empty() ? "mkv" : wanted);
  return wanted.empty() ? "mkv" : wanted;
}

std::string report_file_of(const DubOptions& options, const std::string& out) {
  if (!options.report_file.empty()) return options.report_file;
  if (!options.report) return {};
  if (out == "-") throw UsageError("--report: there is no name to put it beside; --report=FILE");
  return report_beside(out);
}

FileJob job_of(const DubOptions& options, Settings settings) {
  const std::string out = options.audio_only.empty() ? options.out : options.audio_only;
  if (options.audio_only == "-") throw UsageError("--audio-only: WAV cannot go into a pipe");
  if (out == "-" && options.in.front() == "-" && ::isatty(STDIN_FILENO) == 1)
    throw UsageError("IN is -, and stdin is a terminal");
  settings.push_back({"mux", mux_for(options, settings)});
  return {options.in.front(), out, report_file_of(options, out), options.overwrite, std::move(settings),
          options.simulate};
}

int run_dub_one(const DubOptions& options, Settings settings) {
  const FileJob job = job_of(options, std::move(settings));
  const int out_fd = job.out == "-" ? take_stdout() : -1;
  const ReporterSet told =
      make_reporter(options.json, job.out == "-" ? Result::to_stderr_as_stdout_is_taken : Result::to_stderr);
  begin_gstreamer();
  return run_file_job(job, out_fd, *told.reporter);
}

bool is_many(const DubOptions& options) {
  return !options.out_dir.empty();
}

}  // namespace

int run_dub(const DubOptions& options) {
  take_api_key(options.api_key_file);
  if (options.worker) return run_dub_one(options, worker_settings());
  Settings settings = options.settings;
  // Where real clips are published is no business of a simulation.
  if (!options.simulate) add_settings_of_environment(settings);
  std::optional<Simulation> simulation;
  if (options.simulate) {
    simulation.emplace(options.simulated_task_time);
    // The journal goes with this run, and with it what would find the sound again.
    set_default(settings, "max-kept-bytes", "0");
    std::cerr << "klingv2a: SIMULATION: a simulated service was started for this run. Nothing is paid, the sound is "
                 "synthetic.\n";
  }
  return is_many(options) ? run_dub_many(options, settings) : run_dub_one(options, std::move(settings));
}

}  // namespace klingv2a::cli
