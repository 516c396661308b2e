// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See postgresql_connection.h. Whatever leaves libpq in the middle of its protocol (a cancel, a deadline, a lost
// connection) drops the connection; the server rolls back what was not committed.
#include "journal/postgresql_connection.h"

#include <libpq-fe.h>

#include <string_view>
#include <utility>

#include "cancel_descriptor.h"
#include "clock.h"
#include "journal/location.h"
#include "journal/postgresql_error.h"
#include "journal/postgresql_options.h"

namespace klingv2a::journal {

namespace {

using ConnectionPtr = std::unique_ptr<PGconn, Deleter<PQfinish>>;
using ResultPtr = std::unique_ptr<PGresult, Deleter<PQclear>>;

// A server that is away is asked again after so long.
constexpr Seconds kConnectAgain{0.25};
// The server gives up before we do, so that its own word about the cause is heard. Shares of our patience.
constexpr double kLockShare = 0.8;
constexpr double kStatementShare = 0.9;
constexpr const char* kWatchGapMs = "200";

// Keys of the advisory locks: numbers of our own ("kv2a"), one for each schema.
constexpr std::int64_t kLock = 0x6b763261;
constexpr std::int64_t kSimulatedLock = kLock + 1;

void log_notice(void* /*unused*/, const PGresult* notice) {
  g_debug("PostgreSQL: %s", PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY));
}

class PostgresqlConnection : public Connection {
 public:
  PostgresqlConnection(const std::string& connection_string, bool simulated, Durability durability,
                       GObjectPtr<GCancellable> cancel, Seconds patience)
      : where_(displayable({.connection_string = connection_string})),
        options_(parse_postgresql_uri(connection_string, where_)),
        schema_(simulated ? "klingv2a_simulated" : "klingv2a"),
        lock_(std::to_string(simulated ? kSimulatedLock : kLock)),
        durability_(durability),
        cancel_(std::move(cancel)),
        patience_(patience) {}

  void make_schema() {
    in_transaction(*this, [this] {
      // Asked first: who has no right to create a schema may still use the one that is there.
      if (run("SELECT 1 FROM pg_namespace WHERE nspname = $1", {schema_}).empty()) run("CREATE SCHEMA " + schema_, {});
    });
  }

  void begin() override {
    start_patience();
    if (connection_) {
      try {
        start_transaction();
        return;
      } catch (const Error&) {
        // A connection that was lost since the last transaction has lost nothing: there is another one.
        if (connection_ || is_cancelled() || patience_left() <= Seconds::zero()) throw;
      }
    }
    connect();
    start_transaction();
  }
  void commit() override {
    start_patience();
    const ResultPtr result = execute("COMMIT", {});
    // A transaction that has failed is rolled back without an error.
    if (std::string_view(PQcmdStatus(result.get())) != "COMMIT")
      throw journal_error(ErrorKind::disk, where_, "rolled back what was to be written");
  }
  void rollback() noexcept override {
    if (!connection_ || PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) return;
    try {
      start_patience();
      (void)execute("ROLLBACK", {});
    } catch (const std::exception& failure) {
      g_debug("the connection is dropped: %s", failure.what());
      connection_.reset();
    }
  }
  std::vector<Record> run(const std::string& sql, const Record& parameters) override {
    start_patience();
    const ResultPtr result = execute(sql, parameters);
    std::vector<Record> records(static_cast<std::size_t>(PQntuples(result.get())));
    for (int row = 0; row < PQntuples(result.get()); ++row)
      for (int column = 0; column < PQnfields(result.get()); ++column)
        records.at(static_cast<std::size_t>(row)).emplace_back(PQgetvalue(result.get(), row, column));
    return records;
  }

 private:
  void start_transaction() {
    // Each statement sees what is committed when it begins: with any other isolation the first one, which waits for the
    // lock, would show us what was before our turn.
    (void)execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", {});
    try {
      (void)execute("SELECT pg_advisory_xact_lock($1)", {lock_});
    } catch (const Error&) {
      rollback();
      throw;
    }
  }

  void connect() {
    for (;;) {
      try {
        try_to_connect();
        return;
      } catch (const Error& failure) {
        connection_.reset();
        if (!failure.details().retryable || patience_left() <= kConnectAgain) throw;
      }
      if (!clock_->sleep(kConnectAgain, cancel_.get())) check_cancelled();
    }
  }

  void try_to_connect() {
    PostgresqlOptions options = options_;
    look_up_hosts(options, where_, patience_left(), cancel_.get());
    options["client_encoding"] = "UTF8";
    options.try_emplace("fallback_application_name", "klingv2a");
    options.try_emplace("target_session_attrs", "read-write");
    options.try_emplace("gssencmode", "disable");  // Kerberos blocks: only for who asks for it
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : options) {
      names.push_back(name.c_str());
      values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    connection_.reset(PQconnectStartParams(names.data(), values.data(), 0));
    if (!connection_) throw journal_error(ErrorKind::disk, where_, "cannot be reached: out of memory");
    PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);  // with the SQLSTATE, see to_error()
    PQsetNoticeReceiver(connection_.get(), &log_notice, nullptr);
    finish_connecting();
    if (PQsetnonblocking(connection_.get(), 1) != 0) throw to_error();
    set_up_session();
    let_server_watch_us();
  }

  void finish_connecting() {
    PostgresPollingStatusType status =
        PQstatus(connection_.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
      if (status == PGRES_POLLING_FAILED) throw to_error();
      wait(status == PGRES_POLLING_READING ? G_IO_IN : G_IO_OUT);
      status = PQconnectPoll(connection_.get());
    }
  }

  // A host that vanishes in the middle of a transaction must not lock the others out for longer than our patience.
  void set_up_session() {
    const auto milliseconds = [this](double share) {
      return std::to_string(static_cast<int>(patience_.count() * share * 1000));
    };
    const bool is_durable = durability_ == Durability::crash_of_machine;
    const ResultPtr result = execute(
        "SELECT set_config('search_path', $1, false), set_config('lock_timeout', $2, false),"
        " set_config('statement_timeout', $3, false), set_config('idle_in_transaction_session_timeout', $4, false),"
        " current_setting('fsync'), set_config('synchronous_commit', $5, false)",
        {schema_, milliseconds(kLockShare), milliseconds(kStatementShare), milliseconds(1), is_durable ? "on" : "off"});
    constexpr int kFsyncColumn = 4;
    if (is_durable && std::string_view(PQgetvalue(result.get(), 0, kFsyncColumn)) != "on") {
      throw journal_error(ErrorKind::settings, where_,
                          "would not survive a crash of its server, which runs with fsync off",
                          "set fsync = on in its postgresql.conf");
    }
  }

  // Who leaves in the middle of a statement, or of waiting for the lock, must not block the others until it is over.
  // Not every server can notice that.
  void let_server_watch_us() {
    try {
      (void)execute(
          "SELECT set_config(name, $1, false) FROM pg_settings WHERE name = 'client_connection_check_interval'",
          {kWatchGapMs});
    } catch (const Error& failure) {
      if (!connection_) throw;
      g_debug("the server does not notice a client's end: %s", failure.what());
    }
  }

  // One statement and its result. A failure of the statement leaves the connection as it is, any other one drops it.
  ResultPtr execute(const std::string& sql, const Record& parameters) {
    if (!connection_) throw to_error();
    ResultPtr result;
    try {
      send(sql, parameters);
      result = receive();
    } catch (const Error&) {
      connection_.reset();
      throw;
    }
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result;
    const char* sqlstate = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    if (PQstatus(connection_.get()) == CONNECTION_BAD) connection_.reset();
    throw postgresql_error(where_, sqlstate ? sqlstate : "", readable(PQresultErrorMessage(result.get())));
  }

  void send(const std::string& sql, const Record& parameters) {
    std::vector<const char*> values;
    for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
    if (!PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                           nullptr, nullptr, 0))
      throw to_error();
    int flushed = 0;
    while ((flushed = PQflush(connection_.get())) > 0) {
      wait(G_IO_IN | G_IO_OUT);
      if (!PQconsumeInput(connection_.get())) throw to_error();
    }
    if (flushed < 0) throw to_error();
  }

  ResultPtr receive() {
    ResultPtr last;
    for (;;) {
      while (PQisBusy(connection_.get())) {
        wait(G_IO_IN);
        if (!PQconsumeInput(connection_.get())) throw to_error();
      }
      ResultPtr next(PQgetResult(connection_.get()));
      if (!next) break;
      last = std::move(next);
    }
    if (!last) throw to_error();
    return last;
  }

  void wait(int condition) {
    check_cancelled();
    const Seconds left = patience_left();
    if (left <= Seconds::zero()) throw postgresql_error(where_, {}, "it does not answer");
    GPollFD socket{PQsocket(connection_.get()), static_cast<gushort>(condition), 0};
    cancelled_.wait(left, &socket);
    check_cancelled();
  }

  void start_patience() { patience_ends_ = clock_->now() + patience_; }
  [[nodiscard]] Seconds patience_left() const { return patience_ends_ - clock_->now(); }
  [[nodiscard]] bool is_cancelled() const { return g_cancellable_is_cancelled(cancel_.get()); }
  void check_cancelled() const {
    if (is_cancelled()) throw journal_error(ErrorKind::cancelled, where_, "was waited for");
  }

  // The connection's own trouble.
  [[nodiscard]] Error to_error() const {
    if (!connection_) return postgresql_error(where_, {}, "the connection is lost");
    const std::string message = readable(PQerrorMessage(connection_.get()));
    const bool wants_password = PQconnectionNeedsPassword(connection_.get()) != 0;
    return postgresql_error(where_, wants_password ? "28P01" : sqlstate_in(message), message);
  }

  // The password has no reason to be in it, but that is for others to decide.
  [[nodiscard]] std::string readable(std::string message) const {
    for (const char* secret : {"password", "sslpassword"}) {
      const auto option = options_.find(secret);
      if (option == options_.end()) continue;
      const std::string& text = option->second;
      for (auto at = message.find(text); at != std::string::npos; at = message.find(text, at + 1))
        message.replace(at, text.size(), "…");
    }
    return message;
  }

  const std::string where_;
  const PostgresqlOptions options_;
  const std::string schema_;
  const std::string lock_;
  const Durability durability_;
  const GObjectPtr<GCancellable> cancel_;
  const Seconds patience_;
  const std::shared_ptr<Clock> clock_ = make_system_clock();
  Seconds patience_ends_{0};
  CancelDescriptor cancelled_{cancel_.get()};
  ConnectionPtr connection_;  // null: none, or lost
};

}  // namespace

std::unique_ptr<Connection> open_postgresql(const std::string& connection_string, bool simulated, Durability durability,
                                            const GObjectPtr<GCancellable>& cancel, Seconds patience) {
  auto connection = std::make_unique<PostgresqlConnection>(connection_string, simulated, durability, cancel, patience);
  connection->make_schema();
  return connection;
}

}  // namespace klingv2a::journal
