// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The journal in PostgreSQL: what is said when it cannot be used, that every call ends in time or on a cancel, and that
// a journal goes on after its server was restarted.
#include "journal/postgresql_connection.h"

#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <thread>

#include "fake_clock.h"
#include "journal/journal.h"
#include "journal_store.h"
#include "raw_server.h"

namespace klingv2a::journal {
namespace {

// For what ends when it is over: enough to connect, and for the server's own word to come first, on a busy machine,
// too.
constexpr Seconds kShort{1};
constexpr Seconds kLong{30};
// What a busy machine may add.
constexpr Seconds kSlack{3};

// Knows two names, one of them with two addresses; of any other it finds nothing, and goes on looking until the look-up
// is cancelled.
struct SlowResolver {
  GResolver parent;

  static void look_up(GResolver* self, const char* name, GCancellable* cancel, GAsyncReadyCallback done,
                      gpointer data) {
    const auto task = GObjectPtr<GTask>::adopt(g_task_new(self, cancel, done, data));
    g_task_set_check_cancellable(task.get(), TRUE);
    GList* found = nullptr;
    const std::string wanted = name;
    if (wanted == "two.example.com") found = g_list_prepend(found, g_inet_address_new_from_string("127.0.0.2"));
    if (wanted == "two.example.com" || wanted == "db.example.com")
      found = g_list_prepend(found, g_inet_address_new_from_string("127.0.0.1"));
    if (found) {
      g_task_return_pointer(task.get(), found,
                            [](gpointer list) { g_resolver_free_addresses(static_cast<GList*>(list)); });
      return;
    }
    auto* source = g_cancellable_source_new(cancel);
    g_task_attach_source(task.get(), source, G_SOURCE_FUNC(&SlowResolver::on_cancelled));
    g_source_unref(source);
  }
  static gboolean on_cancelled(GCancellable* /*cancel*/, gpointer task) {
    g_task_return_error_if_cancelled(G_TASK(task));
    return G_SOURCE_REMOVE;
  }
  static GList* finish(GResolver* /*self*/, GAsyncResult* result, GError** error) {
    return static_cast<GList*>(g_task_propagate_pointer(G_TASK(result), error));
  }
  static void init_class(gpointer klass, gpointer /*unused*/) {
    G_RESOLVER_CLASS(klass)->lookup_by_name_async = look_up;
    G_RESOLVER_CLASS(klass)->lookup_by_name_finish = finish;
  }
  static GType type() {
    static const GType type =
        g_type_register_static_simple(G_TYPE_RESOLVER, "KlingSlowResolver", sizeof(GResolverClass), init_class,
                                      sizeof(SlowResolver), nullptr, GTypeFlags{});
    return type;
  }
};

// The default resolver as long as it lives.
class UseSlowResolver {
 public:
  UseSlowResolver() {
    const auto slow = GObjectPtr<GResolver>::adopt(G_RESOLVER(g_object_new(SlowResolver::type(), nullptr)));
    g_resolver_set_default(slow.get());
  }
  ~UseSlowResolver() { g_resolver_set_default(before_.get()); }
  UseSlowResolver(const UseSlowResolver&) = delete;
  UseSlowResolver& operator=(const UseSlowResolver&) = delete;

 private:
  const GObjectPtr<GResolver> before_ = GObjectPtr<GResolver>::adopt(g_resolver_get_default());
};

// A variable of the environment as long as it lives. Only this thread is there.
class SetVariable {
 public:
  SetVariable(std::string name, const std::string& value) : name_(std::move(name)) {
    g_setenv(name_.c_str(), value.c_str(), TRUE);
  }
  ~SetVariable() { g_unsetenv(name_.c_str()); }
  SetVariable(const SetVariable&) = delete;
  SetVariable& operator=(const SetVariable&) = delete;

 private:
  const std::string name_;
};

// Cancels a moment after start(), late enough to find the test waiting.
class CancelSoon {
 public:
  CancelSoon() = default;
  ~CancelSoon() {
    if (thread_.joinable()) thread_.join();
  }
  CancelSoon(const CancelSoon&) = delete;
  CancelSoon& operator=(const CancelSoon&) = delete;
  [[nodiscard]] const GObjectPtr<GCancellable>& cancel() const { return cancel_; }
  void start() {
    thread_ = std::thread([this] { main(); });
  }

 private:
  void main() {
    (void)make_system_clock()->sleep(Seconds(0.1), nullptr);
    g_cancellable_cancel(cancel_.get());
  }

  const GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  std::thread thread_;
};

class JournalPostgresql : public test::JournalStoreTest {
 protected:
  [[nodiscard]] std::unique_ptr<Connection> open(const std::string& uri, Seconds patience = kLong,
                                                 const GObjectPtr<GCancellable>& cancel = nullptr) const {
    return open_postgresql(uri, false, Durability::crash_of_machine, cancel, patience);
  }
  [[nodiscard]] std::unique_ptr<Connection> open(Seconds patience = kLong,
                                                 const GObjectPtr<GCancellable>& cancel = nullptr) const {
    return open(location_.connection_string, patience, cancel);
  }
  static std::string value(Connection& connection, const std::string& sql) {
    return in_transaction(connection, [&] { return connection.run(sql, {}).at(0).at(0); });
  }
  // The error of `work`, which has to end within `limit`.
  template <typename Work>
  static ErrorDetails error_of(Seconds limit, const Work& work) {
    const auto clock = make_system_clock();
    const Seconds begin = clock->now();
    std::optional<ErrorDetails> details;
    try {
      work();
    } catch (const Error& error) {
      details = error.details();
    }
    EXPECT_LT(clock->now() - begin, limit);
    EXPECT_TRUE(details) << "there is no error";
    return details.value_or(ErrorDetails{});
  }
  template <typename Work>
  static ErrorDetails error_of(const Work& work) {
    return error_of(kShort + kSlack, work);
  }
  // `patience`: short where it is what ends.
  ErrorDetails error_of_opening(const std::string& uri, Seconds patience = kLong) {
    return error_of(std::min(patience, kLong / 2) + kSlack, [&] { (void)open(uri, patience); });
  }
  // The server's URI without its address, or with a name instead.
  static std::string uri_without_host(const std::string& name = {}) {
    std::string uri = server()->uri();
    const std::string address = "127.0.0.1:" + std::to_string(server()->port());
    return uri.replace(uri.find(address), address.size(), name);
  }
  // One with the service "journal", which has the server's port.
  [[nodiscard]] std::string write_service_file(const std::string& more = {}) const {
    const std::string file = folder_.file("services.conf");
    const std::string text = "[journal]\nport=" + std::to_string(server()->port()) + "\n" + more;
    EXPECT_TRUE(g_file_set_contents(file.c_str(), text.c_str(), -1, nullptr));
    return file;
  }
  static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
};

TEST_P(JournalPostgresql, AWrongPasswordIsASetting) {
  const ErrorDetails details = error_of_opening(server()->uri_of("klingv2a", "s3cret-but-wrong"));
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_TRUE(has(details.message, "does not let this user in")) << details.message;
  EXPECT_TRUE(has(details.message, "28P01")) << details.message;
  EXPECT_FALSE(has(details.message, "s3cret")) << details.message;
}

TEST_P(JournalPostgresql, AMissingPasswordIsASetting) {
  const ErrorDetails details = error_of_opening(server()->uri_of("klingv2a", ""));
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_TRUE(has(details.advice, "~/.pgpass")) << details.advice;
}

TEST_P(JournalPostgresql, AnUnknownDatabaseIsASetting) {
  const ErrorDetails details = error_of_opening(server()->uri_of("klingv2a", server()->password(), "nowhere"));
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_TRUE(has(details.message, "does not exist")) << details.message;
  EXPECT_FALSE(has(details.message, server()->password())) << details.message;
}

TEST_P(JournalPostgresql, AUserWithoutRightsIsASetting) {
  server()->sql("CREATE ROLE limited LOGIN PASSWORD 'limited'");
  const std::string uri = server()->uri_of("limited", "limited");
  const ErrorDetails details = error_of_opening(uri);
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_TRUE(has(details.message, "does not permit this user")) << details.message;
  server()->sql("CREATE SCHEMA klingv2a AUTHORIZATION limited");
  EXPECT_EQ(value(*open(uri), "SELECT current_schema()"), "klingv2a");
  server()->sql("DROP SCHEMA klingv2a; DROP ROLE limited");
}

TEST_P(JournalPostgresql, AServerThatOnlyReadsIsRefused) {
  server()->sql("CREATE ROLE reader LOGIN; ALTER ROLE reader SET default_transaction_read_only = on");
  const ErrorDetails details = error_of_opening(server()->socket_uri("reader"), 10 * kShort);
  server()->sql("DROP ROLE reader");
  EXPECT_EQ(details.kind, ErrorKind::disk);
  EXPECT_TRUE(has(details.message, "read-only")) << details.message;
}

TEST_P(JournalPostgresql, APasswordThatIsNotEscapedIsShownNowhere) {
  for (const char* uri : {"postgresql://user:se/cret@db.example.com/x", "postgresql://user:se?cret@db.example.com/x",
                          "postgresql://user:se#cret@db.example.com/x", "postgresql://user:se@cret@db.example.com/x",
                          "postgresql://user:se%cret@127.0.0.1/x", "postgresql://user:cret",
                          "postgresql://db.example.com/x?password=s@cret", "postgresql://127.0.0.1/x?cret=secret"}) {
    const ErrorDetails details = error_of_opening(uri);
    EXPECT_EQ(details.kind, ErrorKind::settings) << uri;
    EXPECT_FALSE(has(details.message, "cret")) << details.message;
  }
}

TEST_P(JournalPostgresql, ARefusedConnectionIsTriedAgainForItsPatience) {
  const std::string uri = "postgresql://user:secret@127.0.0.1:" + std::to_string(test::closed_port()) + "/x";
  const auto clock = make_system_clock();
  const Seconds begin = clock->now();
  const ErrorDetails details = error_of_opening(uri, kShort);
  EXPECT_GE(clock->now() - begin, kShort / 2);
  EXPECT_EQ(details.kind, ErrorKind::disk);
  EXPECT_TRUE(details.retryable);
  EXPECT_TRUE(has(details.message, "cannot be reached")) << details.message;
  EXPECT_FALSE(has(details.message, "secret")) << details.message;
}

TEST_P(JournalPostgresql, ABlackHoleEndsAfterItsPatience) {
  const test::DeafPort port;
  const std::string authority = port.url().substr(std::string("http://").size());
  const ErrorDetails details = error_of_opening("postgresql://user:secret@" + authority, kShort);
  EXPECT_EQ(details.kind, ErrorKind::disk);
  EXPECT_TRUE(details.retryable);
  EXPECT_TRUE(has(details.message, "does not answer")) << details.message;
}

TEST_P(JournalPostgresql, ACancelEndsAConnectIntoABlackHole) {
  const test::DeafPort port;
  const std::string uri = "postgresql://user@" + port.url().substr(std::string("http://").size());
  CancelSoon soon;
  soon.start();
  const ErrorDetails details = error_of(kSlack, [&] { (void)open(uri, kLong, soon.cancel()); });
  EXPECT_EQ(details.kind, ErrorKind::cancelled);
}

TEST_P(JournalPostgresql, ANameIsLookedUp) {
  const UseSlowResolver resolver;
  std::string uri = server()->uri();
  uri.replace(uri.find("127.0.0.1"), std::string("127.0.0.1").size(), "db.example.com");
  EXPECT_EQ(value(*open(uri), "SELECT 1"), "1");
}

TEST_P(JournalPostgresql, ANameOfTheEnvironmentIsLookedUp) {
  const UseSlowResolver resolver;
  const SetVariable host("PGHOST", "db.example.com"), port("PGPORT", std::to_string(server()->port()));
  EXPECT_EQ(value(*open(uri_without_host()), "SELECT 1"), "1");
}

TEST_P(JournalPostgresql, EveryAddressOfANameHasThePortOfTheEnvironment) {
  const UseSlowResolver resolver;
  const SetVariable port("PGPORT", std::to_string(server()->port()));
  EXPECT_EQ(value(*open(uri_without_host("two.example.com")), "SELECT 1"), "1");
}

TEST_P(JournalPostgresql, WhatAServiceFileSaysComesBeforeTheEnvironment) {
  const UseSlowResolver resolver;
  const SetVariable file("PGSERVICEFILE", write_service_file("host=two.example.com\n"));
  const SetVariable host("PGHOST", "nowhere.example.com"), port("PGPORT", "1");
  const SetVariable service("PGSERVICE", "journal");
  EXPECT_EQ(value(*open(uri_without_host()), "SELECT 1"), "1");
}

// Which only libpq reads.
TEST_P(JournalPostgresql, EveryAddressOfANameHasThePortOfTheUrisService) {
  const UseSlowResolver resolver;
  const SetVariable file("PGSERVICEFILE", write_service_file());
  const SetVariable port("PGPORT", "1");
  EXPECT_EQ(value(*open(uri_without_host("two.example.com") + "?service=journal"), "SELECT 1"), "1");
}

TEST_P(JournalPostgresql, ALookUpEndsAfterItsPatience) {
  const UseSlowResolver resolver;
  const ErrorDetails details = error_of_opening("postgresql://user:secret@nowhere.example.com/x", kShort);
  EXPECT_EQ(details.kind, ErrorKind::disk);
  EXPECT_TRUE(details.retryable);
  EXPECT_TRUE(has(details.message, "cannot be found")) << details.message;
}

TEST_P(JournalPostgresql, ACancelEndsALookUp) {
  const UseSlowResolver resolver;
  CancelSoon soon;
  soon.start();
  const ErrorDetails details =
      error_of(kSlack, [&] { (void)open("postgresql://user@nowhere.example.com/x", kLong, soon.cancel()); });
  EXPECT_EQ(details.kind, ErrorKind::cancelled);
}

TEST_P(JournalPostgresql, TheNextHostIsTaken) {
  std::string uri = server()->uri();
  uri.replace(uri.find("127.0.0.1"), 0, "127.0.0.1:" + std::to_string(test::closed_port()) + ",");
  EXPECT_EQ(value(*open(uri), "SELECT 1"), "1");
}

TEST_P(JournalPostgresql, WhatIsSimulatedIsElsewhere) {
  const auto real = open();
  const auto simulated =
      open_postgresql(location_.connection_string, true, Durability::crash_of_machine, nullptr, kLong);
  EXPECT_EQ(value(*real, "SELECT current_schema()"), "klingv2a");
  EXPECT_EQ(value(*simulated, "SELECT current_schema()"), "klingv2a_simulated");
  real->begin();
  EXPECT_NO_THROW(simulated->begin()) << "and has a lock of its own";
}

TEST_P(JournalPostgresql, CommitsAreOnTheDiskOfTheServerWhereTheyCount) {
  EXPECT_EQ(value(*open(), "SHOW synchronous_commit"), "on");
  const auto beats = open_postgresql(location_.connection_string, false, Durability::crash_of_program, nullptr, kLong);
  EXPECT_EQ(value(*beats, "SHOW synchronous_commit"), "off");
}

TEST_P(JournalPostgresql, AServerThatDoesNotSyncIsRefused) {
  const auto set_fsync = [](const std::string& value) {
    server()->sql("ALTER SYSTEM SET fsync = " + value);
    server()->sql("SELECT pg_reload_conf()");
    while (server()->sql("SHOW fsync") != value) std::this_thread::yield();
  };
  set_fsync("off");
  const ErrorDetails details = error_of_opening(location_.connection_string);
  set_fsync("on");
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_TRUE(has(details.message, "fsync off")) << details.message;
}

TEST_P(JournalPostgresql, EachStatementSeesWhatIsCommittedWhateverTheServersDefault) {
  server()->sql("ALTER ROLE klingv2a SET default_transaction_isolation = 'serializable'");
  const auto connection = open();
  server()->sql("ALTER ROLE klingv2a RESET default_transaction_isolation");
  EXPECT_EQ(value(*connection, "SHOW transaction_isolation"), "read committed");
}

TEST_P(JournalPostgresql, ATransactionOfAnotherIsWaitedForInVain) {
  const auto first = open(kLong);
  const auto second = open(kShort);
  first->begin();
  const ErrorDetails details = error_of(kShort + kSlack, [&] { second->begin(); });
  EXPECT_EQ(details.kind, ErrorKind::disk);
  EXPECT_TRUE(details.retryable);
  EXPECT_TRUE(has(details.message, "is locked by another program")) << details.message;
  first->commit();
  EXPECT_EQ(value(*second, "SELECT 1"), "1");
}

TEST_P(JournalPostgresql, ACancelEndsTheWaitForAnothersTransaction) {
  const auto first = open(kLong);
  CancelSoon soon;
  const auto second = open(kLong, soon.cancel());
  first->begin();
  soon.start();
  const ErrorDetails details = error_of(kSlack, [&] { second->begin(); });
  EXPECT_EQ(details.kind, ErrorKind::cancelled);
}

TEST_P(JournalPostgresql, WhoStandsStillInATransactionIsGivenUp) {
  const auto stopped = open(kShort);
  const auto next = open(kLong);
  stopped->begin();
  next->begin();
  const ErrorDetails details = error_of([&] { stopped->run("SELECT 1", {}); });
  EXPECT_EQ(details.kind, ErrorKind::disk);
  EXPECT_TRUE(details.retryable);
  next->commit();
  stopped->rollback();
  EXPECT_EQ(value(*stopped, "SELECT 1"), "1");
}

TEST_P(JournalPostgresql, ASlowStatementEndsAfterItsPatience) {
  const auto connection = open(kShort);
  const ErrorDetails details = error_of(kShort + kSlack, [&] { value(*connection, "SELECT pg_sleep(60)"); });
  EXPECT_EQ(details.kind, ErrorKind::disk);
  EXPECT_TRUE(has(details.message, "took too long")) << details.message;
  EXPECT_EQ(value(*connection, "SELECT 1"), "1");
}

TEST_P(JournalPostgresql, ACancelEndsAStatement) {
  CancelSoon soon;
  const auto connection = open(kLong, soon.cancel());
  soon.start();
  const ErrorDetails details = error_of(kSlack, [&] { value(*connection, "SELECT pg_sleep(60)"); });
  EXPECT_EQ(details.kind, ErrorKind::cancelled);
  EXPECT_EQ(value(*open(kSlack), "SELECT 1"), "1") << "the server should have noticed that nobody waits any more";
}

TEST_P(JournalPostgresql, AServerThatStandsStillEndsAfterItsPatience) {
  const auto connection = open(kShort);
  const pid_t process = std::stoi(value(*connection, "SELECT pg_backend_pid()"));
  ASSERT_EQ(::kill(process, SIGSTOP), 0);
  const ErrorDetails details = error_of([&] { connection->run("SELECT 1", {}); });
  ASSERT_EQ(::kill(process, SIGCONT), 0);
  EXPECT_EQ(details.kind, ErrorKind::disk);
  EXPECT_TRUE(details.retryable);
  EXPECT_TRUE(has(details.message, "does not answer")) << details.message;
  EXPECT_EQ(value(*connection, "SELECT 1"), "1");
}

TEST_P(JournalPostgresql, ACommitWithoutAnAnswerIsAnError) {
  const auto connection = open();
  connection->begin();
  connection->run("CREATE TABLE klingv2a_x (x INTEGER)", {});
  server()->sql("SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'");
  const ErrorDetails details = error_of([&] { connection->commit(); });
  EXPECT_EQ(details.kind, ErrorKind::disk);
  EXPECT_TRUE(details.retryable);
  connection->rollback();
  EXPECT_EQ(value(*connection, "SELECT to_regclass('klingv2a_x') IS NULL"), "t");
}

TEST_P(JournalPostgresql, ACommitOfWhatHasFailedIsAnError) {
  const auto connection = open();
  connection->begin();
  EXPECT_THROW(connection->run("SELECT 1 / 0", {}), Error);
  EXPECT_THROW(connection->commit(), Error);
}

TEST_P(JournalPostgresql, ALostConnectionIsMadeAnewForTheNextTransaction) {
  const auto connection = open();
  EXPECT_EQ(value(*connection, "SELECT 1"), "1");
  server()->sql("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'klingv2a'");
  EXPECT_EQ(value(*connection, "SELECT current_schema()"), "klingv2a");
}

TEST_P(JournalPostgresql, ATransactionEndsWithItsConnection) {
  const auto connection = open(kShort);
  connection->begin();
  connection->run("CREATE TABLE klingv2a_x (x INTEGER)", {});
  server()->stop_at_once();
  const ErrorDetails details = error_of([&] { connection->run("INSERT INTO klingv2a_x VALUES (1)", {}); });
  EXPECT_EQ(details.kind, ErrorKind::disk);
  EXPECT_TRUE(details.retryable);
  // Not silently in a transaction of its own.
  (void)error_of([&] { connection->run("CREATE TABLE klingv2a_y (x INTEGER)", {}); });
  (void)error_of([&] { connection->commit(); });
  connection->rollback();
  (void)error_of([&] { connection->begin(); });
  server()->start();
  EXPECT_EQ(value(*connection, "SELECT to_regclass('klingv2a_x') IS NULL"), "t");
}

TEST_P(JournalPostgresql, AServerThatStartsIsWaitedFor) {
  server()->stop_at_once();
  std::string schema;
  std::thread waiter([&] { schema = value(*open(kLong), "SELECT current_schema()"); });
  server()->start();
  waiter.join();
  EXPECT_EQ(schema, "klingv2a");
}

TEST_P(JournalPostgresql, WhatHasHappenedIsWrittenDownWhateverBecomesOfTheServerMeanwhile) {
  test::FakeClock clock;
  Journal journal(location_, clock, nullptr);
  const auto ignore = [](const std::string&) {};
  const auto claim = journal.claim({.key = "key", .service = "s", .account = "a"}, Seconds(0), ignore);
  claim->prepare({"ours-1", "{}"}, 5, Seconds(0), ignore);
  // Whoever is the next to update the row loses its connection while it does so.
  server()->sql(R"(
    CREATE SEQUENCE klingv2a.updates;
    CREATE FUNCTION klingv2a.cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('klingv2a.updates') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER cut BEFORE UPDATE ON klingv2a.klingv2a_tasks FOR EACH ROW EXECUTE FUNCTION klingv2a.cut())");
  claim->accepted("task-1");
  EXPECT_EQ(journal.rows().at(0).state, State::submitted);
  EXPECT_EQ(journal.rows().at(0).task_id, "task-1");
}

TEST_P(JournalPostgresql, AJournalGoesOnAfterARestartBetweenAnyTwoSteps) {
  test::FakeClock clock;
  Journal journal(location_, clock, nullptr);
  const auto restart = [] {
    server()->stop_at_once();
    server()->start();
  };
  const auto ignore = [](const std::string&) {};
  restart();
  const auto claim = journal.claim({.key = "key", .service = "s", .account = "a"}, Seconds(0), ignore);
  restart();
  claim->prepare({"ours-1", "{}"}, 5, Seconds(0), ignore);
  restart();
  claim->accepted("task-1");
  restart();
  claim->ended(State::succeeded, "", "", "");
  restart();
  const Row row = journal.rows().at(0);
  EXPECT_EQ(row.state, State::succeeded);
  EXPECT_EQ(row.task_id, "task-1");
  EXPECT_EQ(row.external_task_id, "ours-1");
}

INSTANTIATE_TEST_SUITE_P(Over, JournalPostgresql, testing::Values(test::Store::postgresql), test::name_of);

}  // namespace
}  // namespace klingv2a::journal
