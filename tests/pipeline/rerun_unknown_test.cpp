// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a rerun does when a POST went out and nobody wrote down what became of it: it asks the service, and pays again
// only when it may.
#include "rerun.h"

namespace klingv2a::test {
namespace {

class RerunUnknown : public Rerun {
 protected:
  explicit RerunUnknown(sim::Provider dialect = sim::Provider::kling) : Rerun(of_dialect(dialect)) {}
  static sim::Options of_dialect(sim::Provider dialect) {
    auto options = quick_service();
    options.dialect = dialect;
    return options;
  }
  // A run that was stopped while its POST had no answer.
  void lose_a_post(bool paid) {
    service_.add_fault({.on = On::submit, .what = Do::hang, .paid = paid});
    stop_after_post();
    service_.clear_faults();
    ASSERT_EQ(service_.paid_tasks().size(), paid ? 1U : 0U);
  }
};

TEST_F(RerunUnknown, FindsTheTaskAndGoesOnWithIt) {
  lose_a_post(true);
  const Ran ran = run();
  expect_sound(ran, "looked-up");
  EXPECT_EQ(ran.posts, 0);
  expect_kept(run(), ran);
}

TEST_F(RerunUnknown, AsksAgainOnceItIsKnownThatThereIsNoTask) {
  lose_a_post(false);
  const Ran ran = run();
  expect_sound(ran, "submitted");
  EXPECT_EQ(ran.posts, 1);
  EXPECT_EQ(service_.paid_tasks().size(), 1U);
}

// Nothing can be said as long as the service is out of order, and the next run asks again.
TEST_F(RerunUnknown, OfAServiceThatIsOutOfOrderPaysNothing) {
  lose_a_post(true);
  service_.add_fault({.on = On::query, .what = Do::status, .times = -1, .http_status = 503});
  const Ran ran = run();
  EXPECT_EQ(ran.kind(), "unknown-outcome");
  EXPECT_EQ(ran.paid(), "maybe");
  EXPECT_EQ(ran.posts, 0);
  service_.clear_faults();
  expect_sound(run(), "looked-up");
  EXPECT_EQ(posts(service_), 1);
}

class RerunUnknownAtCometApi : public RerunUnknown {
 protected:
  RerunUnknownAtCometApi() : RerunUnknown(sim::Provider::cometapi) {}
};

TEST_F(RerunUnknownAtCometApi, IsAnErrorThatSaysWhatToCheckUntilToldToAskAgain) {
  lose_a_post(true);
  const Ran ran = run();
  EXPECT_EQ(ran.end, End::error);
  EXPECT_EQ(ran.kind(), "unknown-outcome");
  EXPECT_EQ(ran.paid(), "maybe");
  EXPECT_EQ(ran.posts, 0);
  const auto id = service_.paid_tasks().front().external_task_id;
  EXPECT_EQ(ran.error.detail("external-task-id"), id);
  EXPECT_NE(ran.error.text.find(id), std::string::npos) << ran.error.text;
  EXPECT_NE(ran.error.text.find("on-unknown=resubmit"), std::string::npos) << ran.error.text;
  const Ran again = run("on-unknown=resubmit");
  expect_sound(again, "submitted");
  EXPECT_EQ(again.posts, 1);
}

}  // namespace
}  // namespace klingv2a::test
