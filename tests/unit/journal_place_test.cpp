// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where a journal in a file may lie: not on file systems that machines share, not where other users could change it.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "error.h"
#include "journal/file_place.h"
#include "program.h"
#include "temporary_folder.h"

namespace klingv2a::journal {
namespace {

TEST(FileSystemOf, MagicNumbers) {
  for (const unsigned long network :
       {0x6969UL, 0x517BUL, 0xFF534D42UL, 0xFE534D42UL, 0x01021997UL, 0x00C36400UL, 0x5346414FUL, 0x0BD00BD0UL,
        0x47504653UL, 0x7461636FUL, 0x01161970UL, 0x786F4256UL})
    EXPECT_EQ(file_system_of(network), FileSystem::network) << std::hex << network;
  // ext, XFS, Btrfs, tmpfs, overlay, ZFS, F2FS, ramfs, FAT, NTFS3
  for (const unsigned long local : {0xEF53UL, 0x58465342UL, 0x9123683EUL, 0x01021994UL, 0x794C7630UL, 0x2FC12FC1UL,
                                    0xF2F52010UL, 0x858458F6UL, 0x4D44UL, 0x7366746EUL})
    EXPECT_EQ(file_system_of(local), FileSystem::local) << std::hex << local;
  EXPECT_EQ(file_system_of(0x65735546UL), FileSystem::anything);
}

class Place : public testing::Test {
 protected:
  [[nodiscard]] std::string refusal() const {
    try {
      check_place(file_);
      return {};
    } catch (const Error& error) {
      EXPECT_EQ(error.details().paid, Paid::no);
      return error.what();
    }
  }
  void make(const std::string& path, mode_t mode) const {
    std::ofstream(path) << "x";
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
  }
  [[nodiscard]] static mode_t mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777;
  }

  test::TemporaryFolder folder_;
  const std::string file_ = folder_.file("state/journal.sqlite");
};

TEST_F(Place, OfOnesOwnIsGood) {
  EXPECT_EQ(refusal(), "") << "the folder is not there yet";
  std::filesystem::create_directory(folder_.file("state"));
  EXPECT_EQ(refusal(), "");
  make(file_, 0600);
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(doubts_about(file_), "");
}

TEST_F(Place, WhatOthersMayWriteTheyNoLongerMay) {
  std::filesystem::create_directory(folder_.file("state"));
  for (const std::string suffix : {"", "-wal", "-shm"}) make(file_ + suffix, 0666);
  EXPECT_EQ(refusal(), "");
  for (const std::string suffix : {"", "-wal", "-shm"}) EXPECT_EQ(mode_of(file_ + suffix), 0644U) << suffix;
}

TEST_F(Place, AFolderForEverybodyIsNone) {
  std::filesystem::create_directory(folder_.file("state"));
  ASSERT_EQ(::chmod(folder_.file("state").c_str(), 0777), 0);
  EXPECT_NE(refusal().find("everybody may write"), std::string::npos) << refusal();
  ASSERT_EQ(::chmod(folder_.file("state").c_str(), 01777), 0);
  EXPECT_EQ(refusal(), "") << "as /tmp: nobody can replace another one's file";
}

TEST_F(Place, AnotherUsersFileIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  std::filesystem::create_directory(folder_.file("state"));
  for (const std::string suffix : {"", "-wal", "-shm"}) {
    make(file_ + suffix, 0600);
    ASSERT_EQ(::chown((file_ + suffix).c_str(), 65534, 65534), 0);
    EXPECT_NE(refusal().find("another user's"), std::string::npos) << suffix << refusal();
    std::filesystem::remove(file_ + suffix);
  }
  EXPECT_EQ(refusal(), "");
}

}  // namespace
}  // namespace klingv2a::journal
