// SPDX-License-Identifier: LGPL-2.1-or-later
//
// main() of test programs that use GStreamer: each test has a journal of its own; ends with gst_deinit(), because the
// leaks tracer reports only there. What is being cleaned up on a thread of its own is no leak: it is waited for.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "private_home.h"

namespace {

constexpr std::chrono::seconds kPatience{60};

bool is_reaper(const std::filesystem::directory_entry& thread) {
  std::string name;
  std::getline(std::ifstream(thread.path() / "comm"), name);
  return name == "klingv2a-reaper";
}

bool reaping() {
  return std::ranges::any_of(std::filesystem::directory_iterator("/proc/self/task"), is_reaper);
}

void wait_for_reapers() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (reaping()) {
    if (std::chrono::steady_clock::now() > deadline) {
      std::fputs("a thread of the reaper did not end\n", stderr);
      return;
    }
    std::this_thread::yield();
  }
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::UnitTest::GetInstance()->listeners().Append(new klingv2a::test::PrivateHomes);  // GoogleTest's own now
  const int result = RUN_ALL_TESTS();
  wait_for_reapers();
  gst_deinit();
  return result;
}
