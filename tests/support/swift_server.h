// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A real OpenStack Swift for tests, which speaks S3 and is strict about signatures: made and started here from what is
// installed, on 127.0.0.1, and gone with the object. Comes up in some two seconds: one for a test program. It dies with
// the thread that made it.
//
// Used by one thread.
#pragma once

#include <memory>
#include <string>

#include "server_process.h"
#include "temporary_folder.h"

namespace klingv2a::test {

class SwiftServer {
 public:
  // The packages that it is made of.
  static constexpr const char* kPackages = "swift-proxy, swift-account, swift-container and swift-object";
  [[nodiscard]] static bool is_installed();

  // Throws std::runtime_error, with what the server said.
  SwiftServer();

  [[nodiscard]] std::string endpoint() const { return "http://127.0.0.1:" + port_; }
  [[nodiscard]] const std::string& port() const { return port_; }
  // Who may do everything in the buckets of the server.
  [[nodiscard]] static std::string access_key_id() { return "test:tester"; }
  [[nodiscard]] static std::string secret_access_key() { return "s3cret/key+of=Swift"; }

 private:
  const TemporaryFolder folder_;  // not on a tmpfs: Swift needs user xattrs
  std::unique_ptr<ServerProcess> process_;
  std::string port_;
};

}  // namespace klingv2a::test
