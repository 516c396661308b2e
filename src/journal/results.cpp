// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See results.h.
#include "journal/results.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include "checksum.h"
#include "error.h"
#include "gobject_ptr.h"
#include "write_all.h"

namespace klingv2a::journal {

namespace {

namespace fs = std::filesystem;

constexpr const char* kPartSuffix = ".part-XXXXXX";

Error disk_error(const std::string& what, const std::string& path, int error_number) {
  return make_error(ErrorKind::disk, Phase::download, what + " \"" + path + "\": " + g_strerror(error_number),
                    "the cache is below XDG_CACHE_HOME: free some space there, or give it less by max-kept-bytes");
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

// A file under a name of its own until it is renamed; removed when that does not happen. Locked, so that nobody takes
// it for one that a crash left behind.
class Part {
 public:
  explicit Part(const std::string& path) : path_(path + kPartSuffix), descriptor_(::mkostemp(path_.data(), O_CLOEXEC)) {
    if (descriptor_.get() < 0) throw disk_error("cannot make", path_, errno);
    ::flock(descriptor_.get(), LOCK_EX);
  }
  // Somebody took it for left behind in the moment before it was locked.
  [[nodiscard]] bool is_removed() const {
    struct stat status {};
    return ::fstat(descriptor_.get(), &status) == 0 && status.st_nlink == 0;
  }
  ~Part() {
    if (!renamed_) ::unlink(path_.c_str());
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  void write(std::span<const std::byte> data) {
    if (const int failure = write_all(descriptor_.get(), data)) throw disk_error("cannot write", path_, failure);
  }
  void finish(const std::string& path, const std::string& directory) {
    if (::fsync(descriptor_.get()) != 0) throw disk_error("cannot write", path_, errno);
    if (::rename(path_.c_str(), path.c_str()) != 0) throw disk_error("cannot make", path, errno);
    renamed_ = true;
    const Descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0 || ::fsync(folder.get()) != 0) throw disk_error("cannot sync", directory, errno);
  }

 private:
  std::string path_;
  Descriptor descriptor_;
  bool renamed_ = false;
};

struct Entry {
  fs::path path;
  fs::file_time_type written;
  std::uint64_t bytes;
};

std::vector<Entry> oldest_first(const std::string& directory) {
  std::vector<Entry> entries;
  std::error_code unreadable;
  // Advanced by hand: a range-for throws.
  for (fs::directory_iterator entry(directory, unreadable), end; entry != end; entry.increment(unreadable)) {
    // What is gone by now takes no room.
    std::error_code gone;
    const auto bytes = entry->file_size(gone);
    if (gone) continue;
    const auto written = entry->last_write_time(gone);
    if (!gone) entries.push_back({entry->path(), written, bytes});
  }
  if (unreadable)
    g_warning("not all results in \"%s\" can be listed: %s", directory.c_str(), unreadable.message().c_str());
  std::ranges::sort(entries, {}, &Entry::written);
  return entries;
}

// A journal that somebody has written into must not lead out of the directory.
bool is_file_name(const std::string& name) {
  return !name.empty() && name.find('/') == std::string::npos;
}

bool remove_unused(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0 || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return false;
  return ::unlink(path.c_str()) == 0;
}

}  // namespace

KeptResult Results::keep(const std::string& name, const SpoolFile& sound) const {
  constexpr int kForItsOwnerAlone = 0700;
  if (directory_.empty())
    throw make_error(ErrorKind::disk, Phase::download, "there is no home folder for the cache of sounds",
                     "set HOME or XDG_CACHE_HOME");
  if (g_mkdir_with_parents(directory_.c_str(), kForItsOwnerAlone) != 0)
    throw disk_error("cannot make", directory_, errno);
  Checksum checksum;
  KeptResult kept{.name = name};
  std::optional<Part> part;
  do part.emplace(path_of(name));
  while (part->is_removed());
  for_each_piece(sound, [&](std::span<const std::byte> piece) {
    checksum.add(piece);
    part->write(piece);
    kept.bytes += static_cast<std::int64_t>(piece.size());
  });
  part->finish(path_of(name), directory_);
  kept.checksum = checksum.text();
  make_room(name);
  return kept;
}

std::shared_ptr<const SpoolFile> Results::open(const Row& row) const {
  if (directory_.empty() || !is_file_name(row.result_name)) return nullptr;
  const std::string path = path_of(row.result_name);
  auto file = SpoolFile::open_existing(path);
  if (!file) return nullptr;
  ::flock(file->fd(), LOCK_SH | LOCK_NB);
  if (static_cast<std::int64_t>(file->size()) == row.result_bytes && checksum_of(*file) == row.result_checksum)
    return file;
  g_warning("the cached result \"%s\" is damaged: it is fetched again", path.c_str());
  return nullptr;
}

void Results::remove(const Row& row) const {
  if (!directory_.empty() && is_file_name(row.result_name)) (void)remove_unused(path_of(row.result_name));
}

void Results::make_room(const std::string& spared) const {
  const std::vector<Entry> entries = oldest_first(directory_);
  std::uint64_t all = 0;
  for (const Entry& entry : entries) all += entry.bytes;
  for (const Entry& entry : entries) {
    const std::string name = entry.path.filename();
    const bool left_behind = name.find(".part-") != std::string::npos;
    if ((all <= max_bytes_ && !left_behind) || name == spared) continue;
    if (remove_unused(entry.path)) all -= entry.bytes;
  }
}

}  // namespace klingv2a::journal
