// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the shell (ulimit) or a container grants this process, tried out before anything is paid: GLib ends a process
// that gets no memory or no thread, and elements that get none fail without saying what was lacking. Main thread.
#pragma once

#include <string>

namespace klingv2a::cli {

// Throws Error{settings} when less memory, threads or descriptors can be had than the run of a small video takes, and
// Error{disk} when no file may become as large as `in` is, which OUT will be.
void check_resources(const std::string& in);

// "files may have at most 1048576 bytes (ulimit -f)": what may be why a file cannot be written; empty: no limit is set.
[[nodiscard]] std::string file_limit_text();

}  // namespace klingv2a::cli
