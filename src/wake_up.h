// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A bell between two threads: whoever rings it ends the wait of the one that listens, also when the wait has not begun
// yet. Any number of rings are one, until they are taken. Any thread may ring; one takes.
#pragma once

#include <gio/gio.h>

namespace klingv2a {

class WakeUp {
 public:
  WakeUp();  // throws Error{settings} when the process has no descriptor left
  ~WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  // What changes is the system's: a const bell can be rung, and heard.
  void ring() const noexcept;
  // Takes all rings so far; false: there was none.
  bool take() const noexcept;
  // Readable while there is a ring to be taken.
  [[nodiscard]] GPollFD descriptor() const noexcept;

 private:
  int fd_;
};

}  // namespace klingv2a
