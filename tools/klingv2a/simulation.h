// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A simulated service for one run: klingv2a-sim as a child, on a port that the kernel chose, with a key and a journal
// of its own. It ends with this object, and with this process, however that ends. Made and used on the main thread,
// before any other one runs: it writes the environment (KLINGV2A_BASE_URL, KLINGV2A_API_KEY, KLINGV2A_JOURNAL), which
// the elements and the workers read.
#pragma once

#include <gio/gio.h>

#include <string>

#include "gobject_ptr.h"

namespace klingv2a::cli {

class Simulation {
 public:
  // `task_time`: seconds as text; empty: the service's own. Throws Error{settings} when it cannot be found or started.
  explicit Simulation(const std::string& task_time);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

 private:
  std::string folder_;  // of its journal
  GObjectPtr<GSubprocess> service_;
};

// For programs that are started: ends them with the thread that starts them, and keeps Ctrl-C, which a terminal sends
// to the whole group, from them.
struct ChildBond {
  int signal;  // what ends it: SIGTERM, SIGKILL
  int parent;  // getpid(), before the child is there
};
// To be called in the child, between fork and exec; `bond` is a ChildBond.
void bind_child_to_parent(gpointer bond);

}  // namespace klingv2a::cli
