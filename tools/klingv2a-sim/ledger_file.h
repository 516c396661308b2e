// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The ledger on disk: lines that are appended and, at the next start, read again. A line is there as a whole or not at
// all, at whatever moment the process is killed.
//
// Threads: append() and read() one at a time, which is the caller's to see to; sync() at any time. Throws
// std::runtime_error when the disk does not do what it should.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace klingv2a::sim {

class LedgerFile {
 public:
  // Made when absent, and locked, so that two services never write to one. Empty path: nothing is kept.
  explicit LedgerFile(const std::string& path);
  ~LedgerFile();
  LedgerFile(const LedgerFile&) = delete;
  LedgerFile& operator=(const LedgerFile&) = delete;

  // Every whole line, without its end; a torn last one is cut off the file. Once, before the first append().
  [[nodiscard]] std::vector<std::string> read();
  void append(const std::string& line);  // survives the end of the process
  void sync() const;                     // survives the end of the machine

 private:
  [[noreturn]] void fail(const char* what) const;
  void cut_to(std::int64_t size);

  const std::string path_;
  int fd_ = -1;  // -1: nothing is kept
  std::int64_t size_ = 0;
};

}  // namespace klingv2a::sim
