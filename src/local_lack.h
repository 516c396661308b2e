// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What this machine grants too little of: memory, threads, open files. Without these words such a failure would look
// like one of the service or of the video. Any thread.
#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <string>

namespace klingv2a {

struct Lack {
  std::string what;    // "no more files can be opened (the limit is 1024)"
  std::string advice;  // what to do, for any user
};

// Not so many files and connections can be opened further just now. To be asked before GLib makes a thread's or a
// context's pipes: it ends the process when it gets none.
[[nodiscard]] std::optional<Lack> lack_of_descriptors(std::size_t count);

// What was thrown because there was no memory, thread or descriptor to be had.
[[nodiscard]] std::optional<Lack> lack_behind(const std::exception& thrown);

}  // namespace klingv2a
