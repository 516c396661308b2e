// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A journal and results for each test of its own: what one test has paid for must not be found by the next one. Runs on
// the test's thread, before the test starts any other.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "temporary_folder.h"

namespace klingv2a::test {

// The XDG directories for state and caches lead into a folder of its own as long as the object lives.
class PrivateHome {
 public:
  PrivateHome();
  [[nodiscard]] std::filesystem::path state() const { return folder_.path() / "state"; }
  [[nodiscard]] std::filesystem::path cache() const { return folder_.path() / "cache"; }
  // The journal of services on loopback, as every test's is.
  [[nodiscard]] std::filesystem::path journal() const { return state() / "klingv2a" / "journal-simulated.sqlite"; }
  [[nodiscard]] std::filesystem::path results() const { return cache() / "klingv2a" / "results-simulated"; }

 private:
  TemporaryFolder folder_;
};

// Gives each test a PrivateHome.
class PrivateHomes : public ::testing::EmptyTestEventListener {
 public:
  void OnTestStart(const ::testing::TestInfo&) override { home_ = std::make_unique<PrivateHome>(); }

 private:
  std::unique_ptr<PrivateHome> home_;
};

}  // namespace klingv2a::test
