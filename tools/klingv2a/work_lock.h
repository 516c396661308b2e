// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One at a time: a file that a process locks while it works on an output, or in a folder of outputs, and that says who
// that is. The kernel lets go of it when the process ends, however that is; a file that was left behind is taken over.
// Where files cannot be locked, all may work, and that is logged. Used on the main thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace klingv2a::cli {

// Whether, and how, to wait for another run that is at work.
struct Patience {
  std::chrono::seconds longest{0};
  std::function<bool()> is_cancelled = [] { return false; };                        // asked while the main loop turns
  std::function<void(const std::string& who)> on_wait = [](const std::string&) {};  // once, when it begins
};

class WorkLock {
 public:
  // `file` is the lock; `what` is worked on, for messages. Throws Error{busy} that names who has it when the patience
  // is over, Error{cancelled}, Error{disk} when there can be no file.
  WorkLock(std::string file, std::string what, const Patience& patience);
  ~WorkLock();
  WorkLock(const WorkLock&) = delete;
  WorkLock& operator=(const WorkLock&) = delete;

 private:
  [[nodiscard]] bool try_take();
  void wait(const Patience& patience);

  const std::string file_, what_;
  int fd_ = -1;
};

// Of one output: beside it, under a name that is never too long. Of a folder: in it.
[[nodiscard]] std::string lock_of_output(const std::string& out);
[[nodiscard]] std::string lock_of_folder(const std::string& folder);

}  // namespace klingv2a::cli
