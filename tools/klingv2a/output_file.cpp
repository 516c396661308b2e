// SPDX-License-Identifier: LGPL-2.1-or-later
#include "output_file.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "error.h"
#include "gobject_ptr.h"

namespace klingv2a::cli {

namespace {

namespace fs = std::filesystem;

Error cannot_write(const std::string& path, int number) {
  return make_error(ErrorKind::disk, Phase::check, "cannot write " + path + ": " + g_strerror(number));
}

Error exists(const std::string& path) {
  return make_error(ErrorKind::settings, Phase::check, path + " exists", "give another name, or -y to replace it");
}

void check_place(const std::string& path, bool overwrite) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (!fs::exists(status)) return;
  if (!fs::is_regular_file(status))
    throw make_error(ErrorKind::settings, Phase::check, path + " is not a file", "- writes to stdout");
  if (!overwrite) throw exists(path);
}

// As any new file: mkostemp gives it to its owner alone.
mode_t usual_mode() {
  constexpr mode_t kForAll = 0666;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return kForAll & ~mask;
}

}  // namespace

OutputFile::OutputFile(std::string path, bool overwrite) : path_(std::move(path)), overwrite_(overwrite) {
  check_place(path_, overwrite_);
  const fs::path place(path_);
  part_ = (place.parent_path() / ("." + place.filename().string() + ".part-XXXXXX")).string();
  const int file = ::mkostemp(part_.data(), O_CLOEXEC);
  if (file < 0) {
    const int number = errno;
    part_.clear();
    throw cannot_write(path_, number);
  }
  // Without it the file stays its owner's: no reason to give up.
  (void)::fchmod(file, usual_mode());
  ::close(file);
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
  if (failed) throw errno == EEXIST ? exists(path_) : cannot_write(path_, errno);
  part_.clear();
}

void OutputFile::remove() noexcept {
  if (part_.empty()) return;
  ::unlink(part_.c_str());
  part_.clear();
}

void write_file(const std::string& path, const std::string& content) {
  GError* failure = nullptr;
  if (g_file_set_contents(path.c_str(), content.c_str(), static_cast<gssize>(content.size()), &failure)) return;
  const GErrorPtr error(failure);
  throw make_error(ErrorKind::disk, Phase::check, error->message);
}

}  // namespace klingv2a::cli
