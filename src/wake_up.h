// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An event between two threads: whoever signals it ends the wait of the other one, also when that has not begun yet.
// Any number of signals are one, until they are taken. Any thread may signal; one takes.
#pragma once

#include <gio/gio.h>

namespace klingv2a {

class WakeUp {
 public:
  WakeUp();  // throws Error{settings} when the process has no descriptor left
  ~WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  // What changes is the system's: a const event can be signalled, and taken.
  void signal() const noexcept;
  // Takes all signals so far; false: there was none.
  bool take() const noexcept;
  // Readable while there is a signal to be taken.
  [[nodiscard]] GPollFD descriptor() const noexcept;

 private:
  int fd_;
};

}  // namespace klingv2a
