// SPDX-License-Identifier: LGPL-2.1-or-later
#include "resource_limits.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <thread>
#include <vector>

#include "error.h"
#include "mutex.h"

namespace klingv2a::cli {

namespace {

// What a run over a small video has been seen to take, and no more: whoever grants this much is let through.
constexpr std::size_t kAddressSpace = 640U << 20;
constexpr std::size_t kThreads = 20, kDescriptors = 40;

Error lacks(const std::string& what, const std::string& advice) {
  return make_error(ErrorKind::settings, Phase::check, what, advice);
}

std::string limit_of(__rlimit_resource which) {
  rlimit limit{};
  const bool is_set = ::getrlimit(which, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  return is_set ? std::to_string(limit.rlim_cur) : "";
}

std::string with_limit(const std::string& text, __rlimit_resource which, const char* unit) {
  const std::string limit = limit_of(which);
  return limit.empty() ? text : text + " (the limit is " + limit + unit + ")";
}

void try_memory() {
  void* room = ::mmap(nullptr, kAddressSpace, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED)
    throw lacks(with_limit("there is too little memory for a run", RLIMIT_AS, " bytes"),
                "raise the limit of virtual memory: ulimit -v unlimited");
  ::munmap(room, kAddressSpace);
}

// All at the same time: each waits for the last one.
class Crowd {
 public:
  ~Crowd() {
    {
      const MutexLocker lock(mutex_);
      may_go_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  void add() {
    threads_.emplace_back([this] {
      const MutexLocker lock(mutex_);
      while (!may_go_) changed_.wait(mutex_);
    });
  }

 private:
  Mutex mutex_;
  Condition changed_;
  bool may_go_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

void try_threads() {
  Crowd crowd;
  try {
    for (std::size_t i = 0; i < kThreads; ++i) crowd.add();
  } catch (const std::system_error&) {
    throw lacks(with_limit("no more threads can be had than " + std::to_string(kThreads) + " need", RLIMIT_NPROC, ""),
                "raise the limit of processes (ulimit -u, or the container's), or run fewer at a time");
  }
}

class Descriptors {
 public:
  ~Descriptors() {
    for (const int descriptor : open_) ::close(descriptor);
  }
  [[nodiscard]] bool add() {
    const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) open_.push_back(descriptor);
    return descriptor >= 0;
  }

 private:
  std::vector<int> open_;
};

void try_descriptors() {
  Descriptors all;
  for (std::size_t i = 0; i < kDescriptors; ++i)
    if (!all.add())
      throw lacks(with_limit("a run takes " + std::to_string(kDescriptors) + " open files, and fewer can be had",
                             RLIMIT_NOFILE, ""),
                  "raise the limit of open files: ulimit -n 1024");
}

// OUT has all packets of IN.
void check_file_size(const std::string& in) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  std::error_code unknown;  // of a pipe
  const std::uintmax_t size = std::filesystem::file_size(in, unknown);
  if (unknown || size <= limit.rlim_cur) return;
  throw make_error(ErrorKind::disk, Phase::check,
                   in + " has " + std::to_string(size) + " bytes, and " + file_limit_text(),
                   "raise the limit: ulimit -f unlimited");
}

}  // namespace

void check_resources(const std::string& in) {
  try_memory();
  try_descriptors();
  try_threads();
  check_file_size(in);
}

std::string file_limit_text() {
  const std::string limit = limit_of(RLIMIT_FSIZE);
  return limit.empty() ? "" : "files may have at most " + limit + " bytes (ulimit -f)";
}

}  // namespace klingv2a::cli
