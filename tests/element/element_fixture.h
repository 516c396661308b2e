// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What most tests of the element share: a simulated service, and rigs on it that name the video by reference.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "element_rig.h"
#include "klingv2a-sim/service.h"

namespace klingv2a::test {

class ElementTest : public ::testing::Test {
 protected:
  // With this and refuse_tasks() a (silent) sound is there as soon as the clip is cut: no poll has to be waited for.
  static constexpr const char* kSilent = "video-id=sim-3s on-failure=silence";

  void refuse_tasks() {
    service_.add_fault({.on = sim::Fault::On::submit, .what = sim::Fault::Do::error_code, .times = -1, .code = "1201"});
  }
  [[nodiscard]] int posts() const { return test::posts(service_); }
  [[nodiscard]] std::string base_url() const { return service_.base_url(); }

  // The only error: its GStreamer code, kind and paid.
  static void expect_error(const ElementRig& rig, GQuark domain, int code, const std::string& kind,
                           const std::string& paid = "no") {
    ASSERT_TRUE(rig.wait_for_error());
    const auto errors = rig.errors();
    ASSERT_EQ(errors.size(), 1U);
    const auto& error = errors.front();
    EXPECT_TRUE(error.is(domain, code)) << g_quark_to_string(error.domain) << " " << error.code << ": " << error.text;
    EXPECT_EQ(error.detail("kind"), kind) << error.text;
    EXPECT_EQ(error.detail("paid"), paid) << error.text;
  }
  static bool error_says(const ElementRig& rig, const std::string& words) {
    const auto errors = rig.errors();
    return !errors.empty() && errors.front().text.find(words) != std::string::npos;
  }

  sim::Service service_{quick_service()};
};

}  // namespace klingv2a::test
