// SPDX-License-Identifier: LGPL-2.1-or-later
#include "simulation.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "environment.h"
#include "error.h"
#include "user_folders.h"
#include "work_lock.h"

namespace klingv2a::cli {

namespace {

constexpr const char* kProgram = "klingv2a-sim";
constexpr const char* kReady = "base-url ";
constexpr guint kPatienceS = 20;
constexpr std::chrono::seconds kPatience{kPatienceS};
constexpr std::chrono::milliseconds kBetweenLooks{20};

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

// Its files: what the service knows (ledger), who uses it (users), where it was (base-url), its key and the journal.
std::string make_folder() {
  constexpr int kForItsOwnerAlone = 0700;
  const std::string folder =
      user_folder("XDG_STATE_HOME", ".local/state", "set XDG_STATE_HOME") + "/klingv2a/simulation";
  if (g_mkdir_with_parents(folder.c_str(), kForItsOwnerAlone) == 0) return folder;
  throw not_started("cannot make " + folder + ": " + g_strerror(errno));
}

std::string text_of(const std::string& file) {
  char* text = nullptr;
  if (!g_file_get_contents(file.c_str(), &text, nullptr, nullptr)) return {};
  return g_strstrip(GCharPtr(text).get());
}

void write_secret(const std::string& file, const std::string& text) {
  constexpr int kForItsOwnerAlone = 0600;
  GError* failure = nullptr;
  const bool written = g_file_set_contents_full(file.c_str(), text.c_str(), -1, G_FILE_SET_CONTENTS_CONSISTENT,
                                                kForItsOwnerAlone, &failure);
  const GErrorPtr error(failure);
  if (!written) throw not_started(error->message);
}

// A key for all runs: the journal tells accounts apart by it.
std::string key_in(const std::string& folder) {
  const std::string file = folder + "/key";
  if (std::string key = text_of(file); !key.empty()) return key;
  const GCharPtr key(g_uuid_string_random());
  write_secret(file, key.get());
  return key.get();
}

int open_file(const std::string& file) {
  constexpr mode_t kForItsOwnerAlone = 0600;
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kForItsOwnerAlone);
  if (fd < 0) throw not_started("cannot write " + file + ": " + g_strerror(errno));
  return fd;
}

// The service has its ledger for itself as long as it lives.
bool is_running(const std::string& folder) {
  const int fd = open_file(folder + "/ledger");
  const bool taken = ::flock(fd, LOCK_EX | LOCK_NB) != 0;
  ::close(fd);
  return taken;
}

void forget_all(const std::string& folder) {
  std::error_code ignored;
  for (const char* name : {"ledger", "ledger.results", "journal-simulated.sqlite", "journal-simulated.sqlite-wal",
                           "journal-simulated.sqlite-shm"})
    std::filesystem::remove_all(folder + "/" + name, ignored);
}

void in_a_group_of_its_own(gpointer) {
  ::setpgid(0, 0);  // keeps Ctrl-C from it
}

// Words of its command line. Not bound to this process: other runs may use it when this one has ended.
GObjectPtr<GSubprocess> spawn(const std::vector<std::string>& words, const std::string& key) {
  const auto launcher =
      GObjectPtr<GSubprocessLauncher>::adopt(g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE));
  g_subprocess_launcher_setenv(launcher.get(), "KLINGV2A_SIM_KEY", key.c_str(), TRUE);
  // Keys that are worth something are none of its business.
  for (const char* name : {"KLINGV2A_API_KEY", "COMETAPI_KEY", "KLINGV2A_ACCESS_KEY", "KLINGV2A_SECRET_KEY"})
    g_subprocess_launcher_unsetenv(launcher.get(), name);
  g_subprocess_launcher_set_child_setup(launcher.get(), in_a_group_of_its_own, nullptr, nullptr);
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  GError* failure = nullptr;
  auto service = GObjectPtr<GSubprocess>::adopt(g_subprocess_launcher_spawnv(launcher.get(), argv.data(), &failure));
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

// Where it listens, once it does; empty when it has ended.
std::string base_url_of(GSubprocess* service) {
  const auto output =
      GObjectPtr<GDataInputStream>::adopt(g_data_input_stream_new(g_subprocess_get_stdout_pipe(service)));
  for (std::string line = read_line(output.get()); !line.empty(); line = read_line(output.get()))
    if (line.starts_with(kReady)) return line.substr(std::string(kReady).size());
  return {};
}

std::string port_of(const std::string& url) {
  const GUriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_NONE, nullptr));
  const int port = uri ? g_uri_get_port(uri.get()) : -1;
  return port > 0 ? std::to_string(port) : "";
}

}  // namespace

// Between fork and exec: nothing but system calls.
void bind_child_to_parent(gpointer bond) {
  const auto* wanted = static_cast<const ChildBond*>(bond);
  ::prctl(PR_SET_PDEATHSIG, wanted->signal);
  ::setpgid(0, 0);
  if (::getppid() != wanted->parent) ::_exit(1);  // it was gone before the kernel could be asked
}

Simulation::Simulation(const std::string& task_time, Begin begin) : folder_(make_folder()) {
  // One run at a time begins or ends to use it.
  const WorkLock beginning(folder_ + "/begin", "the simulation in " + folder_, {.longest = kPatience});
  take_use(begin);
  const std::string key = key_in(folder_);
  const std::string url = is_running(folder_) ? text_of(folder_ + "/base-url") : start_service(task_time, key);
  g_setenv("KLINGV2A_BASE_URL", url.c_str(), TRUE);
  g_setenv("KLINGV2A_API_KEY", key.c_str(), TRUE);
  g_setenv("KLINGV2A_JOURNAL", (folder_ + "/journal.sqlite").c_str(), TRUE);
}

// Who has started the service and is the last to use it waits for its end, and keeps others out until then. In all
// other cases it ends by itself, after the last one.
Simulation::~Simulation() {
  if (service_ && ::flock(use_, LOCK_EX | LOCK_NB) == 0) {
    g_subprocess_send_signal(service_.get(), SIGTERM);
    g_subprocess_wait(service_.get(), nullptr, nullptr);
  }
  ::close(use_);
}

void Simulation::name_journal() {
  g_setenv("KLINGV2A_JOURNAL", (make_folder() + "/journal.sqlite").c_str(), TRUE);
}

// A service that ends holds the lock alone until it has ended.
void Simulation::take_use(Begin begin) {
  use_ = open_file(folder_ + "/users");
  if (begin == Begin::afresh) {
    if (::flock(use_, LOCK_EX | LOCK_NB) != 0 || is_running(folder_)) {
      ::close(use_);
      throw make_error(ErrorKind::busy, Phase::check, "another run uses the simulation, which cannot begin afresh now",
                       "wait for that, or leave out --simulate-fresh");
    }
    forget_all(folder_);
  }
  const auto give_up_at = std::chrono::steady_clock::now() + kPatience;
  while (::flock(use_, LOCK_SH | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() > give_up_at) throw not_started("one that ends does not end");
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

// At the port of the last time, unless somebody else has that by now: then another one, at which nothing is known.
std::string Simulation::start_service(const std::string& task_time, const std::string& key) {
  std::vector<std::string> words{find_service(), "--ledger", folder_ + "/ledger", "--while-locked", folder_ + "/users"};
  if (!task_time.empty()) words.insert(words.end(), {"--task-time", task_time});
  std::string url;
  if (const std::string port = port_of(text_of(folder_ + "/base-url")); !port.empty()) {
    std::vector<std::string> at_port = words;
    at_port.insert(at_port.end(), {"--port", port});
    service_ = spawn(at_port, key);
    url = base_url_of(service_.get());
    if (url.empty()) g_warning("port %s is taken: what was simulated before is not known at another one", port.c_str());
  }
  if (url.empty()) {
    service_ = spawn(words, key);
    url = base_url_of(service_.get());
  }
  if (url.empty()) throw not_started("it does not say where it is");
  write_secret(folder_ + "/base-url", url);
  return url;
}

}  // namespace klingv2a::cli
