// SPDX-License-Identifier: LGPL-2.1-or-later
//
// callback-listen in whole pipelines: the service calls, the element looks, and what is forged, late, repeated or never
// sent does not keep the sound from coming.
#include <chrono>
#include <fstream>

#include "certificate.h"
#include "raw_server.h"
#include "rerun.h"
#include "sim_client.h"
#include "temporary_folder.h"

namespace klingv2a::test {
namespace {

constexpr const char* kSecret = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=";
constexpr const char* kListen = "video-id=sim-3s callback-listen=127.0.0.1:0 ";
constexpr std::chrono::seconds kDeadline{30};

int looks(const sim::Service& service) {
  return service.count("GET", "/kling/v1/");
}

class Callback : public Rerun {
 protected:
  static sim::Options signing(Milliseconds task_time = Milliseconds(10)) {
    auto options = quick_service(task_time);
    options.callback_secret = kSecret;
    return options;
  }
  explicit Callback(const sim::Options& options = signing()) : Rerun(options) {}

  void misbehave(Do what, int seconds = 5) {
    service_.add_fault({.on = On::callback, .what = what, .times = -1, .seconds = seconds});
  }
  [[nodiscard]] bool wait_until(const std::function<bool(const sim::Service&)>& condition) const {
    return service_.wait_until(condition, kDeadline);
  }
  // The sound comes, whatever became of the callbacks; what the stats say of them.
  struct Counts {
    double taken = 0, dropped = 0;
    std::string reason;
  };
  Counts run_with(const std::string& properties) {
    PipelineRun run(pipeline(properties));
    EXPECT_EQ(run.run(), End::eos) << run.first_error();
    EXPECT_EQ(posts(service_), 1);
    return {run.stat("k", "callbacks"), run.stat("k", "callbacks-dropped"),
            run.stat_text("k", "callbacks-dropped-reason")};
  }
  static std::string with_secret() { return std::string(kListen) + "callback-secret=" + kSecret; }
};

TEST_F(Callback, GenuineOnesAreTaken) {
  const Counts counts = run_with(with_secret());
  EXPECT_GE(counts.taken, 1);
  EXPECT_EQ(counts.dropped, 0) << counts.reason;
}

TEST_F(Callback, ForgedOnesAreDroppedAndPollingEndsTheTask) {
  misbehave(Do::forge);
  const Counts counts = run_with(with_secret());
  EXPECT_EQ(counts.taken, 0);
  EXPECT_GE(counts.dropped, 1);
  EXPECT_EQ(counts.reason, "forged");
  EXPECT_EQ(service_.callbacks().front().answer, 401);
}

TEST_F(Callback, StaleOnesAreDropped) {
  misbehave(Do::stale);
  const Counts counts = run_with(with_secret());
  EXPECT_EQ(counts.taken, 0);
  EXPECT_EQ(counts.reason, "stale");
}

TEST_F(Callback, RepeatedOnesAreThankedForAndDropped) {
  misbehave(Do::repeat);
  const Counts counts = run_with(with_secret());
  EXPECT_GE(counts.taken, 1);
  EXPECT_GE(counts.dropped, 1);
  EXPECT_EQ(counts.reason, "repeated");
  EXPECT_EQ(service_.callbacks()[1].answer, 204);
}

TEST_F(Callback, OversizedOnesAreDropped) {
  misbehave(Do::oversize);
  const Counts counts = run_with(with_secret());
  EXPECT_EQ(counts.taken, 0);
  EXPECT_EQ(counts.reason, "too large");
}

TEST_F(Callback, ThatNeverComesLeavesThePolling) {
  misbehave(Do::lose);
  const Counts counts = run_with(with_secret());
  EXPECT_EQ(counts.taken + counts.dropped, 0);
}

TEST_F(Callback, ThatComesTooLateLeavesThePolling) {
  misbehave(Do::late, 600);
  const Counts counts = run_with(with_secret());
  EXPECT_EQ(counts.taken + counts.dropped, 0);
}

TEST_F(Callback, BeforeTheSubmitsAnswerIsHeard) {
  misbehave(Do::early);
  const Counts counts = run_with(with_secret());
  EXPECT_GE(counts.taken, 2) << "the submitted and the processing one were answered before the task went on";
  EXPECT_EQ(service_.callbacks().front().answer, 204);
}

// As behind a gateway, which has not our secret.
TEST_F(Callback, WithoutASecretSignaturesAreNotLookedAt) {
  misbehave(Do::forge);
  EXPECT_GE(run_with(kListen).taken, 1);
}

TEST_F(Callback, ComesByTlsWhenThereIsACertificate) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("both.pem")) << kCertificatePem << kPrivateKeyPem;
  // So that polling is not the first to know, where a handshake takes its time.
  service_.add_fault({.on = sim::Fault::On::query, .what = Do::odd_status, .times = 2});
  EXPECT_GE(run_with(with_secret() + " callback-certificate=" + folder.file("both.pem")).taken, 1);
  EXPECT_TRUE(json_at(service_.paid_tasks().front().body, "$.callback_url").starts_with("https://127.0.0.1:"));
}

TEST_F(Callback, ThatCannotBeListenedForStopsBeforeAnythingIsPaid) {
  const RawServer other;
  PipelineRun run(pipeline("video-id=sim-3s callback-listen=127.0.0.1:" + std::to_string(other.port())));
  EXPECT_EQ(run.run(), End::error);
  EXPECT_EQ(run.errors().at(0).detail("kind"), "settings") << run.first_error();
  EXPECT_EQ(run.errors().at(0).detail("paid"), "no");
  EXPECT_EQ(posts(service_), 0);
}

class CallbackOfALongTask : public Callback {
 protected:
  CallbackOfALongTask() : Callback(signing(std::chrono::hours(1))) {}
};

// Callbacks make the poller look, and its own gaps long. Then the task ends within such a gap.
TEST_F(CallbackOfALongTask, BringsTheSoundAtOnce) {
  PipelineRun run(pipeline(kListen));
  run.start();
  ASSERT_TRUE(wait_until([](const sim::Service& service) { return service.callbacks().size() == 2; }));
  const std::string url = json_at(service_.paid_tasks().front().body, "$.callback_url");
  for (int i = 0; i < 5; ++i) {
    const int before = looks(service_);
    EXPECT_EQ(http_call({"POST", url, {}, "{}"}).status, 204);
    ASSERT_TRUE(wait_until([&](const sim::Service& service) { return looks(service) > before; }));
  }
  const int before = looks(service_);
  service_.set_task_time(Milliseconds(0));
  ASSERT_TRUE(wait_until([](const sim::Service& service) { return service.callbacks().size() == 3; }));
  // By its own pace the poller would look after 4.4 s at the earliest: 2 s, longer by a fifth each time, less a tenth.
  EXPECT_TRUE(service_.wait_until([&](const sim::Service& service) { return looks(service) > before; },
                                  std::chrono::milliseconds(3500)));
  EXPECT_EQ(run.wait_for_end(), End::eos) << run.first_error();
  EXPECT_EQ(looks(service_), before + 1) << "once";
  EXPECT_EQ(run.stat("k", "callbacks"), 8);
}

TEST_F(CallbackOfALongTask, ThatGoesToAnEarlierRunIsNoTroubleAndTheTaskIsResumed) {
  stop_when([](const sim::Service& service) { return service.callbacks().size() == 2; }, kListen);
  service_.set_task_time(Milliseconds(0));
  ASSERT_TRUE(wait_until([](const sim::Service& service) { return service.callbacks().size() == 3; }));
  const Ran ran = run(kListen);
  EXPECT_EQ(ran.end, End::eos) << ran.error.text;
  EXPECT_EQ(ran.origin, "resumed");
  EXPECT_EQ(ran.posts, 0);
}

}  // namespace
}  // namespace klingv2a::test
