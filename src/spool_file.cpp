// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A file without a name, on pread/pwrite. No lock: the kernel keeps no position for these calls, and the size is asked
// of the kernel each time.
#include "spool_file.h"

#include <fcntl.h>
#include <glib.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "error.h"
#include "user_folders.h"

namespace klingv2a {
namespace {

[[noreturn]] void throw_disk_error(const std::string& what, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  throw make_error(ErrorKind::disk, Phase::check, what + ": " + g_strerror(error_number),
                   full ? "free some space there, or choose another spool-dir" : "");
}

bool is_in_memory(const std::string& directory) {
  struct statfs status {};
  return ::statfs(directory.c_str(), &status) == 0 && status.f_type == TMPFS_MAGIC;
}

// Where the file system (or an old kernel) cannot make a file without a name, it has one for a moment.
int open_and_unlink(const std::string& directory) {
  std::string path = directory + "/klingv2a-XXXXXX";
  const int fd = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd >= 0) ::unlink(path.c_str());
  return fd;
}

int open_nameless(const std::string& directory) {
#ifdef O_TMPFILE
  const int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
#endif
  return open_and_unlink(directory);
}

}  // namespace

// A spool on a tmpfs would hold in memory what is to be kept out of it.
std::string SpoolFile::default_directory() {
  const char* set = g_getenv("TMPDIR");
  return set && names_a_folder(set) && !is_in_memory(set) ? set : "/var/tmp";
}

SpoolFile::SpoolFile(const std::string& directory) {
  const std::string where = directory.empty() ? default_directory() : directory;
  fd_ = open_nameless(where);
  if (fd_ < 0) {
    const int error_number = errno;
    throw make_error(ErrorKind::disk, Phase::check,
                     "cannot create a file in \"" + where + "\": " + g_strerror(error_number),
                     std::string("set spool-dir") + (directory.empty() ? ", or TMPDIR," : "") +
                         " to a directory that exists and can be written to");
  }
}

std::shared_ptr<const SpoolFile> SpoolFile::open_existing(const std::string& path, Links links) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | (links == Links::refused ? O_NOFOLLOW : 0));
  if (fd >= 0) return std::shared_ptr<const SpoolFile>(new SpoolFile(Adopt{fd}));
  if (errno == ENOENT || errno == ELOOP) return nullptr;
  throw_disk_error("cannot open \"" + path + "\"", errno);
}

SpoolFile::~SpoolFile() {
  ::close(fd_);
}

std::uint64_t SpoolFile::size() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) throw_disk_error("cannot read the size of a spool file", errno);
  return static_cast<std::uint64_t>(status.st_size);
}

// Not const, although the compiler would let it: it changes what readers see.
// NOLINTNEXTLINE(readability-make-member-function-const)
void SpoolFile::write_at(std::uint64_t offset, std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t written = ::pwrite(fd_, data.data(), data.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_disk_error("cannot write to a spool file", errno);
    }
    offset += static_cast<std::uint64_t>(written);
    data = data.subspan(static_cast<std::size_t>(written));
  }
}

std::size_t SpoolFile::read_at(std::uint64_t offset, std::span<std::byte> buffer) const {
  for (;;) {
    const ssize_t got = ::pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw_disk_error("cannot read a spool file", errno);
  }
}

// NOLINTNEXTLINE(readability-make-member-function-const)
void SpoolFile::clear() {
  if (::ftruncate(fd_, 0) != 0) throw_disk_error("cannot empty a spool file", errno);
}

}  // namespace klingv2a
