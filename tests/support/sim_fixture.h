// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the tests of the simulated service share: a service, a server that holds the clip, and the API's calls.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "klingv2a-sim/service.h"
#include "raw_server.h"
#include "sim_client.h"
#include "test_clip.h"

namespace klingv2a::test {

class SimFixture : public ::testing::Test {
 protected:
  static constexpr std::chrono::seconds kDeadline{30};
  static constexpr const char* kEndpoint = "/v1/audio/video-to-audio";
  static constexpr const char* kKey = "Bearer sim-key";

  static sim::Options quick() {
    sim::Options options;
    options.task_time = std::chrono::milliseconds(0);
    return options;
  }
  static sim::Options quick_kling() {
    sim::Options options = quick();
    options.dialect = sim::Provider::kling;
    return options;
  }

  void run(const sim::Options& options) {
    sim_.reset();
    sim_ = std::make_unique<sim::Service>(options);
  }
  void hold(const ClipOptions& clip) { files_.set_default(reply(200, test_clip_bytes(clip))); }

  [[nodiscard]] std::string endpoint() const { return sim_->base_url() + kEndpoint; }
  [[nodiscard]] HttpReply post(const std::string& body) const { return http_call({"POST", endpoint(), kKey, body}); }
  [[nodiscard]] HttpReply get(const std::string& id) const {
    return http_call({"GET", endpoint() + "/" + id, kKey, {}});
  }
  [[nodiscard]] HttpReply get_result(const std::string& url) const { return http_call({"GET", url, {}, {}}); }

  // Submits and returns the task's id.
  std::string submit(const std::string& fields) {
    const HttpReply answer = post("{" + fields + "}");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json_at(answer.body, "$.data.task_id");
  }
  std::string submit_clip(const std::string& name = "clip.mp4") {
    return submit(R"("video_url":")" + files_.url("/" + name) + R"(")");
  }
  [[nodiscard]] bool ends_as(const std::string& status) const {
    return sim_->wait_until([&](const sim::Service& sim) { return sim.paid_tasks().back().status == status; },
                            kDeadline);
  }
  // The task's answer once it has succeeded.
  [[nodiscard]] std::string succeeded(const std::string& id) const {
    EXPECT_TRUE(ends_as("succeed")) << sim_->paid_tasks().back().status_message;
    return get(id).body;
  }

  RawServer files_;
  std::unique_ptr<sim::Service> sim_;
};

}  // namespace klingv2a::test
