// SPDX-License-Identifier: LGPL-2.1-or-later
#include "output_check.h"

#include <filesystem>
#include <utility>

#include "disk_room.h"
#include "output_file.h"

namespace klingv2a::cli {

OutputCheck::OutputCheck(std::string out, std::string part, bool overwrite, std::uint64_t bytes)
    : out_(std::move(out)), part_(std::move(part)), overwrite_(overwrite), bytes_(bytes) {}

void OutputCheck::check() const {
  check_output_again(out_, part_, overwrite_);
  const std::string folder = std::filesystem::path(part_).parent_path().string();
  if (bytes_ > 0) check_room(folder.empty() ? "." : folder, bytes_, "writing " + out_);
}

std::string OutputCheck::check_again() noexcept {
  try {
    check();
  } catch (const std::exception& thrown) {
    const MutexLocker lock(mutex_);
    found_ = std::current_exception();
    return thrown.what();
  }
  return {};
}

void OutputCheck::throw_found() const {
  const MutexLocker lock(mutex_);
  if (found_) std::rethrow_exception(found_);
}

}  // namespace klingv2a::cli
