// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What can be known of OUT before a task is paid for: its place is free, its part can be written, and there is room for
// all of it. Asked at the start, and again before each POST: hours may have passed.
//
// check_again() runs on a thread of the element; the rest on the main thread. One mutex guards what was found.
#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include "mutex.h"

namespace klingv2a::cli {

class OutputCheck {
 public:
  // `part` is where `out` is written until it is complete, and `bytes` what it will have.
  OutputCheck(std::string out, std::string part, bool overwrite, std::uint64_t bytes);

  // Throws Error{disk}, or OutputExists.
  void check() const;
  // Likewise, as a sentence; empty: all is well. What was found is kept.
  [[nodiscard]] std::string check_again() noexcept;
  // Throws what check_again() has found.
  void throw_found() const;

 private:
  const std::string out_, part_;
  const bool overwrite_;
  const std::uint64_t bytes_;
  mutable Mutex mutex_;
  std::exception_ptr found_ GUARDED_BY(mutex_);
};

}  // namespace klingv2a::cli
