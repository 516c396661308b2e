// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The results' files: kept so that a paid sound is never fetched twice, within a limit. A file is whole or not there:
// it is written under another name, synced and renamed. Whoever reads one holds a shared lock on it, and the limit
// passes it over.
//
// Any number of programs use one directory at a time. An object has no state but its settings; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "journal/row.h"
#include "spool_file.h"

namespace klingv2a::journal {

struct KeptResult {
  std::string name;      // within the directory
  std::string checksum;  // 128-bit xxHash, hexadecimal
  std::int64_t bytes = 0;
};

class Results {
 public:
  // `max_bytes`: what all files together may take; 0 keeps none.
  Results(std::string directory, std::uint64_t max_bytes) : directory_(std::move(directory)), max_bytes_(max_bytes) {}

  // Copies `sound` to `name`, on the disk before this returns, and removes the oldest others beyond the limit.
  // Throws Error{disk}; then nothing of it is left behind.
  [[nodiscard]] KeptResult keep(const std::string& name, const SpoolFile& sound) const;
  // The row's result, held against removal as long as the file is open. Null when it is not there any more, or no
  // longer what was kept (that is logged).
  [[nodiscard]] std::shared_ptr<const SpoolFile> open(const Row& row) const;
  // Removes the row's file, unless somebody reads it.
  void remove(const Row& row) const;
  // Removes the oldest files that nobody reads until the rest is within the limit; `spared` is not removed.
  void make_room(const std::string& spared = {}) const;

 private:
  [[nodiscard]] std::string path_of(const std::string& name) const { return directory_ + "/" + name; }

  const std::string directory_;
  const std::uint64_t max_bytes_;
};

}  // namespace klingv2a::journal
