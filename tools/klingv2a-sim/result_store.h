// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a task has fetched and made, in files beside the ledger, so that a service that was killed answers for its
// results byte for byte as before: encoders and muxers would not make the same file twice.
//
// Threads: any; different tasks never share a file. Throws std::runtime_error when the disk does not do what it should.
#pragma once

#include <string>

#include "blob.h"

namespace klingv2a::sim {

class ResultStore {
 public:
  // Made when absent. Empty: nothing is kept.
  explicit ResultStore(std::string folder);

  // Whole or not at all, also when the process is killed meanwhile. An empty pointer is not kept.
  void keep(const std::string& task_id, const char* what, const Blob& blob) const;
  // Empty pointer: it was not kept.
  [[nodiscard]] Blob load(const std::string& task_id, const char* what) const;

 private:
  [[nodiscard]] std::string path_of(const std::string& task_id, const char* what) const;

  const std::string folder_;
};

}  // namespace klingv2a::sim
