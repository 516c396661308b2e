// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A folder that goes, with all that is in it, with the object. Any thread.
#pragma once

#include <filesystem>
#include <string>

namespace klingv2a::test {

class TemporaryFolder {
 public:
  // Throws std::runtime_error. Without `parent` it lies where temporary files lie, which may be a tmpfs.
  explicit TemporaryFolder(const std::filesystem::path& parent = {});
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace klingv2a::test
