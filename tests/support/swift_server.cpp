// SPDX-License-Identifier: LGPL-2.1-or-later
#include "swift_server.h"

#include <filesystem>

namespace klingv2a::test {
namespace {

// Debian's Python, which has Debian's Swift; another one may come first in PATH.
constexpr const char* kPython = "/usr/bin/python3";
constexpr const char* kProgram = KLINGV2A_SWIFT_SERVER;

}  // namespace

bool SwiftServer::is_installed() {
  for (const char* part : {"proxy", "account", "container", "object"})
    if (!std::filesystem::exists(std::string("/usr/bin/swift-") + part + "-server")) return false;
  return true;
}

SwiftServer::SwiftServer()
    : folder_("/var/tmp"),
      process_(std::make_unique<ServerProcess>(
          std::vector<std::string>{kPython, kProgram, folder_.path(), secret_access_key()}, folder_.file("log"),
          folder_.file("port"))),
      port_(contents_of(folder_.file("port"))) {}

}  // namespace klingv2a::test
