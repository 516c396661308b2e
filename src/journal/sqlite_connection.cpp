// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See sqlite_connection.h. A locked file is waited for in SQLite's busy handler, which looks at the cancellable.
#include "journal/sqlite_connection.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include "clock.h"
#include "journal/file_place.h"

namespace klingv2a::journal {

namespace {

constexpr int kApplicationId = 0x6b763261;  // "kv2a"
constexpr Seconds kLockGap{0.02};

constexpr const char* kGiveRights = "give this user the right to write it and its directory";
constexpr const char* kKeepIt = "move it away and keep it: it says which tasks were paid for";

struct Failure {
  int code;  // SQLite's primary result code
  ErrorKind kind;
  bool retryable;
  const char* what;
  const char* advice;
};

constexpr std::array kFailures{
    Failure{SQLITE_BUSY, ErrorKind::disk, true, "is locked by another program",
            "look for a program that keeps it open for writing"},
    Failure{SQLITE_LOCKED, ErrorKind::disk, true, "is locked by another program",
            "look for a program that keeps it open for writing"},
    Failure{SQLITE_FULL, ErrorKind::disk, true, "cannot grow, the disk is full", "free some space there"},
    Failure{SQLITE_READONLY, ErrorKind::disk, false, "cannot be written to", kGiveRights},
    Failure{SQLITE_PERM, ErrorKind::disk, false, "cannot be written to", kGiveRights},
    Failure{SQLITE_CANTOPEN, ErrorKind::disk, false, "cannot be opened", kGiveRights},
    Failure{SQLITE_CORRUPT, ErrorKind::disk, false, "is damaged", kKeepIt},
    Failure{SQLITE_NOTADB, ErrorKind::disk, false, "is not a journal, or is damaged",
            "move it away and keep it, or name another journal"},
};

Error to_error(const std::string& file, const SQLite::Exception& exception, GCancellable* cancel) {
  if (g_cancellable_is_cancelled(cancel)) return journal_error(ErrorKind::cancelled, file, "was waited for");
  const int code = exception.getErrorCode() & 0xff;
  for (const Failure& failure : kFailures) {
    if (failure.code != code) continue;
    ErrorDetails details =
        journal_error(failure.kind, file, std::string(failure.what) + " (" + exception.what() + ")", failure.advice)
            .details();
    details.retryable = failure.retryable;
    return Error(std::move(details));
  }
  return journal_error(ErrorKind::disk, file, std::string("fails: ") + exception.what());
}

void make_directory(const std::string& file) {
  const GCharPtr directory(g_path_get_dirname(file.c_str()));
  constexpr int kForItsOwnerAlone = 0700;
  if (g_mkdir_with_parents(directory.get(), kForItsOwnerAlone) == 0) return;
  throw journal_error(ErrorKind::disk, file, std::string("has no directory: ") + g_strerror(errno),
                      "name a journal in a directory that can be written to");
}

// An empty file of mode 0600, whatever the umask. It is made under another name: to close a file of this name would
// drop the locks that other connections of this process hold on it.
void make_file(const std::string& file) {
  if (::access(file.c_str(), F_OK) == 0) return;
  std::string fresh = file + ".XXXXXX";
  const int fd = ::mkostemp(fresh.data(), O_CLOEXEC);
  if (fd < 0) {
    throw journal_error(ErrorKind::disk, file, std::string("cannot be made: ") + g_strerror(errno),
                        "name a journal in a directory that can be written to");
  }
  // The umask may have taken away what its owner needs.
  (void)::fchmod(fd, S_IRUSR | S_IWUSR);
  ::close(fd);
  const bool failed = ::link(fresh.c_str(), file.c_str()) != 0 && errno != EEXIST;
  const int error_number = errno;
  ::unlink(fresh.c_str());
  if (failed) throw journal_error(ErrorKind::disk, file, std::string("cannot be made: ") + g_strerror(error_number));
}

class SqliteConnection : public Connection {
 public:
  SqliteConnection(std::string file, Durability durability, GObjectPtr<GCancellable> cancel, Seconds patience)
      : file_(std::move(file)), cancel_(std::move(cancel)), patience_(patience) {
    start_patience();
    guarded([&] { open(durability); });
  }

  void begin() override {
    start_patience();
    guarded([&] { database_->exec("BEGIN IMMEDIATE"); });
  }
  void commit() override {
    guarded([&] { database_->exec("COMMIT"); });
    if (is_durable_) empty_the_log();
  }
  void rollback() noexcept override {
    if (database_ && sqlite3_get_autocommit(database_->getHandle()) == 0) (void)database_->tryExec("ROLLBACK");
  }
  // Tables and indexes against each other: an index with one wrong bit passes quick_check, and hides a row.
  void prove_whole() override {
    guarded([&] { check_with("PRAGMA integrity_check(1)"); });
  }
  std::vector<Record> run(const std::string& sql, const Record& parameters) override {
    std::vector<Record> records;
    guarded([&] {
      SQLite::Statement statement(*database_, sql);
      int index = 0;
      for (const std::string& parameter : parameters) statement.bindNoCopy(++index, parameter);
      while (statement.executeStep()) {
        Record& record = records.emplace_back();
        for (int column = 0; column < statement.getColumnCount(); ++column)
          record.push_back(statement.getColumn(column).getString());
      }
    });
    return records;
  }

 private:
  void open(Durability durability) {
    database_.emplace(file_, SQLite::OPEN_READWRITE);
    // SQLite opens what it may only read, and says so at the first change.
    if (sqlite3_db_readonly(database_->getHandle(), "main") != 0)
      throw journal_error(ErrorKind::disk, file_, "cannot be written to", kGiveRights);
    sqlite3_busy_handler(database_->getHandle(), &SqliteConnection::wait_for_lock, this);
    claim_file();  // first: nothing is changed in a file that is not ours
    write_ahead();
    is_durable_ = durability == Durability::crash_of_machine;
    database_->exec(is_durable_ ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    if (is_durable_) check_pages();
  }

  // SQLite takes a wrong bit in its log for the log's end, and forgets what comes after it without a word. So what
  // decides about payments does not stay there. Where this fails, as others read or write just now, the change stays in
  // the log until the next commit.
  void empty_the_log() {
    is_hurried_ = true;
    sqlite3_wal_checkpoint_v2(database_->getHandle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    is_hurried_ = false;
  }

  // Marks an empty database as a journal; leaves another program's alone.
  void claim_file() {
    if (application_id() == kApplicationId) return;
    // Others may be about to do the same.
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    const int id = application_id();
    const bool is_empty = database_->execAndGet("SELECT COUNT(*) FROM sqlite_master").getInt() == 0;
    if (id == kApplicationId) return;
    if (id != 0 || !is_empty)
      throw journal_error(ErrorKind::settings, file_, "is another program's database", "name another journal");
    database_->exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    transaction.commit();
  }

  // Where two do so at the same time, SQLite tells one of them that the file is locked without asking its busy handler.
  void write_ahead() {
    constexpr const char* kWriteAhead = "PRAGMA journal_mode = WAL";
    int code = database_->tryExec(kWriteAhead);
    while ((code & 0xff) == SQLITE_BUSY && wait_for_lock(this, 0) != 0) code = database_->tryExec(kWriteAhead);
    if (code != SQLITE_OK) throw SQLite::Exception(database_->getHandle(), code);
  }

  [[nodiscard]] int application_id() { return database_->execAndGet("PRAGMA application_id").getInt(); }

  // A damaged page would otherwise be noticed only by who needs it, maybe after money was spent.
  void check_pages() { check_with("PRAGMA quick_check(1)"); }

  void check_with(const char* pragma) {
    const std::string verdict = database_->execAndGet(pragma).getString();
    if (verdict != "ok") throw journal_error(ErrorKind::disk, file_, "is damaged (" + verdict + ")", kKeepIt);
  }

  template <typename Work>
  void guarded(Work&& work) {
    try {
      work();
    } catch (const SQLite::Exception& exception) {
      throw to_error(file_, exception, cancel_.get());
    }
  }

  void start_patience() { patience_ends_ = clock_->now() + patience_; }

  // 0: give up, and the call fails with SQLITE_BUSY.
  static int wait_for_lock(void* self, int /*calls so far*/) {
    auto& connection = *static_cast<SqliteConnection*>(self);
    if (connection.is_hurried_ || connection.clock_->now() > connection.patience_ends_) return 0;
    return connection.clock_->sleep(kLockGap, connection.cancel_.get()) ? 1 : 0;
  }

  const std::string file_;
  const GObjectPtr<GCancellable> cancel_;
  const std::shared_ptr<Clock> clock_ = make_system_clock();
  const Seconds patience_;
  Seconds patience_ends_{0};
  bool is_durable_ = false, is_hurried_ = false;
  std::optional<SQLite::Database> database_;
};

}  // namespace

std::unique_ptr<Connection> open_sqlite(const std::string& file, Durability durability,
                                        const GObjectPtr<GCancellable>& cancel, Seconds patience) {
  make_directory(file);
  check_place(file);
  make_file(file);
  return std::make_unique<SqliteConnection>(file, durability, cancel, patience);
}

}  // namespace klingv2a::journal
