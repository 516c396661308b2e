// SPDX-License-Identifier: LGPL-2.1-or-later
#include "simulation.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <vector>

#include "environment.h"
#include "error.h"

namespace klingv2a::cli {

namespace {

constexpr const char* kProgram = "klingv2a-sim";
constexpr const char* kReady = "base-url ";
constexpr guint kPatienceS = 20;

Error not_started(const std::string& why) {
  return make_error(ErrorKind::settings, Phase::check, std::string("the simulated service does not start: ") + why);
}

// Beside this program, in the build tree, or in PATH.
std::string find_service() {
  const std::string folder = own_folder();
  for (const std::string& path : {folder + "/" + kProgram, folder + "/../" + kProgram + "/" + kProgram})
    if (g_file_test(path.c_str(), G_FILE_TEST_IS_EXECUTABLE) && !g_file_test(path.c_str(), G_FILE_TEST_IS_DIR))
      return path;
  const GCharPtr path(g_find_program_in_path(kProgram));
  if (!path) throw not_started(std::string(kProgram) + " is neither in " + folder + " nor in PATH");
  return path.get();
}

std::string make_folder() {
  GError* failure = nullptr;
  const GCharPtr folder(g_dir_make_tmp("klingv2a-simulation-XXXXXX", &failure));
  const GErrorPtr error(failure);
  if (!folder) throw not_started(error->message);
  return folder.get();
}

GObjectPtr<GSubprocess> start(const std::string& task_time, const std::string& key) {
  const auto launcher =
      GObjectPtr<GSubprocessLauncher>::adopt(g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE));
  g_subprocess_launcher_setenv(launcher.get(), "KLINGV2A_SIM_KEY", key.c_str(), TRUE);
  // Keys that are worth something are none of its business.
  for (const char* name : {"KLINGV2A_API_KEY", "COMETAPI_KEY", "KLINGV2A_ACCESS_KEY", "KLINGV2A_SECRET_KEY"})
    g_subprocess_launcher_unsetenv(launcher.get(), name);
  ChildBond bond{SIGKILL, ::getpid()};
  g_subprocess_launcher_set_child_setup(launcher.get(), bind_child_to_parent, &bond, nullptr);
  const std::string program = find_service();
  std::vector<const char*> words{program.c_str()};
  if (!task_time.empty()) words.insert(words.end(), {"--task-time", task_time.c_str()});
  words.push_back(nullptr);
  GError* failure = nullptr;
  auto service = GObjectPtr<GSubprocess>::adopt(g_subprocess_launcher_spawnv(launcher.get(), words.data(), &failure));
  const GErrorPtr error(failure);
  if (!service) throw not_started(error->message);
  return service;
}

gboolean on_timeout(gpointer cancellable) {
  g_cancellable_cancel(static_cast<GCancellable*>(cancellable));
  return G_SOURCE_CONTINUE;
}

void on_line(GObject* stream, GAsyncResult* result, gpointer line) {
  *static_cast<GAsyncResult**>(line) = G_ASYNC_RESULT(g_object_ref(result));
  (void)stream;
}

// A line of its output; empty when it has ended, or says nothing for too long.
std::string read_line(GDataInputStream* output) {
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  const guint timeout = g_timeout_add_seconds(kPatienceS, on_timeout, cancel.get());
  GAsyncResult* answer = nullptr;
  g_data_input_stream_read_line_async(output, G_PRIORITY_DEFAULT, cancel.get(), on_line, &answer);
  while (!answer) g_main_context_iteration(nullptr, TRUE);
  g_source_remove(timeout);
  const auto owned = GObjectPtr<GAsyncResult>::adopt(answer);
  const GCharPtr text(g_data_input_stream_read_line_finish(output, answer, nullptr, nullptr));
  return text ? text.get() : "";
}

std::string wait_for_base_url(GSubprocess* service) {
  const auto output =
      GObjectPtr<GDataInputStream>::adopt(g_data_input_stream_new(g_subprocess_get_stdout_pipe(service)));
  for (std::string line = read_line(output.get()); !line.empty(); line = read_line(output.get()))
    if (line.starts_with(kReady)) return line.substr(std::string(kReady).size());
  throw not_started("it does not say where it is");
}

}  // namespace

// Between fork and exec: nothing but system calls.
void bind_child_to_parent(gpointer bond) {
  const auto* wanted = static_cast<const ChildBond*>(bond);
  ::prctl(PR_SET_PDEATHSIG, wanted->signal);
  ::setpgid(0, 0);
  if (::getppid() != wanted->parent) ::_exit(1);  // it was gone before the kernel could be told
}

Simulation::Simulation(const std::string& task_time) {
  const GCharPtr key(g_uuid_string_random());
  service_ = start(task_time, key.get());
  const std::string base_url = wait_for_base_url(service_.get());
  folder_ = make_folder();
  g_setenv("KLINGV2A_BASE_URL", base_url.c_str(), TRUE);
  g_setenv("KLINGV2A_API_KEY", key.get(), TRUE);
  g_setenv("KLINGV2A_JOURNAL", (folder_ + "/journal.sqlite").c_str(), TRUE);
}

Simulation::~Simulation() {
  g_subprocess_force_exit(service_.get());
  g_subprocess_wait(service_.get(), nullptr, nullptr);
  std::error_code ignored;  // it lies where temporary files lie
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace klingv2a::cli
