// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A journal's store for each test, empty at its beginning; tests of the rules run over every store there is.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "journal/journal.h"
#include "postgres_server.h"
#include "program.h"

namespace klingv2a::test {

enum class Store { sqlite, postgresql };

// Why this store cannot be tested here; empty: it can.
inline std::string missing(Store store) {
  if (store == Store::sqlite) return {};
#ifdef KLINGV2A_WITH_POSTGRESQL
  return PostgresServer::programs().empty() ? "no PostgreSQL server is installed" : "";
#else
  return "this build is without PostgreSQL";
#endif
}

inline std::string name_of(const testing::TestParamInfo<Store>& info) {
  return info.param == Store::sqlite ? "Sqlite" : "Postgresql";
}

// Test suites derive from this one. PostgreSQL is started once for each suite, at its first test that needs it.
class JournalStoreTest : public testing::TestWithParam<Store> {
 protected:
  static void TearDownTestSuite() { server().reset(); }

  void SetUp() override {
    if (const std::string why = missing(GetParam()); !why.empty()) GTEST_SKIP() << why;
    location_.results = folder_.file("results");
    if (GetParam() == Store::sqlite) {
      location_.file = folder_.file("state/journal.sqlite");
      return;
    }
    if (!server()) server() = std::make_unique<PostgresServer>();
    server()->sql("DROP SCHEMA IF EXISTS klingv2a CASCADE");
    location_.connection_string = server()->socket_uri();
  }

  static std::unique_ptr<PostgresServer>& server() {
    static std::unique_ptr<PostgresServer> server;
    return server;
  }

  // The store as the journal's owner sees it, besides the journal.
  [[nodiscard]] std::unique_ptr<journal::Connection> connect() const {
    return journal::open_connection(location_, journal::Durability::crash_of_machine, nullptr);
  }

  const TemporaryFolder folder_;
  journal::Location location_;
};

// NOLINTBEGIN(cppcoreguidelines-macro-usage)
#define KLINGV2A_OVER_BOTH_STORES(suite) \
  INSTANTIATE_TEST_SUITE_P(Over, suite, testing::Values(test::Store::sqlite, test::Store::postgresql), test::name_of)
// NOLINTEND(cppcoreguidelines-macro-usage)

}  // namespace klingv2a::test
