// SPDX-License-Identifier: LGPL-2.1-or-later
//
// write() until all is written. Any thread.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>

namespace klingv2a {

// 0, or the errno of what could not be written.
[[nodiscard]] inline int write_all(int descriptor, std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t written = ::write(descriptor, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    data = data.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace klingv2a
