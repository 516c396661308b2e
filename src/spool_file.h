// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A file without a name: it is unlinked as soon as it is open, so that nothing is left behind even when the process
// is killed. Proxies and results live in such files; a result that is kept (journal/results.h) is read through one,
// too. Read and written with pread/pwrite only, so that several threads can read one file; writing is for one thread,
// before the file is shared as `std::shared_ptr<const SpoolFile>`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace klingv2a {

class SpoolFile {
 public:
  // Creates the file in `directory`; an empty string means default_directory().
  // Throws Error{disk} that names the directory.
  explicit SpoolFile(const std::string& directory = {});
  // Where a file without a `directory` goes: $TMPDIR if that names a folder, else /var/tmp; never one in memory.
  [[nodiscard]] static std::string default_directory();
  // Our own files are no links: one that somebody has put there is not followed. A user's may be what they like.
  enum class Links { refused, followed };
  // An existing file, for reading only. Null when it is not there. Throws Error{disk}.
  [[nodiscard]] static std::shared_ptr<const SpoolFile> open_existing(const std::string& path,
                                                                      Links links = Links::refused);
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  // Open for reading and writing for as long as this object lives.
  [[nodiscard]] int fd() const noexcept { return fd_; }
  // Bytes in the file now. Throws Error{disk}.
  [[nodiscard]] std::uint64_t size() const;

  // Writes all of `data` at `offset`. Throws Error{disk}; a full disk says so.
  void write_at(std::uint64_t offset, std::span<const std::byte> data);
  // Reads up to buffer.size() bytes; returns how many, 0 at the end. Throws Error{disk}.
  [[nodiscard]] std::size_t read_at(std::uint64_t offset, std::span<std::byte> buffer) const;
  // Cuts the file to nothing (a download that starts over). Throws Error{disk}.
  void clear();

 private:
  struct Adopt {
    int fd;
  };
  explicit SpoolFile(Adopt adopted) : fd_(adopted.fd) {}

  int fd_ = -1;
};

}  // namespace klingv2a
