// SPDX-License-Identifier: LGPL-2.1-or-later
#include "disk_room.h"

#include <gtest/gtest.h>

#include "error.h"
#include "temporary_folder.h"

namespace klingv2a {
namespace {

constexpr std::uint64_t kFarTooMuch = std::uint64_t{1} << 62U;

TEST(DiskRoom, IsEnoughForALittle) {
  const test::TemporaryFolder folder;
  EXPECT_NO_THROW(check_room(folder.path(), 1, "it"));
  EXPECT_NO_THROW(check_room({}, 1, "it"));
}

TEST(DiskRoom, TooLittleNamesTheFolderAndWhatFor) {
  const test::TemporaryFolder folder;
  try {
    check_room(folder.path(), kFarTooMuch, "the sound");
    FAIL() << "there is room for everything";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disk);
    EXPECT_NE(std::string(error.what()).find(folder.path().string()), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("the sound"), std::string::npos) << error.what();
  }
}

TEST(DiskRoom, OfAFolderThatIsNotThereYetIsThatOfTheOneAbove) {
  const test::TemporaryFolder folder;
  EXPECT_NO_THROW(check_room(folder.path() / "not/yet", 1, "it"));
  EXPECT_THROW(check_room(folder.path() / "not/yet", kFarTooMuch, "it"), Error);
}

}  // namespace
}  // namespace klingv2a
