// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Callbacks and the poller: each wakes it once, none is needed. The service is scripted, callbacks are real HTTP, and
// the clock is a fake: a wait that a callback ends takes no time.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>

#include "cycle/cycle.h"
#include "fake_clock.h"
#include "private_home.h"
#include "raw_server.h"

namespace klingv2a::cycle {
namespace {

using test::Answer;
using test::reply;

constexpr const char* kJson = "Content-Type: application/json\r\n";

Answer task_answer(const std::string& status, const std::string& result = {}) {
  return reply(200,
               R"({"code":0,"data":{"task_id":"861254119619698760","task_status":")" + status + R"(","task_result":{)" +
                   result + "}}}",
               kJson);
}

class Observer final : public CycleObserver {
 public:
  void on_phase(Phase phase) override {
    if (phase == Phase::poll && at_poll) at_poll();
  }
  void before_submit() override {}
  void on_task(const gateway::Task& task) override {
    if (task.status == gateway::TaskStatus::processing && at_processing) at_processing();
  }
  void on_waiting(Seconds) override {}
  void on_retry(const Error&, int, Seconds) override {}

  std::function<void()> at_poll, at_processing;
};

class CycleCallback : public ::testing::Test {
 protected:
  CycleCallback() {
    settings_.service.base_url = api_.url("");
    settings_.service.api_key = "key";
    settings_.request.video_url = "https://example.org/v.mp4";
    settings_.callback.listen = "127.0.0.1";
    api_.add(task_answer("submitted"));
  }

  // The service answers so many looks with `processing`, and then with `succeed`.
  void succeed_after(int looks) {
    for (int i = 0; i < looks; ++i) api_.add(task_answer("processing"));
    api_.add(task_answer("succeed", R"("audios":[{"id":"a","url_wav":")" + results_.url("/s.wav") + R"("}])"));
    results_.add(reply(200, "sound", "Content-Type: audio/x-wav\r\n"));
  }
  CycleStats run() {
    const CycleResult result =
        run_cycle(settings_, {.key = "clip"}, clock_, GObjectPtr<GCancellable>::adopt(g_cancellable_new()), observer_);
    return result.stats;
  }
  // As it went over the wire.
  [[nodiscard]] std::string callback_url() const {
    const std::string body = api_.requests().at(0).body;
    const std::string name = R"("callback_url":")";
    const std::size_t begin = body.find(name);
    return begin == std::string::npos
               ? ""
               : body.substr(begin + name.size(), body.find('"', begin + name.size()) - begin - name.size());
  }
  void call_back() const {
    http::Client client(GObjectPtr<GCancellable>::adopt(g_cancellable_new()));
    http::Request request;
    request.method = "POST";
    request.url = callback_url();
    request.body = R"({"task_id":"861254119619698760","task_status":"succeed"})";
    EXPECT_EQ(client.send(request).status, 204);
  }
  // A callback comes in the `number`-th sleep.
  void call_back_in_sleep(int number, int times = 1) {
    clock_.set_on_sleep([this, number, times](Seconds) {
      if (++sleeps_ != number) return;
      for (int i = 0; i < times; ++i) call_back();
    });
  }
  void expect_sleeps(const std::vector<double>& expected) const {
    const auto sleeps = clock_.sleeps();
    ASSERT_EQ(sleeps.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(sleeps[i].count(), expected[i], 1e-9) << i;
  }

  const test::PrivateHome home_;
  test::RawServer api_, results_;
  CycleSettings settings_;
  test::FakeClock clock_;
  Observer observer_;
  int sleeps_ = 0;
};

TEST_F(CycleCallback, EndsTheWaitAndIsAskedAboutOnce) {
  succeed_after(1);
  call_back_in_sleep(2);
  const CycleStats stats = run();
  EXPECT_EQ(stats.polls, 2);
  EXPECT_EQ(stats.callbacks.taken, 1);
  expect_sleeps({1, 1, 1, 1.4});
  EXPECT_NEAR(stats.wait_s, 1 + 2.4, 1e-9) << "the first gap was cut to a second, the second was not";
}

TEST_F(CycleCallback, SeveralAtOnceAreOneLook) {
  succeed_after(1);
  call_back_in_sleep(2, 5);
  const CycleStats stats = run();
  EXPECT_EQ(stats.polls, 2);
  EXPECT_EQ(stats.callbacks.taken, 5);
  EXPECT_NEAR(stats.wait_s, 1 + 2.4, 1e-9);
}

TEST_F(CycleCallback, BeforeTheWaitIsNotLost) {
  succeed_after(0);
  observer_.at_poll = [this] { call_back(); };
  const CycleStats stats = run();
  EXPECT_EQ(stats.polls, 1);
  EXPECT_NEAR(stats.wait_s, 1, 1e-9);
}

// Its news may be younger than the answer.
TEST_F(CycleCallback, DuringALookIsAskedAboutAgain) {
  succeed_after(1);
  observer_.at_processing = [this] { call_back(); };
  const CycleStats stats = run();
  EXPECT_EQ(stats.polls, 2);
  EXPECT_NEAR(stats.wait_s, 2 + 1, 1e-9);
}

TEST_F(CycleCallback, AFloodIsALookASecond) {
  succeed_after(5);
  clock_.set_on_sleep([this](Seconds) { call_back(); });
  const CycleStats stats = run();
  EXPECT_EQ(stats.polls, 6);
  EXPECT_NEAR(stats.wait_s, 6, 1e-9);
}

TEST_F(CycleCallback, ThatNeverComesLeavesThePollerItsPace) {
  succeed_after(3);
  const CycleStats stats = run();
  EXPECT_EQ(stats.polls, 4);
  EXPECT_EQ(stats.callbacks.taken, 0);
  expect_sleeps({1, 1, 1, 1.4, 1, 1.88, 1, 2.456});
}

TEST_F(CycleCallback, DoesNotHastenAServiceInTrouble) {
  api_.add(reply(503, "busy", "Retry-After: 7\r\n"));
  succeed_after(0);
  clock_.set_on_sleep([this](Seconds) { call_back(); });
  const CycleStats stats = run();
  EXPECT_EQ(stats.polls, 2);
  EXPECT_GE(stats.wait_s, 1 + 7);
}

TEST_F(CycleCallback, ThatIsForgedIsCountedAndWakesNobody) {
  settings_.callback.secret = "whsec_AAAA";
  succeed_after(0);
  observer_.at_poll = [this] {
    http::Client client(GObjectPtr<GCancellable>::adopt(g_cancellable_new()));
    http::Request request;
    request.method = "POST";
    request.url = callback_url();
    EXPECT_EQ(client.send(request).status, 401);
  };
  const CycleStats stats = run();
  EXPECT_EQ(stats.polls, 1);
  EXPECT_EQ(stats.callbacks.taken, 0);
  EXPECT_EQ(stats.callbacks.dropped, 1);
  EXPECT_EQ(stats.callbacks.last_dropped_reason, "forged");
  EXPECT_NEAR(stats.wait_s, 2, 1e-9);
}

TEST_F(CycleCallback, HasNoAddressOnceTheTaskHasEnded) {
  succeed_after(0);
  (void)run();
  http::Client client(GObjectPtr<GCancellable>::adopt(g_cancellable_new()));
  http::Request request;
  request.url = callback_url();
  EXPECT_THROW((void)client.send(request), http::TransportError);
}

TEST_F(CycleCallback, HasAPathThatTheJournalDoesNotKnow) {
  succeed_after(0);
  (void)run();
  const std::string url = callback_url();
  ASSERT_TRUE(url.starts_with("http://127.0.0.1:")) << url;
  const std::string name = url.substr(url.rfind('/') + 1);
  ASSERT_EQ(name.size(), 32u);
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(g_getenv("XDG_STATE_HOME"))) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(bytes.find(name), std::string::npos) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 0);
}

TEST_F(CycleCallback, WhosePortIsTakenStopsBeforeAnythingIsPaid) {
  settings_.callback.listen = "127.0.0.1:" + std::to_string(results_.port());
  try {
    (void)run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_EQ(error.details().paid, Paid::no);
  }
  EXPECT_EQ(api_.posts(), 0);
}

TEST_F(CycleCallback, WithoutAListenerTheUsersUrlIsSentAsItIs) {
  settings_.callback.listen.clear();
  settings_.request.callback_url = "https://example.org/cb?a=b";
  succeed_after(0);
  (void)run();
  EXPECT_EQ(callback_url(), "https://example.org/cb?a=b");
  expect_sleeps({2});
}

}  // namespace
}  // namespace klingv2a::cycle
