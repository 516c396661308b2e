// SPDX-License-Identifier: LGPL-2.1-or-later
#include "local_lack.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>
#include <vector>

namespace klingv2a {

namespace {

std::string with_limit(const std::string& text, __rlimit_resource which) {
  rlimit limit{};
  const bool is_set = ::getrlimit(which, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  return is_set ? text + " (the limit is " + std::to_string(limit.rlim_cur) + ")" : text;
}

Lack descriptors() {
  return {with_limit("no more files can be opened", RLIMIT_NOFILE),
          "raise the limit of open files (ulimit -n 1024), or do less at the same time"};
}

Lack memory() {
  return {with_limit("there is no memory left", RLIMIT_AS), "raise the limit of memory, or do less at the same time"};
}

Lack threads() {
  return {with_limit("no more threads can be had", RLIMIT_NPROC),
          "raise the limit of processes (ulimit -u, or the container's), or do less at the same time"};
}

}  // namespace

std::optional<Lack> lack_of_descriptors(std::size_t count) {
  std::vector<int> tried;
  int error_number = 0;
  while (tried.size() < count && error_number == 0) {
    const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
      error_number = errno;
    else
      tried.push_back(descriptor);
  }
  for (const int descriptor : tried) ::close(descriptor);
  if (error_number != EMFILE && error_number != ENFILE) return std::nullopt;
  return descriptors();
}

std::optional<Lack> lack_behind(const std::exception& thrown) {
  if (dynamic_cast<const std::bad_alloc*>(&thrown)) return memory();
  const auto* error = dynamic_cast<const std::system_error*>(&thrown);
  if (!error) return std::nullopt;
  if (error->code() == std::errc::resource_unavailable_try_again) return threads();
  if (error->code() == std::errc::not_enough_memory) return memory();
  if (error->code() == std::errc::too_many_files_open || error->code() == std::errc::too_many_files_open_in_system)
    return descriptors();
  return std::nullopt;
}

}  // namespace klingv2a
