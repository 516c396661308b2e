// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The one Swift of a test program: there for all tests, each of which has a bucket of its own name. Used by the thread
// that runs the tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "swift_server.h"

namespace klingv2a::test {

class SwiftEnvironment : public ::testing::Environment {
 public:
  void SetUp() override {
    if (SwiftServer::is_installed()) only() = std::make_unique<SwiftServer>();
  }
  void TearDown() override { only() = nullptr; }

  // Null: none is installed.
  [[nodiscard]] static const SwiftServer* server() { return only().get(); }
  // For the test that runs; nobody has made it yet.
  [[nodiscard]] static std::string bucket() {
    std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::transform(name.begin(), name.end(), name.begin(), g_ascii_tolower);
    constexpr std::size_t kLongest = 63;
    return name.substr(0, kLongest);
  }

 private:
  static std::unique_ptr<SwiftServer>& only() {
    static std::unique_ptr<SwiftServer> server;
    return server;
  }
};

}  // namespace klingv2a::test
