// SPDX-License-Identifier: LGPL-2.1-or-later
#include "work_lock.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "error.h"
#include "gobject_ptr.h"
#include "hidden_name.h"

namespace klingv2a::cli {

namespace {

constexpr std::chrono::milliseconds kBetweenLooks{100};
constexpr const char* kUnknown = "another run";

// "process 4711 on HOST since 2026-11-29T00:20:05Z"
std::string this_run() {
  const std::unique_ptr<GDateTime, Deleter<g_date_time_unref>> now(g_date_time_new_now_utc());
  const GCharPtr since(g_date_time_format_iso8601(now.get()));
  return "process " + std::to_string(::getpid()) + " on " + g_get_host_name() + " since " + since.get();
}

void write_who(int fd) {
  const std::string line = this_run() + "\n";
  // Who reads half a line, or none, knows a little less.
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, line.data(), line.size(), 0) < 0)
    g_debug("the lock does not say who has it: %s", g_strerror(errno));
}

bool is_plain(char c) {
  return g_ascii_isprint(c) != FALSE;
}

// Anybody may have written it.
std::string read_who(const std::string& file) {
  constexpr std::size_t kLongest = 256;
  std::array<char, kLongest> text{};
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  const ssize_t size = fd < 0 ? 0 : ::pread(fd, text.data(), text.size(), 0);
  if (fd >= 0) ::close(fd);
  const std::string_view all(text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  const std::string_view line = all.substr(0, all.find('\n'));
  return line.starts_with("process ") && std::ranges::all_of(line, is_plain) ? std::string(line) : kUnknown;
}

// False: somebody else has it. Where files cannot be locked, all may work.
bool lock(int fd, const std::string& file) {
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK || errno == EINTR) return false;
  g_warning("%s cannot be locked (%s): see that one run at a time works there", file.c_str(), g_strerror(errno));
  return true;
}

bool has_name(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_nlink > 0;
}

gboolean on_look(gpointer due) {
  *static_cast<bool*>(due) = true;
  return G_SOURCE_REMOVE;
}

void turn_main_loop(std::chrono::milliseconds length) {
  bool due = false;
  g_timeout_add(static_cast<guint>(length.count()), on_look, &due);
  while (!due) g_main_context_iteration(nullptr, TRUE);
}

Error at_work(const std::string& file, const std::string& what) {
  ErrorDetails details{.kind = ErrorKind::busy,
                       .paid = Paid::no,
                       .retryable = true,
                       .message = read_who(file) + " is at work on " + what,
                       .advice = "run it again when that has ended, or wait for it: --wait"};
  return Error(std::move(details));
}

}  // namespace

WorkLock::WorkLock(std::string file, std::string what, const Patience& patience)
    : file_(std::move(file)), what_(std::move(what)) {
  if (!try_take()) wait(patience);
}

WorkLock::~WorkLock() {
  if (fd_ < 0) return;
  // While it is locked: nobody else can have taken it.
  ::unlink(file_.c_str());
  ::close(fd_);
}

// Its holder removes it at his end, so what was locked may be a file without a name by then.
bool WorkLock::try_take() {
  for (;;) {
    constexpr mode_t kForAll = 0644;
    const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kForAll);
    if (fd < 0) throw make_error(ErrorKind::disk, Phase::check, "cannot write " + what_ + ": " + g_strerror(errno));
    if (!lock(fd, file_)) {
      ::close(fd);
      return false;
    }
    if (has_name(fd)) {
      write_who(fd);
      fd_ = fd;
      return true;
    }
    ::close(fd);
  }
}

void WorkLock::wait(const Patience& patience) {
  const auto give_up_at = std::chrono::steady_clock::now() + patience.longest;
  if (patience.longest.count() > 0) patience.on_wait(read_who(file_) + " is at work on " + what_);
  do {
    if (std::chrono::steady_clock::now() >= give_up_at) throw at_work(file_, what_);
    turn_main_loop(kBetweenLooks);
    if (patience.is_cancelled()) throw make_error(ErrorKind::cancelled, Phase::check, "cancelled");
  } while (!try_take());
}

std::string lock_of_output(const std::string& out) {
  return hidden_name(out, "lock");
}

std::string lock_of_folder(const std::string& folder) {
  return folder + "/.klingv2a.lock";
}

}  // namespace klingv2a::cli
