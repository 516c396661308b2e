// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The results' files: whole or not there, never one too many, and never taken from who reads them.
#include "journal/results.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "error.h"
#include "gobject_ptr.h"
#include "program.h"

namespace {

// How many names of a directory can be read until the disk fails, once; negative: it does not.
std::atomic<int> readable_names{-1};

}  // namespace

// Named as the C library's own where the linker looks, so that the C++ library's calls come here.
void* our_readdir(void*) __asm__("readdir");

void* our_readdir(void* directory) {
  static auto* const real = reinterpret_cast<decltype(our_readdir)*>(::dlsym(RTLD_NEXT, "readdir"));
  if (readable_names < 0 || readable_names-- > 0) return real(directory);
  errno = EIO;
  return nullptr;
}

namespace klingv2a::journal {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPlenty = 1 << 30;

void write(SpoolFile& file, const std::string& content) {
  file.write_at(0, std::as_bytes(std::span(content)));
}

std::string content_of(const SpoolFile& file) {
  std::string content(file.size(), '?');
  content.resize(file.read_at(0, std::as_writable_bytes(std::span(content))));
  return content;
}

class JournalResults : public testing::Test {
 protected:
  [[nodiscard]] Row keep(const std::string& name, const std::string& content, std::uint64_t max_bytes = kPlenty) const {
    SpoolFile sound;
    write(sound, content);
    const KeptResult kept = Results(directory_, max_bytes).keep(name, sound);
    return {.result_name = kept.name, .result_checksum = kept.checksum, .result_bytes = kept.bytes};
  }
  [[nodiscard]] std::shared_ptr<const SpoolFile> open(const Row& row) const {
    return Results(directory_, kPlenty).open(row);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
  void make_older(const std::string& name, int hours) const {
    fs::last_write_time(path(name), fs::file_time_type::clock::now() - std::chrono::hours(hours));
  }
  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator(directory_)) all.insert(entry.path().filename());
    return all;
  }

  const test::TemporaryFolder folder_;
  const std::string directory_ = folder_.file("cache/klingv2a/results");
};

TEST_F(JournalResults, AreKeptAsTheyCame) {
  const std::string content(600'000, 's');
  const Row row = keep("a.wav", content);
  EXPECT_EQ(row.result_name, "a.wav");
  EXPECT_EQ(row.result_bytes, 600'000);
  const auto file = open(row);
  ASSERT_TRUE(file);
  EXPECT_EQ(content_of(*file), content);
  EXPECT_EQ(names(), std::set<std::string>{"a.wav"});
}

// A disk that fails while room is made says nothing of the sound, which is kept by then.
TEST_F(JournalResults, AreKeptWhenTheOthersCannotBeListed) {
  (void)keep("a.wav", "a sound");
  for (const int names : {0, 1, 2, 3}) {
    readable_names = names;
    EXPECT_NO_THROW({
      const Row row = keep("b.wav", "another");
      EXPECT_EQ(row.result_bytes, 7);
    }) << names;
    readable_names = -1;
  }
}

TEST_F(JournalResults, TheChecksumIsXxHash128) {
  const std::string content = "a sound";
  const XXH128_hash_t hash = XXH3_128bits(content.data(), content.size());
  const GCharPtr expected(g_strdup_printf("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x",
                                          static_cast<guint64>(hash.high64), static_cast<guint64>(hash.low64)));
  EXPECT_EQ(keep("a.wav", content).result_checksum, expected.get());
}

TEST_F(JournalResults, AreForTheirOwnerAlone) {
  const mode_t before = ::umask(0);
  (void)keep("a.wav", "sound");
  ::umask(before);
  EXPECT_EQ(fs::status(directory_).permissions(), fs::perms(0700));
  EXPECT_EQ(fs::status(path("a.wav")).permissions(), fs::perms(0600));
}

TEST_F(JournalResults, ADamagedOneIsNotPlayed) {
  const Row row = keep("a.wav", "sound");
  std::fstream(path("a.wav"), std::ios::in | std::ios::out) << "S";
  EXPECT_FALSE(open(row));
  (void)keep("a.wav", "sound");
  EXPECT_TRUE(open(row));
  fs::resize_file(path("a.wav"), 4);
  EXPECT_FALSE(open(row));
}

TEST_F(JournalResults, AMissingOneIsNotPlayed) {
  const Row row = keep("a.wav", "sound");
  fs::remove(path("a.wav"));
  EXPECT_FALSE(open(row));
  EXPECT_FALSE(open(Row{}));
}

TEST_F(JournalResults, ANameLeadsNowhereElse) {
  const Row row = keep("a.wav", "sound");
  fs::copy_file(path("a.wav"), folder_.file("a.wav"));
  Row elsewhere = row;
  elsewhere.result_name = "../../../a.wav";
  EXPECT_FALSE(open(elsewhere));
  fs::create_symlink(folder_.file("a.wav"), path("link.wav"));
  elsewhere.result_name = "link.wav";
  EXPECT_FALSE(open(elsewhere));
}

TEST_F(JournalResults, TheOldestGoBeyondTheLimit) {
  const std::string content(100, 's');
  (void)keep("new.wav", content);
  (void)keep("old.wav", content);
  make_older("old.wav", 2);
  (void)keep("older.wav", content);
  make_older("older.wav", 3);
  (void)keep("newest.wav", content, 300);
  EXPECT_EQ(names(), (std::set<std::string>{"new.wav", "newest.wav", "old.wav"}));
  (void)keep("newest.wav", content, 200);
  EXPECT_EQ(names(), (std::set<std::string>{"new.wav", "newest.wav"}));
}

TEST_F(JournalResults, OneThatIsReadDoesNotGo) {
  const std::string content(100, 's');
  const Row oldest = keep("oldest.wav", content);
  make_older("oldest.wav", 3);
  (void)keep("old.wav", content);
  make_older("old.wav", 2);
  auto reader = open(oldest);
  (void)keep("new.wav", content, 200);
  EXPECT_EQ(names(), (std::set<std::string>{"new.wav", "oldest.wav"}));
  reader.reset();
  Results(directory_, 100).make_room();
  EXPECT_EQ(names(), std::set<std::string>{"new.wav"});
}

TEST_F(JournalResults, OneLargerThanTheLimitIsKeptUntilTheNext) {
  (void)keep("old.wav", "sound");
  (void)keep("large.wav", std::string(100, 's'), 10);
  EXPECT_EQ(names(), std::set<std::string>{"large.wav"});
  make_older("large.wav", 1);
  (void)keep("small.wav", "sound", 10);
  EXPECT_EQ(names(), std::set<std::string>{"small.wav"});
}

TEST_F(JournalResults, WhatACrashLeftBehindGoes) {
  (void)keep("a.wav", "sound");
  std::ofstream(path("b.wav.part-abcdef")) << "so";
  std::ofstream(path("c.wav.part-abcdef")) << "so";
  const int writer = ::open(path("c.wav.part-abcdef").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(writer, LOCK_EX), 0);
  Results(directory_, kPlenty).make_room();
  EXPECT_EQ(names(), (std::set<std::string>{"a.wav", "c.wav.part-abcdef"}));
  ::close(writer);
}

TEST_F(JournalResults, ADirectoryThatCannotBeMadeIsSaid) {
  std::ofstream(folder_.file("cache")) << "a file";
  try {
    (void)keep("a.wav", "sound");
    FAIL() << "kept";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disk);
    EXPECT_NE(std::string(error.what()).find(directory_), std::string::npos) << error.what();
  }
}

TEST_F(JournalResults, AFullDiskLeavesNothingBehind) {
  (void)keep("a.wav", "sound");
  SpoolFile sound;
  write(sound, std::string(600'000, 's'));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{300'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  try {
    (void)Results(directory_, kPlenty).keep("b.wav", sound);
    ADD_FAILURE() << "kept";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disk);
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(names(), std::set<std::string>{"a.wav"});
}

TEST_F(JournalResults, WhoTidiesUpIsInNobodysWay) {
  std::atomic<bool> done = false;
  std::thread tidier([&] {
    while (!done) Results(directory_, kPlenty).make_room();
  });
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(open(keep("a.wav", "sound " + std::to_string(i))));
  done = true;
  tidier.join();
}

TEST_F(JournalResults, TwoWhoKeepTheSameAreNotMixedUp) {
  const auto keep_often = [&](char letter) {
    for (int i = 0; i < 20; ++i) (void)keep("a.wav", std::string(100'000, letter));
  };
  std::thread other(keep_often, 'b');
  keep_often('a');
  other.join();
  const auto file = SpoolFile::open_existing(path("a.wav"));
  const std::string content = content_of(*file);
  EXPECT_TRUE(content == std::string(100'000, 'a') || content == std::string(100'000, 'b'));
  EXPECT_EQ(names(), std::set<std::string>{"a.wav"});
}

}  // namespace
}  // namespace klingv2a::journal
