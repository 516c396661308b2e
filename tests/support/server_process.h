// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Another project's server as a child of the test: it is killed with the object, and with the thread that made it.
//
// Used by one thread.
#pragma once

#include <gio/gio.h>

#include <string>
#include <vector>

#include "gobject_ptr.h"

namespace klingv2a::test {

class ServerProcess {
 public:
  // Returns when `ready_file` is there and not empty: the server writes it when it takes requests. What it says goes
  // to `log`, and is in the std::runtime_error that is thrown when it does not come up.
  ServerProcess(const std::vector<std::string>& command, const std::string& log, const std::string& ready_file);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

 private:
  GObjectPtr<GSubprocess> process_;
};

[[nodiscard]] std::string contents_of(const std::string& path);

}  // namespace klingv2a::test
