// SPDX-License-Identifier: LGPL-2.1-or-later
//
// journal_program as a process of a test. KLINGV2A_JOURNAL_PROGRAM is where it lies.
//
// Used by one thread. A process that says nothing ends with the test's own time-out.
#pragma once

#include <gio/gio.h>

#include <string>
#include <vector>

#include "gobject_ptr.h"

namespace klingv2a::test {

class JournalProcess {
 public:
  // `wrapper`: words before the program's name, such as setpriv's. Throws std::runtime_error.
  explicit JournalProcess(const std::vector<std::string>& arguments, const std::vector<std::string>& wrapper = {});
  ~JournalProcess();  // kills it
  JournalProcess(const JournalProcess&) = delete;
  JournalProcess& operator=(const JournalProcess&) = delete;

  // The next line it says; empty at the end.
  [[nodiscard]] std::string line();
  // All that it has still to say.
  [[nodiscard]] std::string rest();
  // Waits until it is ready, and lets it go on.
  void go();
  // Waits until it is over. 128 + N: signal N.
  int end();
  void kill();

 private:
  GObjectPtr<GSubprocess> process_;
  GObjectPtr<GDataInputStream> output_;
};

}  // namespace klingv2a::test
