// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The journal in a SQLite file: whose it is, and what is said, before anything else happens, when it cannot be used.
// None of it may cost a row.
#include "journal/sqlite_connection.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <barrier>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "fake_clock.h"
#include "journal/journal.h"
#include "journal_process.h"
#include "program.h"

namespace klingv2a::journal {
namespace {

namespace fs = std::filesystem;

using DatabasePtr = std::unique_ptr<sqlite3, Deleter<sqlite3_close>>;

constexpr Seconds kShort{0.2};
constexpr std::size_t kPage = 4096;

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void overwrite(const std::string& path, std::size_t at, const std::string& bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(at));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

// Restored with the object. Of the whole process: no other thread makes files meanwhile.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

class JournalSqlite : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Connection> open(GObjectPtr<GCancellable> cancel = nullptr,
                                                 Seconds patience = kShort) const {
    return open_sqlite(file_, Durability::crash_of_machine, cancel, patience);
  }
  // The file as any program may open it.
  [[nodiscard]] DatabasePtr open_raw() const {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
    // Whoever waits for it looks at the file meanwhile, and a COMMIT must not fail of that.
    sqlite3_busy_timeout(database, 20000);
    return DatabasePtr(database);
  }
  static void sql(const DatabasePtr& database, const char* statement) {
    EXPECT_EQ(sqlite3_exec(database.get(), statement, nullptr, nullptr, nullptr), SQLITE_OK) << statement;
  }
  void make_journal(int rows) {
    Journal journal({.file = file_}, clock_, nullptr);
    const auto connection = open();
    Records records(*connection);
    in_transaction(*connection, [&] {
      for (int i = 0; i < rows; ++i) {
        Row row{.key = "key " + std::to_string(i), .message = std::string(500, 'x')};
        records.insert(row);
      }
    });
  }
  [[nodiscard]] std::size_t rows() { return Journal({.file = file_}, clock_, nullptr).rows().size(); }
  // The error of opening the journal.
  [[nodiscard]] ErrorDetails refusal() {
    try {
      const Journal journal({.file = file_}, clock_, nullptr);
    } catch (const Error& error) {
      EXPECT_EQ(error.details().paid, Paid::no);
      return error.details();
    }
    ADD_FAILURE() << "it was opened";
    return {};
  }

  const test::TemporaryFolder folder_;
  const std::string file_ = folder_.file("state/klingv2a/journal.sqlite");
  test::FakeClock clock_;
};

TEST_F(JournalSqlite, IsForItsOwnerAloneWhateverTheUmask) {
  for (const mode_t mask : {0000U, 0022U, 0077U}) {
    const Umask umask(mask);
    const auto connection = open();
    in_transaction(*connection, [&] { connection->run("CREATE TABLE klingv2a_x (x INTEGER)", {}); });
    EXPECT_EQ(mode_of(folder_.file("state")), 0700U);
    EXPECT_EQ(mode_of(folder_.file("state/klingv2a")), 0700U);
    for (const char* suffix : {"", "-wal", "-shm"}) EXPECT_EQ(mode_of(file_ + suffix), 0600U) << suffix;
    fs::remove_all(folder_.file("state"));
  }
}

TEST_F(JournalSqlite, MayBeWrittenByItsOwnerWhateverTheUmask) {
  fs::create_directories(folder_.file("state/klingv2a"));
  const Umask umask(0777);
  const auto connection = open();
  EXPECT_EQ(mode_of(file_), 0600U);
}

TEST_F(JournalSqlite, LeavesNothingButItself) {
  make_journal(1);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_.file("state/klingv2a")))
    names.push_back(entry.path().filename());
  EXPECT_EQ(names, std::vector<std::string>{"journal.sqlite"});
}

TEST_F(JournalSqlite, AnEmptyFileBecomesAJournal) {
  fs::create_directories(folder_.file("state/klingv2a"));
  std::ofstream(file_).close();
  EXPECT_EQ(rows(), 0U);
  make_journal(3);
  EXPECT_EQ(rows(), 3U);
}

TEST_F(JournalSqlite, IsWrittenAheadAndSyncedFully) {
  const auto connection = open();
  EXPECT_EQ(connection->run("PRAGMA journal_mode", {}), std::vector<Record>{{"wal"}});
  EXPECT_EQ(connection->run("PRAGMA synchronous", {}), std::vector<Record>{{"2"}});
}

// Each waits for the others, also in the one moment in which SQLite by itself would not: when a journal that somebody
// has just begun becomes one that is written ahead.
TEST_F(JournalSqlite, MayBeMadeByManyAtTheSameMoment) {
  constexpr int kTimes = 20;
  constexpr int kMany = 8;
  (void)open();
  for (int time = 0; time < kTimes; ++time) {
    sql(open_raw(), "PRAGMA journal_mode = DELETE");
    std::barrier start(kMany);
    std::vector<std::jthread> threads;
    for (int i = 0; i < kMany; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        EXPECT_NO_THROW((void)open(nullptr, kStorePatience));
      });
    }
  }
}

TEST_F(JournalSqlite, ALockedFileIsWaitedForInVain) {
  make_journal(2);
  const DatabasePtr other = open_raw();
  sql(other, "BEGIN EXCLUSIVE");
  const auto connection = open();
  const auto real = make_system_clock();
  const Seconds begin = real->now();
  try {
    connection->begin();
    FAIL() << "two have the lock";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disk);
    EXPECT_TRUE(error.details().retryable);
    EXPECT_NE(std::string(error.what()).find(file_ + " is locked by another program"), std::string::npos)
        << error.what();
  }
  EXPECT_GE(real->now() - begin, kShort);
  EXPECT_LT(real->now() - begin, kShort + Seconds(2));
  sql(other, "COMMIT");
  EXPECT_EQ(in_transaction(*connection, [&] { return connection->run("SELECT id FROM klingv2a_tasks", {}); }).size(),
            2U);
}

TEST_F(JournalSqlite, ANewFileThatIsLockedIsWaitedForInVain) {
  fs::create_directories(folder_.file("state/klingv2a"));
  const DatabasePtr other = open_raw();
  sql(other, "BEGIN EXCLUSIVE");
  try {
    (void)open();
    FAIL() << "two have the lock";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disk);
    EXPECT_TRUE(error.details().retryable);
  }
  sql(other, "COMMIT");
  EXPECT_EQ(rows(), 0U);
}

TEST_F(JournalSqlite, AJournalThatAnotherIsMakingIsWaitedFor) {
  fs::create_directories(folder_.file("state/klingv2a"));
  const DatabasePtr other = open_raw();
  sql(other, "BEGIN IMMEDIATE");
  std::thread maker([&] {
    (void)make_system_clock()->sleep(Seconds(0.1), nullptr);
    sql(other, "CREATE TABLE klingv2a_schema (version INTEGER NOT NULL)");
    sql(other, "PRAGMA application_id = 1802908257");  // "kv2a"
    sql(other, "COMMIT");
  });
  EXPECT_NO_THROW((void)open(nullptr, Seconds(30)));
  maker.join();
}

TEST_F(JournalSqlite, ALockIsWaitedForUntilItIsGone) {
  make_journal(2);
  DatabasePtr other = open_raw();
  sql(other, "BEGIN EXCLUSIVE");
  const auto connection = open(nullptr, Seconds(30));
  std::thread unlock([&] { sql(other, "COMMIT"); });
  EXPECT_NO_THROW(in_transaction(*connection, [] {}));
  unlock.join();
}

TEST_F(JournalSqlite, ACancelEndsTheWaitForALock) {
  make_journal(2);
  const DatabasePtr other = open_raw();
  sql(other, "BEGIN EXCLUSIVE");
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  const auto connection = open(cancel, Seconds(30));
  const auto real = make_system_clock();
  // Late enough to find it waiting, most of the time.
  std::thread canceller([&] {
    (void)real->sleep(Seconds(0.1), nullptr);
    g_cancellable_cancel(cancel.get());
  });
  const Seconds begin = real->now();
  try {
    connection->begin();
    ADD_FAILURE() << "two have the lock";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  }
  EXPECT_LT(real->now() - begin, Seconds(5));
  canceller.join();
}

TEST_F(JournalSqlite, AnOverwrittenHeaderIsSaid) {
  make_journal(300);
  overwrite(file_, 0, std::string(100, 'A'));
  const std::string before = contents_of(file_);
  const ErrorDetails details = refusal();
  EXPECT_EQ(details.kind, ErrorKind::disk);
  EXPECT_FALSE(details.retryable);
  EXPECT_NE(details.message.find("is not a journal, or is damaged"), std::string::npos) << details.message;
  EXPECT_EQ(contents_of(file_), before);
}

TEST_F(JournalSqlite, AnyOverwrittenPageIsSaidBeforeItIsNeeded) {
  make_journal(100);
  const std::string whole = contents_of(file_);
  ASSERT_GT(whole.size(), 10 * kPage);
  for (const char byte : {'\0', '\xff'}) {
    for (std::size_t page = 1; page < whole.size() / kPage; ++page) {
      overwrite(file_, 0, whole);
      overwrite(file_, page * kPage, std::string(kPage, byte));
      const std::string before = contents_of(file_);
      const ErrorDetails details = refusal();
      EXPECT_EQ(details.kind, ErrorKind::disk) << "page " << page;
      EXPECT_NE(details.message.find("is damaged"), std::string::npos) << "page " << page << ": " << details.message;
      EXPECT_NE(details.advice.find("keep it"), std::string::npos) << details.advice;
      ASSERT_EQ(contents_of(file_), before) << "page " << page;
    }
  }
  overwrite(file_, 0, whole);
  EXPECT_EQ(rows(), 100U);
}

TEST_F(JournalSqlite, AFileThatEndsEarlyIsSaid) {
  make_journal(100);
  fs::resize_file(file_, fs::file_size(file_) / 2 / kPage * kPage);
  EXPECT_EQ(refusal().kind, ErrorKind::disk);
}

TEST_F(JournalSqlite, AnotherProgramsDatabaseIsLeftAsItIs) {
  for (const char* statement : {"CREATE TABLE songs (name TEXT)", "PRAGMA application_id = 42"}) {
    fs::create_directories(folder_.file("state/klingv2a"));
    sql(open_raw(), statement);
    const std::string before = contents_of(file_);
    const ErrorDetails details = refusal();
    EXPECT_EQ(details.kind, ErrorKind::settings);
    EXPECT_NE(details.message.find("is another program's database"), std::string::npos) << details.message;
    EXPECT_EQ(contents_of(file_), before);
    fs::remove_all(folder_.file("state"));
  }
}

TEST_F(JournalSqlite, ADirectoryIsNoJournal) {
  fs::create_directories(file_);
  EXPECT_EQ(refusal().kind, ErrorKind::disk);
}

// What is reported to a user without rights, by a process of his own.
class JournalSqliteRights : public JournalSqlite {
 protected:
  void SetUp() override {
    make_journal(1);
    for (const char* path : {"", "state", "state/klingv2a"}) fs::permissions(folder_.file(path), fs::perms(0755));
    if (::geteuid() == 0) user_ = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    give_to(65534);
    auto words = user_;
    words.insert(words.end(), {"test", "-x", KLINGV2A_JOURNAL_PROGRAM});
    if (test::run_program(words).exit_code != 0) GTEST_SKIP() << "nobody may run " << KLINGV2A_JOURNAL_PROGRAM;
  }
  void TearDown() override {
    for (const char* path : {"state", "state/klingv2a"}) fs::permissions(folder_.file(path), fs::perms(0755));
    fs::permissions(file_, fs::perms(0644));
    give_to(0);
    EXPECT_EQ(rows(), 1U);
  }
  void give_to(uid_t user) const {
    if (::geteuid() != 0) return;
    for (const auto& path : {folder_.file("state"), folder_.file("state/klingv2a"), file_})
      EXPECT_EQ(::chown(path.c_str(), user, user), 0) << path;
  }
  [[nodiscard]] std::string says(const std::string& file) const {
    test::JournalProcess process({file, "open"}, user_);
    process.go();
    return process.rest();
  }
  static void expect_says(const std::string& said, const std::string& part) {
    EXPECT_NE(said.find(part), std::string::npos) << said;
    EXPECT_NE(said.find("kind=disk"), std::string::npos) << said;
  }

  std::vector<std::string> user_;
};

TEST_F(JournalSqliteRights, AFileThatMayNotBeRead) {
  fs::permissions(file_, fs::perms(0000));
  expect_says(says(file_), "cannot be opened");
}

TEST_F(JournalSqliteRights, AFileThatMayNotBeWritten) {
  fs::permissions(file_, fs::perms(0444));
  expect_says(says(file_), "cannot be written to");
}

TEST_F(JournalSqliteRights, ADirectoryThatMayNotBeWritten) {
  fs::permissions(file_, fs::perms(0666));
  fs::permissions(folder_.file("state/klingv2a"), fs::perms(0555));
  expect_says(says(file_), "cannot be ");
  expect_says(says(folder_.file("state/klingv2a/new.sqlite")), "cannot be made: Permission denied");
  expect_says(says(folder_.file("state/klingv2a/new/new.sqlite")), "has no directory: Permission denied");
}

TEST_F(JournalSqlite, AFullDiskCostsNoRow) {
  const std::string disk = folder_.file("disk");
  fs::create_directories(disk);
  const std::string mount = R"(mount -t tmpfs -o size=256k tmpfs "$0" && exec "$@")";
  std::vector<std::string> small_disk{"unshare", "--mount", "sh", "-c", mount, disk};
  if (::geteuid() != 0) small_disk.insert(small_disk.begin() + 1, "--map-root-user");
  auto words = small_disk;
  words.emplace_back("true");
  if (const auto tried = test::run_program(words); tried.exit_code != 0) GTEST_SKIP() << tried.errors;

  test::JournalProcess process({disk + "/journal.sqlite", "fill"}, small_disk);
  process.go();
  const std::string said = process.line();
  EXPECT_NE(said.find("cannot grow, the disk is full"), std::string::npos) << said;
  EXPECT_NE(said.find("kind=disk"), std::string::npos) << said;
  const std::string taken = process.line();
  EXPECT_GT(std::stoi(taken), 0) << taken;
  EXPECT_EQ(process.line(), std::to_string(std::stoi(taken)) + " rows");
}

}  // namespace
}  // namespace klingv2a::journal
