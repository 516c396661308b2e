// SPDX-License-Identifier: LGPL-2.1-or-later
//
// tasks fetch: the sound of a row, by the cycle's own parts, on a thread of its own while the main loop takes Ctrl-C.
// Never pays.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

#include "bus_events.h"
#include "checksum.h"
#include "cycle/fetch.h"
#include "environment.h"
#include "exit_code.h"
#include "gst_ptr.h"
#include "interrupt.h"
#include "json_text.h"
#include "output_file.h"
#include "tasks.h"
#include "tasks_service.h"
#include "trusted_decoder.h"
#include "write_all.h"

namespace klingv2a::cli {

namespace {

cycle::CycleResult fetch(const cycle::CycleSettings& settings, std::int64_t row_id, bool wait,
                         const GObjectPtr<GCancellable>& cancel) {
  Teller teller;
  const auto clock = make_system_clock();
  const auto how = wait ? cycle::FetchWait::until_timeout : cycle::FetchWait::look_once;
  return aside([&] { return cycle::fetch_sound(settings, row_id, how, *clock, cancel, teller); });
}

void copy_to(const SpoolFile& sound, int fd, const std::string& name) {
  for_each_piece(sound, [&](std::span<const std::byte> piece) {
    if (const int failure = write_all(fd, piece))
      throw make_error(ErrorKind::disk, Phase::download, "cannot write " + name + ": " + g_strerror(failure),
                       "the sound is cached: fetch it again");
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

constexpr const char* kToWav = "fdsrc name=in ! decodebin name=decoder ! audioconvert ! wavenc ! filesink name=out";

// The service had no WAV: what came is decoded.
void convert_to_wav(const SpoolFile& sound, std::int64_t clip_ms, OutputFile& output, GCancellable* cancel) {
  begin_gstreamer();
  GError* failure = nullptr;
  const auto pipeline = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(kToWav, &failure))));
  const GErrorPtr error(failure);
  if (error) throw make_error(ErrorKind::settings, Phase::decode, error->message);
  const auto in = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
  const auto out = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  const auto decoder = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "decoder"));
  trust_only(decoder.get(), Trusted::sounds);
  refuse_absurd_sounds(decoder.get(), kRatesOfResults);
  refuse_longer_sounds(decoder.get(), most_of_a_sound(static_cast<GstClockTime>(clip_ms) * GST_MSECOND));
  ::lseek(sound.fd(), 0, SEEK_SET);
  g_object_set(in.get(), "fd", sound.fd(), nullptr);
  g_object_set(out.get(), "location", output.part().c_str(), nullptr);
  const auto bus = GObjectPtr<GstBus>::adopt(gst_element_get_bus(pipeline.get()));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  constexpr GstClockTime kPatience = 60 * GST_SECOND, kLook = 100 * GST_MSECOND;
  MessagePtr end;
  for (GstClockTime waited = 0; !end && waited < kPatience && !g_cancellable_is_cancelled(cancel); waited += kLook)
    end = MessagePtr::adopt(
        gst_bus_timed_pop_filtered(bus.get(), kLook, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  if (g_cancellable_is_cancelled(cancel)) throw make_error(ErrorKind::cancelled, Phase::decode, "cancelled");
  if (!end || GST_MESSAGE_TYPE(end.get()) != GST_MESSAGE_EOS)
    throw make_error(ErrorKind::result, Phase::decode,
                     "the sound cannot be decoded" + (end ? ": " + read_trouble(end.get()).text : ""));
  output.finish();
}

std::string deliver(const cycle::CycleResult& result, const TasksOptions& options, std::int64_t clip_ms,
                    std::optional<OutputFile>& output, int out_fd, GCancellable* cancel) {
  if (!output) {
    copy_to(*result.sound, out_fd, "stdout");
    return "stdout";
  }
  const bool wants_wav = std::filesystem::path(options.out).extension() == ".wav";
  if (wants_wav && result.form != cycle::ResultForm::wav)
    convert_to_wav(*result.sound, clip_ms, *output, cancel);
  else
    write_sound(*result.sound, *output, options.out);
  return options.out;
}

}  // namespace

int fetch_task(OpenJournal& opened, const TasksOptions& options, TextSink& output) {
  const journal::Row row = find_row(opened, options.id);
  if (!options.wait) refuse_while_owned(row);
  // From before there is a file that would stay behind.
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  const Interrupt interrupt([&] { g_cancellable_cancel(cancel.get()); });
  std::optional<OutputFile> file;
  if (options.out != "-") file.emplace(options.out, options.overwrite);
  const cycle::CycleResult result = fetch(settings_for(options, row), row.id, options.wait, cancel);
  const std::string where = deliver(result, options, row.length_ms, file, output.descriptor(), cancel.get());
  const std::string origin(cycle::to_string(result.origin));
  JsonText told;
  told.set("event", "result").set("ok", true).set("kind", "ok").set("exit-code", kExitOk).set("paid", "no");
  told.set("task-id", result.task.task_id).set("output", where).set("origin", origin);
  told.set("form", std::string(cycle::to_string(result.form)));
  if (options.json && options.out == "-")
    std::cerr << told.line() << "\n";
  else if (options.json)
    output.write(told.line() + "\n");
  else
    std::cerr << where << ": the sound of task " << result.task.task_id << " (" << origin << "); nothing was paid\n";
  return kExitOk;
}

}  // namespace klingv2a::cli
