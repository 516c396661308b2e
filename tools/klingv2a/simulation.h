// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The simulated service, as `--simulate` uses it: klingv2a-sim on this machine, with a key, a journal and a ledger of
// its own in the state folder, so that a rerun, a resume and `tasks` can be tried as with the real one. Runs at the
// same time use one service; it is started by the first and ends with the last of them, however they end. Its port is
// kept, because the journal knows a service by its address. Made and used on the main thread, before any other one
// runs: it writes the environment (KLINGV2A_BASE_URL, KLINGV2A_API_KEY, KLINGV2A_JOURNAL), which the elements and the
// workers read.
#pragma once

#include <gio/gio.h>

#include <string>

#include "gobject_ptr.h"

namespace klingv2a::cli {

class Simulation {
 public:
  enum class Begin { where_it_was, afresh };
  // `task_time`: seconds as text; empty: the service's own. A service that runs already keeps its own. Throws
  // Error{settings} when it cannot be found or started, Error{busy} when it is to begin afresh and another run uses it.
  Simulation(const std::string& task_time, Begin begin);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // Only names the journal, for who asks no service.
  static void name_journal();

 private:
  void take_use(Begin begin);
  [[nodiscard]] std::string start_service(const std::string& task_time, const std::string& key);

  const std::string folder_;
  int use_ = -1;                     // a shared lock, as long as the service is used
  GObjectPtr<GSubprocess> service_;  // null: another run has started it
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
