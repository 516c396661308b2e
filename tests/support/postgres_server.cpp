// SPDX-License-Identifier: LGPL-2.1-or-later
#include "postgres_server.h"

#include <glib.h>
#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "raw_server.h"

namespace klingv2a::test {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kDeadline{30};
constexpr std::chrono::milliseconds kBetweenLooks{5};  // the server writes to a file when it is ready

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string contents_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// PostgreSQL does not run as root; `folder` becomes the other user's.
std::vector<std::string> unprivileged(const std::string& folder) {
  if (::geteuid() != 0) return {"setpriv"};
  for (const char* name : {"postgres", "nobody"}) {
    const passwd* user = ::getpwnam(name);  // NOLINT(concurrency-mt-unsafe): one thread
    if (!user) continue;
    if (::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("cannot chown " + folder);
    return {"setpriv",       "--reuid", std::to_string(user->pw_uid), "--regid", std::to_string(user->pw_gid),
            "--clear-groups"};
  }
  throw std::runtime_error("there is no user to run PostgreSQL as");
}

std::vector<std::string> operator+(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void run_or_throw(const std::vector<std::string>& command) {
  const ProgramResult result = run_program(command);
  if (result.exit_code != 0) throw std::runtime_error(command.back() + ": " + result.output + result.errors);
}

std::string escaped(const std::string& text) {
  return GCharPtr(g_uri_escape_string(text.c_str(), nullptr, FALSE)).get();
}

}  // namespace

std::string PostgresServer::programs() {
  const fs::path debian = "/usr/lib/postgresql";
  std::error_code missing;
  for (const auto& version : fs::directory_iterator(debian, missing))
    if (fs::exists(version.path() / "bin/postgres")) return version.path() / "bin";
  const GCharPtr config(g_find_program_in_path("pg_config"));
  const std::string elsewhere = config ? trimmed(run_program({"pg_config", "--bindir"}).output) : "";
  return fs::exists(elsewhere + "/postgres") ? elsewhere : "";
}

PostgresServer::PostgresServer() : port_(free_port()) {
  std::ofstream(folder_.file("password")) << password();
  const auto user = unprivileged(folder_.file(""));
  fs::permissions(folder_.file("password"), fs::perms::others_read, fs::perm_options::add);
  run_or_throw(user + std::vector<std::string>{programs() + "/initdb", "--no-sync", "--username=klingv2a",
                                               "--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust",
                                               "--auth-host=scram-sha-256", "--pwfile=" + folder_.file("password"),
                                               "--pgdata=" + folder_.file("data")});
  start();
}

PostgresServer::~PostgresServer() {
  if (process_) stop_at_once();
}

std::string PostgresServer::uri_of(const std::string& user, const std::string& password,
                                   const std::string& database) const {
  return "postgresql://" + user + ":" + escaped(password) + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PostgresServer::socket_uri(const std::string& user) const {
  return "postgresql://" + user + "@:" + std::to_string(port_) + "/postgres?host=" + escaped(folder_.file(""));
}

std::string PostgresServer::sql(const std::string& statements) const {
  const ProgramResult result =
      run_program({programs() + "/psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                   "--set=ON_ERROR_STOP=1", "--host=" + folder_.file(""), "--port=" + std::to_string(port_),
                   "--username=klingv2a", "--dbname=postgres", "--command=" + statements});
  if (result.exit_code != 0) throw std::runtime_error(statements + ": " + result.errors);
  return trimmed(result.output);
}

void PostgresServer::start() {
  auto command = unprivileged(folder_.file("")) +
                 std::vector<std::string>{"--pdeathsig", "QUIT", programs() + "/postgres", "-D", folder_.file("data")};
  for (const std::string& setting : {std::string("listen_addresses=127.0.0.1"), "port=" + std::to_string(port_),
                                     "unix_socket_directories=" + folder_.file(""), std::string("shared_buffers=16MB"),
                                     std::string("autovacuum=off"), std::string("recovery_init_sync_method=syncfs"),
                                     std::string("logging_collector=off")})
    command.insert(command.end(), {"-c", setting});
  std::vector<const char*> words;
  for (const std::string& word : command) words.push_back(word.c_str());
  words.push_back(nullptr);
  const auto launcher = GObjectPtr<GSubprocessLauncher>::adopt(g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE));
  g_subprocess_launcher_set_stdout_file_path(launcher.get(), "/dev/null");
  g_subprocess_launcher_set_stderr_file_path(launcher.get(), folder_.file("log").c_str());
  process_ = GObjectPtr<GSubprocess>::adopt(g_subprocess_launcher_spawnv(launcher.get(), words.data(), nullptr));
  if (!process_) throw std::runtime_error("cannot start PostgreSQL");
  const auto give_up_at = std::chrono::steady_clock::now() + kDeadline;
  while (!is_ready()) {
    if (!g_subprocess_get_identifier(process_.get()) || std::chrono::steady_clock::now() > give_up_at)
      throw std::runtime_error("PostgreSQL does not come up: " + contents_of(folder_.file("log")));
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

// The server's file says whose it is, and, in the end, that it takes connections.
bool PostgresServer::is_ready() const {
  const char* process = g_subprocess_get_identifier(process_.get());
  const std::string status = contents_of(folder_.file("data/postmaster.pid"));
  return process && status.starts_with(std::string(process) + "\n") && status.find("\nready") != std::string::npos;
}

void PostgresServer::stop_at_once() {
  g_subprocess_send_signal(process_.get(), SIGQUIT);
  g_subprocess_wait(process_.get(), nullptr, nullptr);
  process_ = nullptr;
}

}  // namespace klingv2a::test
