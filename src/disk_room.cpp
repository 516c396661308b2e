// SPDX-License-Identifier: LGPL-2.1-or-later
#include "disk_room.h"

#include <sys/statvfs.h>

#include <filesystem>

#include "error.h"
#include "spool_file.h"

namespace klingv2a {

void check_room(const std::string& directory, std::uint64_t bytes, const std::string& what_for) {
  std::filesystem::path folder = directory.empty() ? SpoolFile::default_directory() : directory;
  std::error_code ignored;  // what cannot be looked at is not there
  while (!std::filesystem::exists(folder, ignored) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  struct statvfs status {};
  if (::statvfs(folder.c_str(), &status) != 0) return;
  const std::uint64_t room = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  if (room >= bytes) return;
  constexpr std::uint64_t kMegabyte = 1'000'000;
  throw make_error(ErrorKind::disk, Phase::check,
                   "\"" + folder.string() + "\" has " + std::to_string(room / kMegabyte) + " MB left, " + what_for +
                       " may need " + std::to_string(bytes / kMegabyte) + " MB",
                   "free some space there, or choose another place");
}

}  // namespace klingv2a
