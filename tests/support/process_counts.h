// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How many threads and file descriptors the process has: what is left over after a run shows here. Linux only; any
// thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <ostream>

namespace klingv2a::test {

struct ProcessCounts {
  std::ptrdiff_t threads = 0, fds = 0;
  bool operator==(const ProcessCounts&) const = default;

  friend std::ostream& operator<<(std::ostream& out, const ProcessCounts& counts) {
    return out << counts.threads << " threads, " << counts.fds << " file descriptors";
  }

  [[nodiscard]] static ProcessCounts now() { return {entries("/proc/self/task"), entries("/proc/self/fd")}; }

 private:
  static std::ptrdiff_t entries(const char* folder) {
    return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
  }
};

}  // namespace klingv2a::test
