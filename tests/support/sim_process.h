// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2a-sim as a process of its own: it can be killed like a machine that loses power, and its threads and file
// descriptors are not counted as the test's. Used by one thread.
#pragma once

#include <gio/gio.h>

#include <string>
#include <vector>

#include "gobject_ptr.h"

namespace klingv2a::test {

class SimProcess {
 public:
  // Ready for requests when it returns. Throws std::runtime_error when `program` does not come up.
  SimProcess(const std::string& program, const std::vector<std::string>& arguments);
  ~SimProcess();  // kills it
  SimProcess(const SimProcess&) = delete;
  SimProcess& operator=(const SimProcess&) = delete;

  [[nodiscard]] const std::string& base_url() const { return base_url_; }
  [[nodiscard]] std::string port() const;  // for --port of its successor
  void kill();                             // SIGKILL, and until it is gone
  void add_fault(const std::string& json) const;
  void clear_faults() const;
  // What GET /sim/ledger answers: {"tasks":[…],"requests":[…],"most_in_flight":N}.
  [[nodiscard]] std::string ledger() const;
  // How many requests it has seen whose JSON in the ledger holds `part` ("\"method\":\"POST\"").
  [[nodiscard]] int count(const std::string& part) const;
  // Waits until it has seen `wanted` of them; false after 30 s.
  [[nodiscard]] bool wait_for(const std::string& part, int wanted = 1) const;

 private:
  [[nodiscard]] std::string admin(const std::string& method, const std::string& path, const std::string& body) const;

  GObjectPtr<GSubprocess> process_;
  std::string base_url_;
};

}  // namespace klingv2a::test
