// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which folders are the user's: every kind of HOME and of an XDG variable, and every state of the home.
#include "user_folders.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "environment_variable.h"
#include "error.h"
#include "temporary_folder.h"

namespace klingv2a {
namespace {

namespace fs = std::filesystem;
using test::EnvironmentVariable;

constexpr const char* kVariable = "XDG_STATE_HOME";
constexpr const char* kBelow = ".local/state";

TEST(UserFolders, namesAFolderBelowTheRoot) {
  for (const char* path : {"/home/me", "/a", "/a/", "//a", "/.local", "/a/../b"})
    EXPECT_TRUE(names_a_folder(path)) << path;
}

TEST(UserFolders, theRootAndWhatIsRelativeNameNone) {
  for (const char* path : {"", "/", "//", "///", "/.", "/./", "/..", "/../", "/a/..", "home/me", ".", "..", "~", "~/x"})
    EXPECT_FALSE(names_a_folder(path)) << path;
}

TEST(UserFolders, homeIsTheVariablesElseTheAccounts) {
  EXPECT_EQ(choose_home("/home/me", "/home/other"), "/home/me");
  for (const char* none : {"", "/", "home", "."}) {
    EXPECT_EQ(choose_home(none, "/home/me"), "/home/me") << none;
    EXPECT_EQ(choose_home(none, "/"), "") << none;
    EXPECT_EQ(choose_home(none, ""), "") << none;
  }
}

std::string home_of_this_account() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry ? entry->pw_dir : "";
}

TEST(UserFolders, aHomeThatNamesNothingIsTheAccounts) {
  for (const char* none : {static_cast<const char*>(nullptr), "", "/", "relative"}) {
    const EnvironmentVariable home("HOME", none);
    EXPECT_EQ(home_folder(), home_of_this_account());
  }
}

std::string place() {
  return user_folder(kVariable, kBelow, "the remedy");
}

// What it says when there is no place.
std::string refusal() {
  try {
    return "it is " + place();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_EQ(error.details().paid, Paid::no);
    EXPECT_NE(error.details().advice.find("the remedy"), std::string::npos) << error.details().advice;
    return error.what();
  }
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class UserFolder : public testing::Test {
 protected:
  const test::TemporaryFolder folder_;
  const EnvironmentVariable home_{"HOME", folder_.path().c_str()};
  const EnvironmentVariable xdg_{kVariable, nullptr};
};

TEST_F(UserFolder, isBelowHome) {
  EXPECT_EQ(place(), std::string(folder_.path()) + "/" + kBelow);
}

TEST_F(UserFolder, isTheVariablesBeforeAnyHomeIsLookedAt) {
  const EnvironmentVariable home("HOME", "/no/such/home");
  const EnvironmentVariable xdg(kVariable, "/to/be/made");
  EXPECT_EQ(place(), "/to/be/made");
}

TEST_F(UserFolder, aVariableThatNamesNothingIsNotSet) {
  for (const char* none : {"", "/", "//", "/.", "relative", "./x"}) {
    const EnvironmentVariable xdg(kVariable, none);
    EXPECT_EQ(place(), std::string(folder_.path()) + "/" + kBelow) << none;
  }
}

TEST_F(UserFolder, aHomeThatIsNotThereIsRefused) {
  const std::string missing = folder_.file("missing");
  const EnvironmentVariable home("HOME", missing.c_str());
  EXPECT_TRUE(has(refusal(), missing)) << refusal();
  EXPECT_FALSE(fs::exists(missing));
}

TEST_F(UserFolder, aHomeThatIsNoFolderIsRefused) {
  const std::string file = folder_.file("file");
  std::ofstream(file) << "x";
  const EnvironmentVariable home("HOME", file.c_str());
  EXPECT_TRUE(has(refusal(), file + " is no folder")) << refusal();
}

// For a scope, this process's rights are another user's. Needs root.
class AsUser {
 public:
  explicit AsUser(uid_t user) : before_(::geteuid()), done_(::seteuid(user) == 0) {}
  ~AsUser() {
    if (done_ && ::seteuid(before_) != 0) ADD_FAILURE() << "the rights are not given back";
  }
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;
  [[nodiscard]] bool is_done() const { return done_; }

 private:
  const uid_t before_;
  const bool done_;
};

TEST_F(UserFolder, aHomeThatCannotBeWrittenToIsRefused) {
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0555), 0);
  constexpr uid_t kNobody = 65534;
  const AsUser other(::geteuid() == 0 ? kNobody : ::geteuid());
  ASSERT_TRUE(other.is_done());
  EXPECT_TRUE(has(refusal(), "cannot be written to")) << refusal();
}

// As with a read-only image, in which a volume is mounted there.
TEST_F(UserFolder, theFolderItselfMayBeWritableInAHomeThatIsNot) {
  const fs::path state = fs::path(folder_.path()) / kBelow;
  fs::create_directories(state);
  ASSERT_EQ(::chmod(state.c_str(), 0777), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0555), 0);
  constexpr uid_t kNobody = 65534;
  const AsUser other(::geteuid() == 0 ? kNobody : ::geteuid());
  ASSERT_TRUE(other.is_done());
  EXPECT_EQ(place(), state.string());
}

// As `sudo -E` leaves it: what is written there is another user's journal, or locks him out of his own.
TEST_F(UserFolder, theHomeOfAnotherUserIsRefused) {
  const std::string own = home_of_this_account();
  ::setpwent();
  std::string other;
  while (const passwd* entry = ::getpwent()) {
    struct stat status {};
    const bool is_his =
        ::stat(entry->pw_dir, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == entry->pw_uid;
    if (is_his && entry->pw_uid != ::geteuid() && names_a_folder(entry->pw_dir)) other = entry->pw_dir;
  }
  ::endpwent();
  if (other.empty()) GTEST_SKIP() << "no other user has a home here";
  const EnvironmentVariable home("HOME", other.c_str());
  EXPECT_TRUE(has(refusal(), other + " is the home of the user ")) << refusal();
}

// A mounted home in a container often has a number that nobody knows there.
TEST_F(UserFolder, aFolderOfAnUnknownUserMayBeAHome) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  constexpr uid_t kUnknown = 54321;
  ASSERT_EQ(::chown(folder_.path().c_str(), kUnknown, kUnknown), 0);
  EXPECT_EQ(place(), std::string(folder_.path()) + "/" + kBelow);
}

}  // namespace
}  // namespace klingv2a
