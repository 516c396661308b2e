// SPDX-License-Identifier: LGPL-2.1-or-later
//
// main() of test programs that use GStreamer: each test has a journal of its own; ends with gst_deinit(), because the
// leaks tracer reports only there.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include "private_home.h"

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::UnitTest::GetInstance()->listeners().Append(new klingv2a::test::PrivateHomes);  // GoogleTest's own now
  const int result = RUN_ALL_TESTS();
  gst_deinit();
  return result;
}
