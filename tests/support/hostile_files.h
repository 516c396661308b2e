// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files that name other files and servers, and traps that notice whether somebody follows them.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "temporary_folder.h"

namespace klingv2a::test {

// A port of this machine for TCP and UDP, and a file. Used by the thread that made it.
class Trap {
 public:
  // Throws std::runtime_error when the address is not this machine's.
  explicit Trap(const std::string& address = "127.0.0.1");
  ~Trap();
  Trap(const Trap&) = delete;
  Trap& operator=(const Trap&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  [[nodiscard]] std::string url(const std::string& scheme = "http") const;
  [[nodiscard]] std::string file() const { return folder_.file("trap.ts"); }
  // "a connection was made", "a datagram came", "the file was opened"; empty: nobody came since the last call.
  [[nodiscard]] std::string touched();

 private:
  const std::string address_;
  const TemporaryFolder folder_;
  int tcp_ = -1, udp_ = -1, watch_ = -1;
  int port_ = 0;
};

struct Attack {
  std::string name;
  std::function<std::string(const Trap&)> text_for;
};
void PrintTo(const Attack& attack, std::ostream* out);

[[nodiscard]] const std::vector<Attack>& all_attacks();

}  // namespace klingv2a::test
