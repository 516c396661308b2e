// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The simulated service's callbacks, as a server of ours gets them: when, what is in them, and how they go wrong when
// asked to. That their signatures are right is judged by the element (callback_test.cpp).
#include "sim_fixture.h"

namespace klingv2a::test {
namespace {

using On = sim::Fault::On;
using Do = sim::Fault::Do;

constexpr const char* kSecret = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=";

class SimCallback : public SimFixture {
 protected:
  SimCallback() { receiver_.set_default(reply(204, "")); }

  static sim::Options with_fault(Do what) {
    sim::Options options = quick();
    options.callback_secret = kSecret;
    options.faults = {{.on = On::callback, .what = what, .times = -1}};
    return options;
  }
  // A task that calls us, to its end.
  void call_us() {
    submit(R"("video_id":"sim-3s","callback_url":")" + receiver_.url("/cb?a=b") + R"(")");
    EXPECT_TRUE(ends_as("succeed"));
  }
  // Once `count` callbacks have been answered.
  [[nodiscard]] std::vector<SeenRequest> received(int count) {
    EXPECT_TRUE(sim_->wait_until(
        [&](const sim::Service& sim) { return static_cast<int>(sim.callbacks().size()) >= count; }, kDeadline));
    EXPECT_EQ(sim_->callbacks().size(), static_cast<std::size_t>(count));
    return receiver_.requests();
  }

  RawServer receiver_;
};

TEST_F(SimCallback, EachChangeIsToldAsTheBareTask) {
  run(quick());
  call_us();
  const auto seen = received(3);
  const std::vector<std::string> statuses{"submitted", "processing", "succeed"};
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].method(), "POST");
    EXPECT_EQ(seen[i].target(), "/cb?a=b");
    EXPECT_EQ(seen[i].header("Content-Type"), "application/json");
    EXPECT_EQ(seen[i].header("webhook-signature"), "") << "it has no secret";
    EXPECT_EQ(json_at(seen[i].body, "$.task_id"), sim_->paid_tasks().front().task_id);
    EXPECT_EQ(json_at(seen[i].body, "$.task_status"), statuses[i]);
    EXPECT_EQ(json_at(seen[i].body, "$.code"), "");
    EXPECT_EQ(seen[i].body.find("audios"), std::string::npos) << "the result has to be asked for";
    EXPECT_EQ(sim_->callbacks()[i].status, statuses[i]);
    EXPECT_EQ(sim_->callbacks()[i].answer, 204);
  }
}

TEST_F(SimCallback, ByTheNewNamesItIsTheNewObject) {
  sim::Options options = quick_kling();
  options.naming = sim::Naming::new_names;
  run(options);
  call_us();
  const auto seen = received(3);
  EXPECT_EQ(json_at(seen.back().body, "$.id"), sim_->paid_tasks().front().task_id);
  EXPECT_EQ(json_at(seen.back().body, "$.status"), "succeeded");
  EXPECT_NE(json_at(seen.back().body, "$.update_time"), "");
}

TEST_F(SimCallback, AFailureIsToldWithItsReason) {
  sim::Options options = quick();
  options.faults = {{.on = On::submit, .what = Do::fail_task, .message = "too dark"}};
  run(options);
  submit(R"("video_id":"sim-3s","callback_url":")" + receiver_.url("/") + R"(")");
  const auto seen = received(3);
  EXPECT_EQ(json_at(seen.back().body, "$.task_status"), "failed");
  EXPECT_EQ(json_at(seen.back().body, "$.task_status_msg"), "too dark");
}

TEST_F(SimCallback, WithASecretEachIsSignedUnderItsOwnId) {
  sim::Options options = quick();
  options.callback_secret = kSecret;
  run(options);
  call_us();
  const auto seen = received(3);
  EXPECT_NE(seen[0].header("webhook-id"), seen[1].header("webhook-id"));
  EXPECT_TRUE(seen[0].header("webhook-signature").starts_with("v1,"));
  EXPECT_NE(seen[0].header("webhook-timestamp"), "");
}

TEST_F(SimCallback, IsLostWhenAsked) {
  run(with_fault(Do::lose));
  call_us();
  EXPECT_TRUE(receiver_.requests().empty());
}

TEST_F(SimCallback, IsRepeatedWithItsIdWhenAsked) {
  run(with_fault(Do::repeat));
  call_us();
  const auto seen = received(6);
  EXPECT_EQ(seen[0].header("webhook-id"), seen[1].header("webhook-id"));
  EXPECT_NE(seen[1].header("webhook-id"), seen[2].header("webhook-id"));
}

TEST_F(SimCallback, IsOversizedWhenAsked) {
  run(with_fault(Do::oversize));
  call_us();
  EXPECT_EQ(received(3).front().body.size(), 1'000'000U);
}

TEST_F(SimCallback, ComesBeforeTheSubmitsAnswerWhenAsked) {
  run(with_fault(Do::early));
  submit(R"("video_id":"sim-3s","callback_url":")" + receiver_.url("/") + R"(")");
  EXPECT_GE(receiver_.requests().size(), 1U);
}

TEST_F(SimCallback, ThatIsLateDoesNotKeepTheServiceFromEnding) {
  sim::Options options = with_fault(Do::late);
  options.faults.front().seconds = 600;
  run(options);
  call_us();
  EXPECT_TRUE(sim_->callbacks().empty());
  sim_.reset();
  EXPECT_TRUE(receiver_.requests().empty());
}

TEST_F(SimCallback, ToNobodyIsNoTrouble) {
  run(quick());
  submit(R"("video_id":"sim-3s","callback_url":"http://127.0.0.1:)" + std::to_string(closed_port()) + R"(/")");
  EXPECT_TRUE(ends_as("succeed"));
  (void)received(3);
  EXPECT_EQ(sim_->callbacks().front().answer, 0);
}

TEST_F(SimCallback, MisbehavesOnlyInItsOwnWays) {
  run(quick());
  EXPECT_THROW(sim_->add_fault({.on = On::submit, .what = Do::forge}), std::invalid_argument);
  EXPECT_THROW(sim_->add_fault({.on = On::callback, .what = Do::hang}), std::invalid_argument);
  EXPECT_THROW(sim_->add_fault({.on = On::callback, .what = Do::late, .seconds = -1}), std::invalid_argument);
  EXPECT_NO_THROW(sim_->add_fault({.on = On::callback, .what = Do::late, .seconds = 0}));
}

TEST_F(SimCallback, ASecretHasToBeOne) {
  sim::Options options = quick();
  options.callback_secret = "hunter2";
  EXPECT_THROW(run(options), std::invalid_argument);
}

}  // namespace
}  // namespace klingv2a::test
