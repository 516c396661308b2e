// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Is there room for what will be written once a task is paid? Asked before. Pure functions over the file system; any
// thread.
#pragma once

#include <cstdint>
#include <string>

namespace klingv2a {

// Throws Error{disk} that names the folder when its file system has less than `bytes` to spare for this user.
// `directory` empty: where SpoolFile puts its files. A folder that is not there yet is judged by the nearest one above
// it that is. What the file system does not tell counts as room.
void check_room(const std::string& directory, std::uint64_t bytes, const std::string& what_for);

}  // namespace klingv2a
