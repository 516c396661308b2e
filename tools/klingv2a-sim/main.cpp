// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2a-sim: the simulated service with a command line. It runs until SIGINT or SIGTERM.
#include <glib-unix.h>
#include <glib.h>

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
      : interrupted_(g_unix_signal_add(SIGINT, quit, this)), terminated_(g_unix_signal_add(SIGTERM, quit, this)) {}
  ~SignalLoop() {
    g_source_remove(interrupted_);
    g_source_remove(terminated_);
  }
  SignalLoop(const SignalLoop&) = delete;
  SignalLoop& operator=(const SignalLoop&) = delete;

  void run() const {
    while (!ended_) g_main_context_iteration(nullptr, TRUE);
  }

 private:
  static gboolean quit(gpointer data) {
    static_cast<SignalLoop*>(data)->ended_ = true;
    return G_SOURCE_CONTINUE;
  }

  bool ended_ = false;
  const guint interrupted_, terminated_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    const CommandLine line = klingv2a::sim::parse_command_line(argc, argv);
    SignalLoop loop;
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
