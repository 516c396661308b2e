// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A spool file leaves nothing behind and says which directory was meant when it cannot be made.
#include "spool_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "environment_variable.h"
#include "error.h"
#include "gobject_ptr.h"

namespace klingv2a {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string read(const SpoolFile& file, std::uint64_t offset, std::size_t size) {
  std::string content(size, '?');
  content.resize(file.read_at(offset, std::as_writable_bytes(std::span(content))));
  return content;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(g_dir_make_tmp("klingv2a-test-XXXXXX", nullptr)) {}
  ~TemporaryDirectory() { std::filesystem::remove_all(path_.get()); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] std::string path() const { return path_.get(); }

 private:
  GCharPtr path_;
};

TEST(SpoolFile, ReadsBackWhatWasWritten) {
  SpoolFile file;
  EXPECT_EQ(file.size(), 0u);
  file.write_at(0, bytes_of("hello world"));
  file.write_at(6, bytes_of("there"));
  EXPECT_EQ(file.size(), 11u);
  EXPECT_EQ(read(file, 0, 100), "hello there");
  EXPECT_EQ(read(file, 6, 3), "the");
  EXPECT_EQ(read(file, 11, 3), "");
  EXPECT_EQ(read(file, 1000, 3), "");
}

TEST(SpoolFile, ClearEmptiesIt) {
  SpoolFile file;
  file.write_at(0, bytes_of("hello"));
  file.clear();
  EXPECT_EQ(file.size(), 0u);
}

TEST(SpoolFile, HasNoName) {
  const TemporaryDirectory directory;
  SpoolFile file(directory.path());
  file.write_at(0, bytes_of("x"));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(SpoolFile, IsMadeInTmpdirByDefault) {
  const TemporaryDirectory directory;
  const std::string missing = directory.path() + "/missing";
  {
    const test::EnvironmentVariable tmpdir("TMPDIR", missing.c_str());
    try {
      const SpoolFile file;
      ADD_FAILURE() << "it was made";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(missing), std::string::npos) << error.what();
      EXPECT_NE(error.details().advice.find("TMPDIR"), std::string::npos) << "it is what the user has set";
    }
  }
  EXPECT_NO_THROW(SpoolFile());
}

TEST(SpoolFile, ATmpdirThatNamesNoFolderIsNotSet) {
  for (const char* none : {static_cast<const char*>(nullptr), "", "/", "relative", "."}) {
    const test::EnvironmentVariable tmpdir("TMPDIR", none);
    EXPECT_EQ(SpoolFile::default_directory(), "/var/tmp");
  }
}

TEST(SpoolFile, NamesADirectoryThatCannotBeUsed) {
  try {
    const SpoolFile file("/no/such/directory");
    FAIL() << "was made";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disk);
    EXPECT_NE(std::string(error.what()).find("/no/such/directory"), std::string::npos);
  }
}

TEST(SpoolFile, AFullDiskIsADiskError) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  SpoolFile file;
  // The file's descriptor now leads to a device that is always full.
  const int full = ::open("/dev/full", O_RDWR | O_CLOEXEC);
  ASSERT_GE(full, 0);
  ASSERT_GE(::dup2(full, file.fd()), 0);
  ::close(full);
  try {
    file.write_at(0, bytes_of("x"));
    FAIL() << "was written";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disk);
    EXPECT_NE(std::string(error.what()).find("No space left"), std::string::npos) << error.what();
    EXPECT_FALSE(error.details().advice.empty());
  }
}

TEST(SpoolFile, SeveralThreadsReadOneFile) {
  const auto file = std::make_shared<SpoolFile>();
  std::string content(1'000'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 4);
  file->write_at(0, bytes_of(content));
  const std::shared_ptr<const SpoolFile> shared = file;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] { EXPECT_TRUE(read(*shared, 0, content.size()) == content); });
  }
}

}  // namespace
}  // namespace klingv2a
