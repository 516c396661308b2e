// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ledger_file.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace klingv2a::sim {
namespace {

constexpr mode_t kOwnersOnly = 0600;

}  // namespace

LedgerFile::LedgerFile(const std::string& path) : path_(path) {
  if (path.empty()) return;
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, kOwnersOnly);
  if (fd_ < 0) fail("cannot be opened");
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  ::close(fd_);
  errno = error;
  fail("is in use");
}

LedgerFile::~LedgerFile() {
  if (fd_ >= 0) ::close(fd_);
}

void LedgerFile::fail(const char* what) const {
  throw std::runtime_error("klingv2a-sim: the ledger file " + path_ + " " + what + ": " + g_strerror(errno));
}

std::vector<std::string> LedgerFile::read() {
  std::vector<std::string> lines;
  if (fd_ < 0) return lines;
  std::array<char, 65536> piece;
  std::string line;
  for (ssize_t size = 0; (size = ::read(fd_, piece.data(), piece.size())) != 0;) {
    if (size < 0) fail("cannot be read");
    for (ssize_t i = 0; i < size; ++i) {
      if (piece[static_cast<std::size_t>(i)] != '\n') {
        line += piece[static_cast<std::size_t>(i)];
        continue;
      }
      size_ += static_cast<std::int64_t>(line.size()) + 1;
      lines.push_back(std::move(line));
      line.clear();
    }
  }
  if (!line.empty()) cut_to(size_);
  return lines;
}

void LedgerFile::append(const std::string& line) {
  if (fd_ < 0) return;
  const std::string bytes = line + '\n';
  const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
  if (written == static_cast<ssize_t>(bytes.size())) {
    size_ += written;
    return;
  }
  const int error = written < 0 ? errno : ENOSPC;
  if (written > 0) cut_to(size_);
  errno = error;
  fail("cannot be written");
}

void LedgerFile::cut_to(std::int64_t size) {
  if (::ftruncate(fd_, size) != 0) fail("cannot be cut");
}

void LedgerFile::sync() const {
  if (fd_ >= 0 && ::fdatasync(fd_) != 0) fail("cannot be synced");
}

}  // namespace klingv2a::sim
