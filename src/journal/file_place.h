// SPDX-License-Identifier: LGPL-2.1-or-later
//
// May a journal lie in this file? Not where two machines could each believe that they have it to themselves, and not
// where another user could change what was paid for. Any thread.
#pragma once

#include <string>

namespace klingv2a::journal {

enum class FileSystem {
  local,
  network,   // locks do not hold between machines, or not always
  anything,  // FUSE: either
};

// By the magic number that statfs(2) gives.
[[nodiscard]] FileSystem file_system_of(unsigned long magic) noexcept;

// Throws Error{settings} for a network file system, Error{disk} for a file or folder of another user's, and for a
// folder that everybody may write to. A file of ours that others may write to is theirs no longer. Before the file is
// there, its folder is judged. `file` is absolute.
void check_place(const std::string& file);

// What a user should know of the place although it is used; empty: nothing.
[[nodiscard]] std::string doubts_about(const std::string& file);

}  // namespace klingv2a::journal
