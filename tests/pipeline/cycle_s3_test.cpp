// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The whole cycle with a private bucket: the proxy goes to a real Swift, the simulated service fetches it by the link
// that the task names, and when the task has ended the bucket is empty again.
#include <gtest/gtest.h>

#include <chrono>

#include "cycle/cycle.h"
#include "fake_clock.h"
#include "klingv2a-sim/service.h"
#include "private_home.h"
#include "publish/sigv4.h"
#include "swift_environment.h"
#include "tcp_proxy.h"
#include "test_clip.h"

namespace klingv2a {
namespace {

using test::SwiftServer;
using Swift = test::SwiftEnvironment;

[[maybe_unused]] const auto* const swift = ::testing::AddGlobalTestEnvironment(new Swift);

constexpr std::chrono::seconds kDeadline{30};

class Observer final : public cycle::CycleObserver {
 public:
  void on_phase(Phase) override {}
  void before_submit() override {}
  void on_task(const gateway::Task&) override {}
  void on_waiting(Seconds) override {}
  void on_retry(const Error&, int, Seconds) override {}
  void on_file_left(const Error& error) override { left = error.details(); }
  std::optional<ErrorDetails> left;
};

class CycleS3 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Swift::server()) GTEST_SKIP() << "no Swift: install " << SwiftServer::kPackages;
    g_setenv("AWS_ACCESS_KEY_ID", SwiftServer::access_key_id().c_str(), TRUE);
    g_setenv("AWS_SECRET_ACCESS_KEY", SwiftServer::secret_access_key().c_str(), TRUE);
    clock_.set_wall_start(Seconds(std::chrono::system_clock::now().time_since_epoch()) - clock_.now());
    // In the gaps between the looks at the task the service gets on with it.
    clock_.set_on_sleep([this](Seconds) { (void)sim_->wait_until(has_ended, kDeadline); });
    ASSERT_EQ(send("PUT").status, 200);
  }
  void run_service(const sim::Options& options) {
    sim_ = std::make_unique<sim::Service>(options);
    settings_.service.base_url = sim_->base_url();
    settings_.service.api_key = "sim-key";
    settings_.publish.uri = "s3://" + Swift::bucket() + "/proxies?endpoint=" + Swift::server()->endpoint();
  }
  static sim::Options quick() {
    sim::Options options;
    options.task_time = std::chrono::milliseconds(0);
    return options;
  }
  static bool has_ended(const sim::Service& service) {
    const auto tasks = service.paid_tasks();
    return tasks.empty() || tasks.back().status == "succeed" || tasks.back().status == "failed";
  }
  cycle::CycleResult run() {
    auto proxy = std::make_shared<SpoolFile>();
    const std::string bytes = test::test_clip_bytes({});
    sha256_ = GCharPtr(g_compute_checksum_for_string(G_CHECKSUM_SHA256, bytes.data(), gssize(bytes.size()))).get();
    proxy->write_at(0, std::as_bytes(std::span(bytes)));
    cycle::CycleClip clip{.key = "the clip", .length_ms = 4000, .make_proxy = [proxy] { return proxy; }};
    return run_cycle(settings_, clip, clock_, nullptr, observer_);
  }
  // To the bucket itself.
  http::Response send(const std::string& method) {
    http::Client http(nullptr);
    const std::string url =
        publish::presigned_url({.method = method,
                                .url = Swift::server()->endpoint() + "/" + Swift::bucket(),
                                .region = "us-east-1",
                                .expires_s = 600},
                               {SwiftServer::access_key_id(), SwiftServer::secret_access_key(), ""}, clock_.wall());
    return http.send({.method = method, .url = url});
  }
  bool bucket_is_empty() { return send("GET").body.find("<Key>") == std::string::npos; }

  const test::PrivateHome home_;
  std::unique_ptr<sim::Service> sim_;
  cycle::CycleSettings settings_;
  test::FakeClock clock_;
  Observer observer_;
  bool is_away_ = false;
  std::string sha256_;  // of the proxy
};

TEST_F(CycleS3, theServiceFetchesTheProxyFromAPrivateBucketAndNothingIsLeft) {
  run_service(quick());
  const cycle::CycleResult result = run();
  EXPECT_GT(result.sound->size(), 1000u);
  EXPECT_EQ(sim_->paid_tasks().size(), 1u);
  EXPECT_EQ(sim_->paid_tasks().back().status, "succeed");
  EXPECT_EQ(sim_->paid_tasks().back().video_sha256, sha256_);
  EXPECT_EQ(result.stats.files_left, 0);
  EXPECT_TRUE(bucket_is_empty());
}

TEST_F(CycleS3, theLinkIsNotInTheJournal) {
  run_service(quick());
  (void)run();
  const std::string journal = test::contents_of(home_.journal());
  EXPECT_FALSE(journal.empty());
  EXPECT_EQ(journal.find("X-Amz"), std::string::npos);
}

TEST_F(CycleS3, whatIsToBeKeptIsKept) {
  run_service(quick());
  settings_.publish.keep = true;
  EXPECT_EQ(run().stats.files_left, 0);
  EXPECT_FALSE(bucket_is_empty());
}

TEST_F(CycleS3, nothingIsLeftWhenTheTaskFails) {
  run_service(quick());
  sim_->add_fault({.on = sim::Fault::On::submit, .what = sim::Fault::Do::fail_task, .message = "no"});
  EXPECT_THROW((void)run(), Error);
  EXPECT_TRUE(bucket_is_empty());
}

TEST_F(CycleS3, nothingIsLeftWhenTheTaskIsRefused) {
  run_service(quick());
  sim_->add_fault({.on = sim::Fault::On::submit, .what = sim::Fault::Do::error_code, .code = "1102"});
  EXPECT_THROW((void)run(), Error);
  EXPECT_TRUE(bucket_is_empty());
}

TEST_F(CycleS3, aTaskThatGoesOnKeepsItsFile) {
  run_service(quick());
  sim_->add_fault({.on = sim::Fault::On::submit, .what = sim::Fault::Do::never_finish});
  clock_.set_on_sleep({});
  try {
    (void)run();
    ADD_FAILURE() << "nothing failed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::still_running);
  }
  EXPECT_FALSE(bucket_is_empty());
}

TEST_F(CycleS3, whatCannotBeRemovedIsToldAndTheSoundComes) {
  run_service(quick());
  test::TcpProxy network(static_cast<std::uint16_t>(std::stoi(Swift::server()->port())));
  settings_.publish.uri = "s3://" + Swift::bucket() + "?endpoint=" + network.url();
  clock_.set_on_sleep([&](Seconds) {
    (void)sim_->wait_until(has_ended, kDeadline);
    if (std::exchange(is_away_, true)) return;
    network.refuse();
  });
  const cycle::CycleResult result = run();
  EXPECT_GT(result.sound->size(), 1000u);
  EXPECT_EQ(result.stats.files_left, 1);
  ASSERT_TRUE(observer_.left);
  EXPECT_EQ(observer_.left->kind, ErrorKind::network);
  EXPECT_EQ(observer_.left->paid, Paid::yes);
  EXPECT_FALSE(bucket_is_empty());
}

}  // namespace
}  // namespace klingv2a
