// SPDX-License-Identifier: LGPL-2.1-or-later
//
// tasks fetch: the sound of a row, by the cycle's own parts, on a thread of its own while the main loop takes Ctrl-C.
// Never pays.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <optional>

#include "bus_events.h"
#include "checksum.h"
#include "cycle/fetch.h"
#include "environment.h"
#include "exit_code.h"
#include "gst_ptr.h"
#include "human_text.h"
#include "interrupt.h"
#include "json_text.h"
#include "kling/environment.h"
#include "output_file.h"
#include "tasks.h"

namespace klingv2a::cli {

namespace {

// Says what happens, on stderr. Called on the thread of the fetch only.
class Teller : public cycle::CycleObserver {
 public:
  void on_phase(Phase phase) override { say(std::string(to_string(phase)) + " …"); }
  void before_submit() override {}
  void on_task(const kling::Task& task) override { say("task " + task.task_id + ": " + task.status_text); }
  void on_waiting(Seconds waited) override { say("waiting, " + duration_text(std::lround(waited.count()))); }
  void on_turn(const std::string& what) override { say(what); }
  void on_journal_failure(const Error& error) override { say(std::string("warning: ") + error.what()); }
  void on_retry(const Error& error, int, Seconds gap) override {
    say(std::string(error.what()) + "; again in " + number_text(gap.count(), 1) + " s");
  }

 private:
  static void say(const std::string& text) { std::cerr << "klingv2a: " + text + "\n"; }
};

cycle::CycleSettings settings_for(const TasksOptions& options, const journal::Row& row) {
  cycle::CycleSettings settings;
  // The service that the task is at, whatever the environment says by now.
  settings.service.base_url = row.service;
  kling::add_credentials_of_environment(settings.service);
  kling::validate(settings.service);
  settings.timeout = Seconds(options.timeout_s);
  settings.journal = options.journal;
  return settings;
}

cycle::CycleResult fetch(const cycle::CycleSettings& settings, std::int64_t row_id, bool wait,
                         const GObjectPtr<GCancellable>& cancel) {
  Teller teller;
  const auto clock = make_system_clock();
  auto result = std::async(std::launch::async, [&] {
    return cycle::fetch_sound(settings, row_id, wait ? cycle::FetchWait::until_timeout : cycle::FetchWait::look_once,
                              *clock, cancel, teller);
  });
  constexpr std::chrono::milliseconds kLook{100};
  while (result.wait_for(kLook) != std::future_status::ready) g_main_context_iteration(nullptr, FALSE);
  return result.get();
}

void copy_to(const SpoolFile& sound, int fd, const std::string& name) {
  for_each_piece(sound, [&](std::span<const std::byte> piece) {
    while (!piece.empty()) {
      const ssize_t written = ::write(fd, piece.data(), piece.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0)
        throw make_error(ErrorKind::disk, Phase::download, "cannot write " + name + ": " + g_strerror(errno),
                         "the sound is kept: fetch it again");
      piece = piece.subspan(static_cast<std::size_t>(written));
    }
  });
}

void write_sound(const SpoolFile& sound, OutputFile& output, const std::string& name) {
  const int fd = ::open(output.part().c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (fd < 0) throw make_error(ErrorKind::disk, Phase::download, "cannot write " + name);
  try {
    copy_to(sound, fd, name);
  } catch (...) {
    ::close(fd);
    throw;
  }
  ::close(fd);
  output.finish();
}

// The service had no WAV: what came is decoded.
void convert_to_wav(const SpoolFile& sound, OutputFile& output) {
  begin_gstreamer();
  GError* failure = nullptr;
  const auto pipeline = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(
      gst_parse_launch("fdsrc name=in ! decodebin ! audioconvert ! wavenc ! filesink name=out", &failure))));
  const GErrorPtr error(failure);
  if (error) throw make_error(ErrorKind::settings, Phase::decode, error->message);
  const auto in = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
  const auto out = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  ::lseek(sound.fd(), 0, SEEK_SET);
  g_object_set(in.get(), "fd", sound.fd(), nullptr);
  g_object_set(out.get(), "location", output.part().c_str(), nullptr);
  const auto bus = GObjectPtr<GstBus>::adopt(gst_element_get_bus(pipeline.get()));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  constexpr GstClockTime kPatience = 60 * GST_SECOND;
  const MessagePtr end = MessagePtr::adopt(gst_bus_timed_pop_filtered(
      bus.get(), kPatience, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  if (!end || GST_MESSAGE_TYPE(end.get()) != GST_MESSAGE_EOS)
    throw make_error(ErrorKind::result, Phase::decode,
                     "the sound cannot be decoded" + (end ? ": " + read_trouble(end.get()).text : ""));
  output.finish();
}

std::string deliver(const cycle::CycleResult& result, const TasksOptions& options, std::optional<OutputFile>& output) {
  if (!output) {
    copy_to(*result.sound, STDOUT_FILENO, "stdout");
    return "stdout";
  }
  const bool wants_wav = std::filesystem::path(options.out).extension() == ".wav";
  if (wants_wav && result.form != cycle::ResultForm::wav)
    convert_to_wav(*result.sound, *output);
  else
    write_sound(*result.sound, *output, options.out);
  return options.out;
}

}  // namespace

int fetch_task(OpenJournal& opened, const TasksOptions& options) {
  const journal::Row row = find_row(opened, options.id);
  if (!options.wait) refuse_while_owned(row);
  // From before there is a file that would stay behind.
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  const Interrupt interrupt([&] { g_cancellable_cancel(cancel.get()); });
  std::optional<OutputFile> output;
  if (options.out != "-") output.emplace(options.out, options.overwrite);
  const cycle::CycleResult result = fetch(settings_for(options, row), row.id, options.wait, cancel);
  const std::string where = deliver(result, options, output);
  const std::string origin(cycle::to_string(result.origin));
  JsonText told;
  told.set("event", "result").set("ok", true).set("kind", "ok").set("exit-code", kExitOk).set("paid", "no");
  told.set("task-id", result.task.task_id).set("output", where).set("origin", origin);
  told.set("form", std::string(cycle::to_string(result.form)));
  if (options.json)
    (options.out == "-" ? std::cerr : std::cout) << told.line() << "\n";
  else
    std::cerr << where << ": the sound of task " << result.task.task_id << " (" << origin << "); nothing was paid\n";
  return kExitOk;
}

}  // namespace klingv2a::cli
