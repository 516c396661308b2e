// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The service loses power (SIGKILL), or was never there, at each step of the cycle: a clear error in bounded time, with
// what is known of the money; never a hang.
#include <gtest/gtest.h>

#include "fault_run.h"
#include "raw_server.h"
#include "sim_process.h"

namespace klingv2a::test {
namespace {

using Reaction = test::Answer::Do;

constexpr const char* kImpatient = " connect-timeout=1 idle-timeout=1 timeout=4 ";

std::string klingv2a_at(const std::string& base_url, const std::string& more = "video-id=sim-3s") {
  return "klingv2a name=k api-key=sim-key base-url=" + base_url + kImpatient + more;
}

class ServiceGone : public ::testing::Test {
 protected:
  static constexpr const char* kPost = R"("method":"POST")";

  void start_service(const std::vector<std::string>& arguments) {
    service_ = std::make_unique<SimProcess>(KLINGV2A_SIM_PROGRAM, arguments);
    run_ = std::make_unique<PipelineRun>(fault_pipeline(klingv2a_at(service_->base_url())));
    run_->start();
  }
  // Pulls the plug; what the user gets then, and after how long.
  const SeenError& error_after_kill() {
    service_->kill();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_STREQ(to_string(run_->wait_for_end(kBound)), "error");
    took_ = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
    EXPECT_EQ(run_->errors().size(), 1U);
    run_->stop();
    EXPECT_EQ(run_->progress_count(GST_PROGRESS_TYPE_ERROR), 1);
    static const SeenError none;
    return run_->errors().empty() ? none : run_->errors().front();
  }
  // Far above what any of the time-outs asks for.
  static constexpr std::chrono::seconds kBound{100};

  std::unique_ptr<SimProcess> service_;
  std::unique_ptr<PipelineRun> run_;
  Milliseconds took_{0};
};

TEST_F(ServiceGone, BeforeTheSubmitCostsNothing) {
  const auto outcome = run_to_end(
      fault_pipeline(klingv2a_at("http://127.0.0.1:" + std::to_string(closed_port()) + "/kling")), [] { return 0; });
  expect_outcome("nobody listens", {.kind = "network", .posts = 0}, outcome);
}

TEST_F(ServiceGone, BehindAPortThatDoesNotAnswerCostsNothing) {
  const DeafPort deaf;
  const auto outcome = run_to_end(fault_pipeline(klingv2a_at(deaf.url() + "kling")), [] { return 0; });
  expect_outcome("black hole", {.kind = "network", .posts = 0}, outcome);
}

TEST_F(ServiceGone, BehindAServerThatTakesEverythingAndSaysNothing) {
  RawServer mute;
  mute.set_default({.what = Reaction::hang});
  const auto outcome = run_to_end(fault_pipeline(klingv2a_at(mute.url("/kling"))), [&] { return mute.posts(); });
  expect_outcome("mute", {.kind = "unknown-outcome", .paid = "maybe"}, outcome);
}

TEST_F(ServiceGone, DuringTheSubmitMayHaveBeenPaid) {
  start_service({"--fault", "submit:hang,paid=yes"});
  ASSERT_TRUE(service_->wait_for(kPost));
  const auto& error = error_after_kill();
  EXPECT_EQ(error.detail("kind"), "unknown-outcome");
  EXPECT_EQ(error.detail("paid"), "maybe");
  EXPECT_LT(took_, std::chrono::seconds(5));
}

TEST_F(ServiceGone, AfterTheSubmitEndsWithTheTimeoutAndNamesTheTask) {
  start_service({"--task-time", "600"});
  ASSERT_TRUE(run_->wait_for_message([this](GstMessage*) { return !run_->tasks().empty(); }));
  const auto& error = error_after_kill();
  EXPECT_EQ(error.detail("kind"), "still-running");
  EXPECT_EQ(error.detail("paid"), "yes");
  EXPECT_EQ(error.detail("task-id"), run_->tasks().front().task_id);
  EXPECT_LT(took_, std::chrono::seconds(10));
}

TEST_F(ServiceGone, DuringAPollEndsWithTheTimeoutAndNamesTheTask) {
  start_service({"--fault", "query:hang,times=-1"});
  ASSERT_TRUE(service_->wait_for("\"method\":\"GET\""));
  const auto& error = error_after_kill();
  EXPECT_EQ(error.detail("kind"), "still-running");
  EXPECT_EQ(error.detail("paid"), "yes");
  EXPECT_FALSE(error.detail("task-id").empty());
  EXPECT_LT(took_, std::chrono::seconds(10));
}

TEST_F(ServiceGone, DuringTheDownloadNamesThePaidTask) {
  start_service({"--task-time", "0", "--fault", "result:hang,times=-1"});
  ASSERT_TRUE(run_->wait_for_progress("downloading"));
  ASSERT_TRUE(service_->wait_for("sound.wav"));
  const auto& error = error_after_kill();
  EXPECT_EQ(error.detail("kind"), "result");
  EXPECT_EQ(error.detail("paid"), "yes");
  EXPECT_FALSE(error.detail("task-id").empty());
  std::cout << "download: error after " << took_.count() << " ms\n";
}

TEST_F(ServiceGone, ForAWhileDuringThePollsIsNoError) {
  sim::Service service(quick_service());
  // libsoup sends a GET once more by itself when a used connection breaks, so four resets are at least two failures.
  service.add_fault({.on = sim::Fault::On::query, .what = sim::Fault::Do::reset, .times = 4});
  PipelineRun run(fault_pipeline(klingv2a_at(service.base_url()) + " timeout=30"));
  EXPECT_STREQ(to_string(run.run()), "eos") << run.first_error();
  EXPECT_GE(run.stat("k", "retries"), 2);
}

}  // namespace
}  // namespace klingv2a::test
