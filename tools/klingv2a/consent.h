// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whoever sits at a terminal is asked before more than one task is paid for. Elsewhere --max-clips decides.
//
// Threads: before_submit() on the element's threads, of which the first one asks and the others wait; the rest on the
// main thread.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "mutex.h"

namespace klingv2a::cli {

class Consent {
 public:
  // Seconds of the video; nothing: not known, so nobody is asked.
  using Length = std::function<std::optional<double>()>;

  // `length` is asked on the thread that asks.
  Consent(std::string in, Length length) : in_(std::move(in)), length_(std::move(length)) {}

  // Is somebody there who could answer?
  [[nodiscard]] static bool can_ask();
  // Why the task is not to be asked for; empty: it is. Waits for the answer, and ends soon after cancel().
  [[nodiscard]] std::string before_submit() EXCLUDES(mutex_);
  // Ends the wait for an answer.
  void cancel() { cancelled_ = true; }
  // Likewise; when this returns, `length` is not asked any more.
  void end() EXCLUDES(mutex_);

 private:
  [[nodiscard]] bool ask(const std::string& question) const;

  const std::string in_;
  const Length length_;
  std::atomic<bool> cancelled_ = false;
  Mutex mutex_;
  std::optional<bool> answer_ GUARDED_BY(mutex_);
};

// The least number of tasks that a video of so many seconds takes.
[[nodiscard]] unsigned least_tasks(double seconds);

}  // namespace klingv2a::cli
