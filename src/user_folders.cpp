// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See user_folders.h. The environment is asked each time: GLib would remember what it saw first.
#include "user_folders.h"

#include <fcntl.h>
#include <glib.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "error.h"

namespace klingv2a {

namespace {

namespace fs = std::filesystem;

std::string variable_of_environment(const char* name) {
  const char* value = g_getenv(name);
  return value ? value : "";
}

struct Account {
  std::string name, home;  // empty: the password database knows none
};

Account account_of(uid_t user) {
  constexpr std::size_t kRoom = 16384;
  std::array<char, kRoom> room{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(user, &entry, room.data(), room.size(), &found) != 0 || !found) return {};
  return {found->pw_name ? found->pw_name : "", found->pw_dir ? found->pw_dir : ""};
}

bool is_same_folder(const std::string& one, const std::string& other) {
  std::error_code unknown;
  return fs::equivalent(one, other, unknown) && !unknown;
}

// The name of the user whose home it is, when that is not this process's; empty: nobody else's. A folder that belongs
// to another number, as mounts in containers do, is not yet his home.
std::string other_user_of(const std::string& home, const struct stat& status) {
  if (status.st_uid == ::geteuid()) return {};
  const Account owner = account_of(status.st_uid);
  return is_same_folder(owner.home, home) ? owner.name : "";
}

// Of the folders on the way down to `path` the last one that is there.
fs::path nearest_that_is_there(fs::path path) {
  std::error_code unknown;
  while (!fs::exists(path, unknown) && path.has_relative_path()) path = path.parent_path();
  return path;
}

// Why `home` cannot hold `below_home`; empty: it can.
std::string why_unusable(const std::string& home, const std::string& below_home) {
  struct stat status {};
  if (::stat(home.c_str(), &status) != 0) return std::string("cannot be used: ") + g_strerror(errno);
  if (!S_ISDIR(status.st_mode)) return "is no folder";
  if (const std::string other = other_user_of(home, status); !other.empty()) return "is the home of the user " + other;
  const fs::path deepest = nearest_that_is_there(fs::path(home) / below_home);
  if (::faccessat(AT_FDCWD, deepest.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return "cannot be written to (" + deepest.string() + ": " + g_strerror(errno) + ")";
}

}  // namespace

bool names_a_folder(const std::string& path) {
  const fs::path normal = fs::path(path).lexically_normal();
  return normal.is_absolute() && normal.has_relative_path();
}

std::string choose_home(const std::string& variable, const std::string& account) {
  if (names_a_folder(variable)) return variable;
  return names_a_folder(account) ? account : "";
}

std::string home_folder() {
  return choose_home(variable_of_environment("HOME"), account_of(::geteuid()).home);
}

std::string user_folder(const char* variable, const std::string& below_home, const std::string& remedy) {
  if (std::string set = variable_of_environment(variable); names_a_folder(set)) return set;
  const std::string home = home_folder();
  const std::string advice = "set HOME to this user's own home, or " + remedy;
  if (home.empty())
    throw make_error(ErrorKind::settings, Phase::check,
                     "there is no home folder: neither HOME nor the password database names one", advice);
  if (const std::string why = why_unusable(home, below_home); !why.empty())
    throw make_error(ErrorKind::settings, Phase::check, "the home folder " + home + " " + why, advice);
  return home + "/" + below_home;
}

}  // namespace klingv2a
