// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A real nginx with its dav module for tests: a store that takes PUT and DELETE, made and started here on 127.0.0.1
// from what is installed, and gone with the object. It dies with the thread that made it.
//
// Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server_process.h"
#include "temporary_folder.h"

namespace klingv2a::test {

class NginxServer {
 public:
  static constexpr const char* kPackages = "nginx-light";
  // Empty: none is installed, or it has no dav module.
  [[nodiscard]] static std::string program();

  // Throws std::runtime_error, with what the server said.
  NginxServer();

  // "/open/…" takes GET, PUT and DELETE; "/kept/…" takes GET and PUT; "/closed/…" is denied to all.
  [[nodiscard]] std::string url(const std::string& path) const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  // The files that are stored below a path ("/open"), by their paths in the file system.
  [[nodiscard]] std::vector<std::string> files(const std::string& path) const;
  // Its lines so far: METHOD STATUS BYTES-OF-THE-REQUEST.
  [[nodiscard]] std::vector<std::string> requests() const;

 private:
  void configure() const;

  const TemporaryFolder folder_;
  const std::uint16_t port_;
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace klingv2a::test
