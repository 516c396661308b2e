// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2a-sim: the simulated service with a command line. It runs until SIGINT or SIGTERM, or
// until nobody uses it any more.
#include <fcntl.h>
#include <glib-unix.h>
#include <glib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <string>

#include "command_line.h"
#include "gobject_ptr.h"
#include "service.h"

namespace {

using klingv2a::sim::CommandLine;

// The last line is for programs: it comes once requests are answered.
void announce(const klingv2a::sim::Service& service, const std::string& port_file) {
  const std::string base_url = service.base_url();
  std::cout << "klingv2a-sim: this is a SIMULATION of Kling's service. No money is spent; its sounds are synthetic.\n"
            << "base-url " << base_url << std::endl;
  if (port_file.empty()) return;
  const klingv2a::GUriPtr uri(g_uri_parse(base_url.c_str(), G_URI_FLAGS_NONE, nullptr));
  const std::string line = std::to_string(g_uri_get_port(uri.get())) + "\n";
  GError* failure = nullptr;
  const bool written = g_file_set_contents(port_file.c_str(), line.c_str(), -1, &failure);
  const klingv2a::GErrorPtr error(failure);
  if (!written) throw std::runtime_error(error->message);
}

// Heeds SIGINT and SIGTERM from its construction on, so that one that comes before run() is not lost.
class SignalLoop {
 public:
  SignalLoop()
      : interrupted_(g_unix_signal_add(SIGINT, on_signal, this)),
        terminated_(g_unix_signal_add(SIGTERM, on_signal, this)) {}
  ~SignalLoop() {
    g_source_remove(interrupted_);
    g_source_remove(terminated_);
  }
  SignalLoop(const SignalLoop&) = delete;
  SignalLoop& operator=(const SignalLoop&) = delete;

  // Ends run(), too.
  void quit() { ended_ = true; }

  void run() const {
    while (!ended_) g_main_context_iteration(nullptr, TRUE);
  }

 private:
  static gboolean on_signal(gpointer data) {
    static_cast<SignalLoop*>(data)->quit();
    return G_SOURCE_CONTINUE;
  }

  bool ended_ = false;
  const guint interrupted_, terminated_;
};

// Those who use the service hold a shared lock on a file, which the kernel takes from them when they end. The service
// that gets it alone has no user, and keeps it until it has ended, so that nobody begins to use it meanwhile.
class Users {
 public:
  Users(const std::string& file, SignalLoop& loop) : loop_(loop) {
    if (file.empty()) return;
    fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd_ < 0) throw std::runtime_error(file + " cannot be opened: " + g_strerror(errno));
    look_ = g_timeout_add(kBetweenLooksMs, on_look, this);
  }
  ~Users() {
    if (look_ != 0) g_source_remove(look_);
    if (fd_ >= 0) ::close(fd_);
  }
  Users(const Users&) = delete;
  Users& operator=(const Users&) = delete;

 private:
  static constexpr guint kBetweenLooksMs = 200;
  static gboolean on_look(gpointer data) {
    auto& users = *static_cast<Users*>(data);
    if (::flock(users.fd_, LOCK_EX | LOCK_NB) == 0) users.loop_.quit();
    return G_SOURCE_CONTINUE;
  }

  SignalLoop& loop_;
  int fd_ = -1;
  guint look_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  // Programs read stdout: GLib's log is not for them.
  g_log_writer_default_set_use_stderr(TRUE);
  try {
    const CommandLine line = klingv2a::sim::parse_command_line(argc, argv);
    SignalLoop loop;
    const Users users(line.while_locked, loop);
    klingv2a::sim::Service service(line.options);
    announce(service, line.port_file);
    loop.run();
    return 0;
  } catch (const std::invalid_argument& wrong) {
    std::cerr << "klingv2a-sim: " << wrong.what() << "\n";
    return 2;
  } catch (const std::exception& failure) {
    std::cerr << "klingv2a-sim: " << failure.what() << "\n";
    return 1;
  }
}
