// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A real PostgreSQL for tests: made and started here, on 127.0.0.1, from what is installed; gone with the object, and
// with the thread that made it. It syncs to the disk, as a journal's must.
//
// Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <gio/gio.h>

#include "gobject_ptr.h"
#include "program.h"

namespace klingv2a::test {

class PostgresServer {
 public:
  // Empty: none is installed.
  [[nodiscard]] static std::string programs();

  // Throws std::runtime_error, with what the server said.
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // A superuser's. Its password is wanted over TCP.
  [[nodiscard]] std::string uri() const { return uri_of("klingv2a", password()); }
  [[nodiscard]] std::string uri_of(const std::string& user, const std::string& password,
                                   const std::string& database = "postgres") const;
  [[nodiscard]] static std::string password() { return "a secret: 100% @home/?"; }
  // The same server through its socket, without a password.
  [[nodiscard]] std::string socket_uri(const std::string& user = "klingv2a") const;
  [[nodiscard]] std::uint16_t port() const { return port_; }

  // As a superuser, each in a transaction of its own. Returns the rows, fields separated by '|'.
  std::string sql(const std::string& statements) const;  // NOLINT(modernize-use-nodiscard): most return nothing

  void stop_at_once();  // as in a crash: connections are cut, nothing is tidied up
  void start();         // ready when it returns

 private:
  [[nodiscard]] bool is_ready() const;

  const TemporaryFolder folder_;
  const std::uint16_t port_;
  GObjectPtr<GSubprocess> process_;
};

}  // namespace klingv2a::test
