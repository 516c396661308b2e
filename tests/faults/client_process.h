// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A client as a user starts it, gst-launch-1.0 in a process of its own, which can be killed or held at any point of its
// cycle (fault_points.cpp), and whose clock can be set (clock_shift.cpp). Used by one thread.
#pragma once

#include <gio/gio.h>

#include <map>
#include <string>
#include <vector>

#include "gobject_ptr.h"

namespace klingv2a::test {

// Where something happens to a client: see fault_points.cpp for the words.
struct Point {
  enum class Do { nothing, kill, hold };
  Do what = Do::nothing;
  std::string at;  // "WHEN CALL WHAT", or its beginning and a "*"
  int nth = 1;
};

class ClientProcess {
 public:
  // `command` is gst-launch-1.0 with its arguments, or another program that runs it. `folder` is the client's alone
  // while it runs; `below` is what the points are about. The environment is added to this process's own. Throws
  // std::runtime_error.
  ClientProcess(const std::vector<std::string>& command, std::map<std::string, std::string> environment,
                std::string folder, const std::string& below, const Point& point);
  ~ClientProcess();  // ends it
  ClientProcess(const ClientProcess&) = delete;
  ClientProcess& operator=(const ClientProcess&) = delete;

  // Until it is held; false when it has ended instead, or does not come there within 60 s.
  [[nodiscard]] bool wait_until_held();
  void go_on() const;
  // All of it, as when a machine is suspended.
  void stand_still() const;
  void wake() const;
  // Until it has ended: its exit code; 128 + N: signal N; 124: it took longer than two minutes.
  int wait();
  [[nodiscard]] std::string said() const;
  // The points it has passed, "NUMBER WHEN CALL WHAT" each.
  [[nodiscard]] std::vector<std::string> points() const;
  // How many of them have `part` in them.
  [[nodiscard]] int passed(const std::string& part) const;
  // Until these are so many; false when it has ended before, or after 60 s.
  [[nodiscard]] bool wait_until_passed(const std::string& part, int times) const;

 private:
  void signal_group(int number) const;
  [[nodiscard]] bool has_ended() const { return !g_subprocess_get_identifier(process_.get()); }

  const std::string folder_;
  GObjectPtr<GSubprocess> process_;
  int reached_ = -1, go_ = -1;
};

}  // namespace klingv2a::test
