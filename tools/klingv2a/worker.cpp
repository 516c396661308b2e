// SPDX-License-Identifier: LGPL-2.1-or-later
#include "worker.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>
#include <vector>

#include "environment.h"
#include "error.h"
#include "simulation.h"

namespace klingv2a::cli {

namespace {

// For what a job before this one has left running: that was asked to end.
constexpr int kPatienceS = 30;
constexpr const char* kSettingsVariable = "KLINGV2A_WORKER_SETTINGS";

// Byte by byte, whatever the encoding: a journal of nearly the same name would not know what has been paid.
std::string as_json(const Settings& settings) {
  JsonText object;
  for (const Setting& setting : settings) {
    const GCharPtr escaped(g_strescape(setting.value.c_str(), nullptr));
    object.set(setting.property.c_str(), escaped.get());
  }
  return object.line();
}

std::vector<std::string> command_for(const FileJob& job) {
  std::vector<std::string> words{own_path(), "dub", "--worker", "--json", "--report=" + job.report_file};
  words.push_back("--wait=" + std::to_string(kPatienceS));
  if (job.simulated) words.emplace_back("--simulate");
  if (job.overwrite) words.emplace_back("--overwrite");
  words.insert(words.end(), {"--output=" + job.out, "--", job.in});
  return words;
}

GObjectPtr<GSubprocess> start(const FileJob& job) {
  const auto launcher =
      GObjectPtr<GSubprocessLauncher>::adopt(g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE));
  g_subprocess_launcher_setenv(launcher.get(), kSettingsVariable, as_json(job.settings).c_str(), TRUE);
  ChildBond bond{SIGTERM, ::getpid()};
  g_subprocess_launcher_set_child_setup(launcher.get(), bind_child_to_parent, &bond, nullptr);
  const std::vector<std::string> words = command_for(job);
  std::vector<const char*> argv;
  argv.reserve(words.size() + 1);
  for (const std::string& word : words) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  GError* failure = nullptr;
  auto process = GObjectPtr<GSubprocess>::adopt(g_subprocess_launcher_spawnv(launcher.get(), argv.data(), &failure));
  const GErrorPtr error(failure);
  if (!process) throw make_error(ErrorKind::settings, Phase::check, error->message);
  return process;
}

int exit_code_of(GSubprocess* process) {
  constexpr int kSignals = 128;
  const int status = g_subprocess_get_status(process);
  return WIFSIGNALED(status) ? kSignals + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Worker::Worker(const FileJob& job, OnEvent on_event, OnEnd on_end)
    : on_event_(std::move(on_event)),
      on_end_(std::move(on_end)),
      cancel_(GObjectPtr<GCancellable>::adopt(g_cancellable_new())),
      process_(start(job)),
      output_(
          GObjectPtr<GDataInputStream>::adopt(g_data_input_stream_new(g_subprocess_get_stdout_pipe(process_.get())))) {
  read_on();
  g_subprocess_wait_async(process_.get(), cancel_.get(), on_exit, this);
}

// Callbacks that are still due find their call cancelled, and do not touch this object.
Worker::~Worker() {
  g_cancellable_cancel(cancel_.get());
}

void Worker::interrupt() const {
  g_subprocess_send_signal(process_.get(), SIGINT);
}

void Worker::read_on() {
  g_data_input_stream_read_line_async(output_.get(), G_PRIORITY_DEFAULT, cancel_.get(), on_line, this);
}

void Worker::on_line(GObject* stream, GAsyncResult* result, gpointer self) {
  GError* failure = nullptr;
  const GCharPtr line(g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(stream), result, nullptr, &failure));
  const GErrorPtr error(failure);
  if (error && g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_CANCELLED)) return;
  auto& worker = *static_cast<Worker*>(self);
  if (!line) {
    worker.output_ended_ = true;
    return worker.end_if_all_is_read();
  }
  // A library may print something that is no event.
  if (JsonNodePtr event = parse_json(line.get()); object_of(event)) worker.on_event_(std::move(event));
  worker.read_on();
}

void Worker::on_exit(GObject* process, GAsyncResult* result, gpointer self) {
  GError* failure = nullptr;
  g_subprocess_wait_finish(G_SUBPROCESS(process), result, &failure);
  const GErrorPtr error(failure);
  if (error) return;
  auto& worker = *static_cast<Worker*>(self);
  worker.exited_ = true;
  worker.end_if_all_is_read();
}

// The handler may destroy this object: nothing is touched after it.
void Worker::end_if_all_is_read() {
  if (!output_ended_ || !exited_) return;
  const OnEnd tell = on_end_;
  tell(exit_code_of(process_.get()));
}

Settings worker_settings() {
  Settings settings;
  const JsonNodePtr node = parse_json(environment(kSettingsVariable));
  JsonObject* object = object_of(node);
  if (!object)
    throw make_error(ErrorKind::settings, Phase::check, std::string(kSettingsVariable) + " holds no settings");
  const std::unique_ptr<GList, Deleter<g_list_free>> names(json_object_get_members(object));
  for (const GList* name = names.get(); name; name = name->next) {
    const char* property = static_cast<const char*>(name->data);
    const GCharPtr value(g_strcompress(member_text(object, property).c_str()));
    settings.push_back({property, value.get()});
  }
  g_unsetenv(kSettingsVariable);
  return settings;
}

}  // namespace klingv2a::cli
