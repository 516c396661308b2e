// SPDX-License-Identifier: LGPL-2.1-or-later
#include "output_file.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

#include "hidden_name.h"
#include "text_sink.h"

namespace klingv2a::cli {

namespace {

namespace fs = std::filesystem;

Error cannot_write(const std::string& path, int number) {
  return make_error(ErrorKind::disk, Phase::check, "cannot write " + path + ": " + g_strerror(number));
}

void check_place(const std::string& path, bool overwrite) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (!fs::exists(status)) {
    if (fs::is_symlink(fs::symlink_status(path, ignored)))
      throw make_error(ErrorKind::disk, Phase::check, "cannot write " + path + ": it is a link that leads nowhere",
                       "remove the link, or give the name of a file");
    return;
  }
  if (!fs::is_regular_file(status))
    throw make_error(ErrorKind::disk, Phase::check, "cannot write " + path + ": it is there, and is no file",
                     "give the name of a file; -o - writes to stdout");
  if (!overwrite) throw already_exists(path);
}

// As any new file: mkostemp gives it to its owner alone.
mode_t usual_mode() {
  constexpr mode_t kForAll = 0666;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return kForAll & ~mask;
}

bool try_lock(int file) {
  return ::flock(file, LOCK_EX | LOCK_NB) == 0;
}

// Nobody holds it: its process was killed. Where files cannot be locked, all are kept.
void remove_if_left(const fs::path& part) {
  const int file = ::open(part.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return;
  if (try_lock(file)) ::unlink(part.c_str());
  ::close(file);
}

// A new part, locked. Between its making and its lock another process may take it for one that was left.
int make_part(std::string& part) {
  const std::string pattern = part;
  for (;;) {
    part = pattern;
    const int file = ::mkostemp(part.data(), O_CLOEXEC);
    if (file < 0) return file;
    struct stat status {};
    const bool locked = try_lock(file) || (errno != EWOULDBLOCK && errno != EINTR);
    if (locked && ::fstat(file, &status) == 0 && status.st_nlink > 0) return file;
    ::close(file);
  }
}

}  // namespace

OutputFile::OutputFile(std::string path, bool overwrite) : path_(std::move(path)), overwrite_(overwrite) {
  check_place(path_, overwrite_);
  remove_left_parts(path_);
  part_ = part_pattern(path_);
  lock_ = make_part(part_);
  if (lock_ < 0) {
    const int number = errno;
    part_.clear();
    throw cannot_write(path_, number);
  }
  // Without it the file stays its owner's: no reason to give up.
  (void)::fchmod(lock_, usual_mode());
}

OutputFile::~OutputFile() {
  remove();
  if (lock_ >= 0) ::close(lock_);
}

void OutputFile::finish() {
  const int file = ::open(part_.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const int number = errno;
  if (file >= 0) ::close(file);
  if (!synced) throw cannot_write(path_, number);
  // Somebody may have made a file of that name meanwhile.
  const unsigned flags = overwrite_ ? 0 : RENAME_NOREPLACE;
  int failed = ::renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, path_.c_str(), flags);
  if (failed && errno == EINVAL) {  // a file system that does not know the flag
    check_place(path_, overwrite_);
    failed = std::rename(part_.c_str(), path_.c_str());
  }
  if (failed && errno == EEXIST) throw already_exists(path_);
  if (failed) throw cannot_write(path_, errno);
  part_.clear();
}

void OutputFile::remove() noexcept {
  if (part_.empty()) return;
  ::unlink(part_.c_str());
  part_.clear();
}

void check_output_again(const std::string& path, const std::string& part, bool overwrite) {
  check_place(path, overwrite);
  if (::access(part.c_str(), W_OK) != 0) throw cannot_write(path, errno);
}

void remove_left_parts(const std::string& path) {
  constexpr std::string_view kVaries = "XXXXXX";
  const fs::path pattern(part_pattern(path));
  const std::string name = pattern.filename().string();
  const std::string begin = name.substr(0, name.size() - kVaries.size());
  const fs::path folder = pattern.has_parent_path() ? pattern.parent_path() : ".";
  std::error_code error;  // a folder that cannot be read may be one that can be written to
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string found = at->path().filename().string();
    if (found.size() == name.size() && found.starts_with(begin)) remove_if_left(at->path());
  }
}

OutputExists already_exists(const std::string& path) {
  return OutputExists(
      {.kind = ErrorKind::settings, .message = path + " exists", .advice = "give another name, or -y to replace it"});
}

std::string part_pattern(const std::string& path) {
  constexpr std::string_view kSuffix = ".part-XXXXXX";
  const fs::path place(path);
  const std::string usual = "." + place.filename().string() + std::string(kSuffix);
  const bool fits = usual.size() <= NAME_MAX && path.size() + 1 + kSuffix.size() < PATH_MAX;
  return fits ? (place.parent_path() / usual).string() : hidden_name(path, std::string(kSuffix.substr(1)));
}

void write_file(const std::string& path, const std::string& content) {
  OutputFile file(path, true);
  const auto sink = TextSink::to_file(file.part());
  sink->write(content);
  if (const int number = sink->close()) throw cannot_write(path, number);
  file.finish();
}

}  // namespace klingv2a::cli
