// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The cycle against a scripted service over loopback: what goes on the wire, the gaps between, what ends it, and what
// is said of the money. The clock is a fake, so that the gaps are judged and not waited for.
#include "cycle/cycle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

#include "cycle/result_url.h"
#include "cycle/run.h"
#include "fake_clock.h"
#include "packed.h"
#include "private_home.h"
#include "raw_server.h"

namespace klingv2a::cycle {
namespace {

using test::Answer;
using test::half_reply;
using test::reply;

constexpr const char* kTaskId = "861254119619698760";
constexpr const char* kJson = "Content-Type: application/json\r\n";
constexpr const char* kWav = "Content-Type: audio/x-wav\r\n";

Answer task_answer(const std::string& status, const std::string& more = R"(,"task_result":{})") {
  return reply(200,
               R"({"code":0,"message":"SUCCEED","request_id":"r-1","data":{"task_id":")" + std::string(kTaskId) +
                   R"(","task_status":")" + status + R"(","task_info":{})" + more + "}}",
               kJson);
}

Answer api_error(int status, int code, const std::string& headers = {}) {
  return reply(status, R"({"code":)" + std::to_string(code) + R"(,"message":"no","request_id":"r-2"})",
               kJson + headers);
}

struct Links {
  std::string wav, mp3, video;
};

Answer succeeded(const Links& links) {
  std::string audio = R"({"id":"a")";
  if (!links.wav.empty()) audio += R"(,"url_wav":")" + links.wav + R"(")";
  if (!links.mp3.empty()) audio += R"(,"url_mp3":")" + links.mp3 + R"(")";
  std::string result = R"(,"task_result":{"audios":[)" + audio + "}]";
  if (!links.video.empty()) result += R"(,"videos":[{"id":"v","url":")" + links.video + R"("}])";
  return task_answer("succeed", result + "}");
}

std::string text_of(const SpoolFile& file) {
  std::string text(file.size(), '\0');
  EXPECT_EQ(file.read_at(0, std::as_writable_bytes(std::span(text))), text.size());
  return text;
}

class Recorder : public CycleObserver {
 public:
  void on_phase(Phase phase) override {
    phases.push_back(phase);
    if (phase_hook) phase_hook(phase);
  }
  void before_submit() override {
    ++submits;
    if (submit_hook) submit_hook();
  }
  void on_task(const gateway::Task& task) override { statuses.push_back(task.status_text); }
  void on_waiting(Seconds waited) override { waits.push_back(waited); }
  void on_oddity(const Error& error) override { oddities.push_back(error.details()); }
  void on_retry(const Error&, int, Seconds gap) override { retry_gaps.push_back(gap); }
  SoundStart on_sound(const gateway::Task&, ResultForm form, const SpoolFile&) override {
    return std::ranges::find(vague, form) == vague.end() ? SoundStart::known : SoundStart::unknown;
  }

  std::vector<ResultForm> vague;  // do not say where their sound begins
  std::vector<Phase> phases;
  std::vector<std::string> statuses;
  std::vector<ErrorDetails> oddities;
  std::vector<Seconds> waits, retry_gaps;
  int submits = 0;
  std::function<void(Phase)> phase_hook;
  std::function<void()> submit_hook;
};

class CycleTest : public ::testing::Test {
 protected:
  CycleTest() {
    settings_.service.base_url = api_.url("");
    settings_.service.api_key = "s3cret-key";
    settings_.service.timeouts.idle = Seconds(20);
    settings_.request.video_url = "https://example.org/v.mp4";
    settings_.publish.timeouts = settings_.service.timeouts;
    settings_.max_tasks = 1000;  // several runs in one test are not to wait for each other
  }

  CycleResult run(std::shared_ptr<const SpoolFile> proxy = nullptr) {
    // Each run has a clip of its own: what the journal knows of an earlier one is judged in cycle_journal_test.
    CycleClip clip{.key = "clip " + std::to_string(++runs_)};
    if (proxy) {
      clip.length_ms = 4000;
      clip.make_proxy = [proxy] { return proxy; };
    }
    return run_cycle(settings_, clip, clock_, cancel_, seen_);
  }
  // What a cycle that must fail fails with; no secret may be in it.
  ErrorDetails failure(std::shared_ptr<const SpoolFile> proxy = nullptr) {
    try {
      (void)run(std::move(proxy));
    } catch (const Error& error) {
      const ErrorDetails& details = error.details();
      EXPECT_EQ((details.message + details.advice + describe(details)).find("s3cret"), std::string::npos)
          << details.message;
      return details;
    }
    ADD_FAILURE() << "the cycle did not fail";
    return {};
  }
  void cancel() { g_cancellable_cancel(cancel_.get()); }
  // A cycle that is cancelled by another thread once `server` has its `count`-th request.
  ErrorDetails failure_cancelled_at(test::RawServer& server, int count,
                                    std::shared_ptr<const SpoolFile> proxy = nullptr) {
    std::thread canceller([&] {
      EXPECT_TRUE(server.wait_for_requests(count));
      cancel();
    });
    ErrorDetails details = failure(std::move(proxy));
    canceller.join();
    EXPECT_EQ(details.kind, ErrorKind::cancelled);
    return details;
  }
  void accept() { api_.add(task_answer("submitted")); }
  // An accepted task that has succeeded with these links.
  void succeed_with(const Links& links) {
    accept();
    api_.add(succeeded(links));
  }
  [[nodiscard]] Seconds slept() const {
    const auto gaps = clock_.sleeps();
    return std::accumulate(gaps.begin(), gaps.end(), Seconds(0));
  }
  [[nodiscard]] int queries() const { return static_cast<int>(api_.requests().size()) - api_.posts(); }

  const test::PrivateHome home_;
  test::RawServer api_, results_;
  CycleSettings settings_;
  test::FakeClock clock_;
  GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  Recorder seen_;
  int runs_ = 0;
};

void expect_paid_task(const ErrorDetails& details, Phase phase) {
  EXPECT_EQ(details.paid, Paid::yes);
  EXPECT_FALSE(details.retryable);
  EXPECT_EQ(details.task_id, kTaskId);
  EXPECT_TRUE(details.external_task_id.starts_with("klingv2a-"));
  EXPECT_EQ(details.phase, phase);
}

// ---- the whole cycle

TEST_F(CycleTest, byReferenceSubmitsPollsAndDownloads) {
  accept();
  api_.add(task_answer("processing"));
  api_.add(succeeded({.wav = results_.url("/s.wav?sig=a%2Fb%20c")}));
  results_.add(reply(200, "the sound", kWav));
  const CycleResult result = run();
  EXPECT_EQ(result.task.task_id, kTaskId);
  EXPECT_EQ(result.form, ResultForm::wav);
  EXPECT_EQ(text_of(*result.sound), "the sound");
  EXPECT_EQ(result.stats.result_bytes, 9u);
  EXPECT_EQ(result.stats.polls, 2);
  EXPECT_EQ(result.stats.retries, 0);
  EXPECT_NEAR(result.stats.wait_s, 4.4, 1e-9);
  EXPECT_EQ(seen_.phases, (std::vector{Phase::check, Phase::submit, Phase::poll, Phase::download}));
  EXPECT_EQ(seen_.statuses, (std::vector<std::string>{"submitted", "processing", "succeed"}));
  EXPECT_EQ(seen_.submits, 1);
  EXPECT_EQ(api_.posts(), 1);
  EXPECT_EQ(results_.requests().at(0).target(), "/s.wav?sig=a%2Fb%20c");
}

TEST_F(CycleTest, sendsAnExternalTaskIdOfItsOwn) {
  api_.add(api_error(400, 1201));
  const std::string id = failure().external_task_id;
  EXPECT_TRUE(id.starts_with("klingv2a-"));
  EXPECT_EQ(id.size(), 9 + 36u);
  EXPECT_NE(api_.requests().at(0).body.find(id), std::string::npos);
  EXPECT_NE(make_external_task_id(), make_external_task_id());
}

TEST_F(CycleTest, sendsTheUsersExternalTaskId) {
  settings_.request.external_task_id = "mine-1";
  api_.add(api_error(400, 1201));
  EXPECT_EQ(failure().external_task_id, "mine-1");
  EXPECT_NE(api_.requests().at(0).body.find("mine-1"), std::string::npos);
}

TEST_F(CycleTest, theKeyGoesToTheServiceAndNeverToTheResultsHost) {
  test::RawServer second_host;
  succeed_with({.wav = results_.url("/s.wav")});
  results_.add(reply(302, "", "Location: " + second_host.url("/t.wav") + "\r\n"));
  second_host.add(reply(200, "sound", kWav));
  EXPECT_EQ(text_of(*run().sound), "sound");
  for (const auto& request : api_.requests()) EXPECT_EQ(request.header("Authorization"), "Bearer s3cret-key");
  for (const auto* host : {&results_, &second_host}) {
    ASSERT_EQ(host->requests().size(), 1u);
    EXPECT_EQ(host->requests()[0].header("Authorization"), "");
    EXPECT_EQ(host->requests()[0].head.find("s3cret"), std::string::npos);
  }
}

// ---- publish

class CyclePublish : public CycleTest {
 protected:
  CyclePublish() {
    settings_.request.video_url.clear();
    settings_.publish.uri = "serve://";
    auto file = std::make_shared<SpoolFile>();
    const std::string content(5000, 'v');
    file->write_at(0, std::as_bytes(std::span(content)));
    proxy_ = std::move(file);
  }
  // Up to the proxy itself: the tiny file is put and removed.
  void publish_by_put_unchecked() {
    settings_.publish.uri = results_.url("/{name}.mp4");
    settings_.publish.check = false;
    results_.add(reply(200, ""));
    results_.add(reply(204, ""));
  }
  std::string video_url() const {
    const std::string body = api_.requests().at(0).body;
    const std::size_t start = body.find("http:", body.find("video_url"));
    return body.substr(start, body.find('"', start) - start);
  }
  bool is_served() const {
    http::Client http(nullptr);
    try {
      return http.send({.url = video_url()}).status == 200;
    } catch (const http::TransportError&) {
      return false;
    }
  }
  std::shared_ptr<const SpoolFile> proxy_;
};

TEST_F(CyclePublish, theProxyIsServedUntilTheTaskHasEnded) {
  bool during_poll = false, during_download = true;
  seen_.phase_hook = [&](Phase phase) {
    if (phase == Phase::poll) during_poll = is_served();
    if (phase == Phase::download) during_download = is_served();
  };
  succeed_with({.wav = results_.url("/s.wav")});
  results_.add(reply(200, "sound", kWav));
  EXPECT_EQ(text_of(*run(proxy_).sound), "sound");
  EXPECT_EQ(seen_.phases,
            (std::vector{Phase::check, Phase::proxy, Phase::publish, Phase::submit, Phase::poll, Phase::download}));
  EXPECT_TRUE(during_poll);
  EXPECT_FALSE(during_download);
}

TEST_F(CyclePublish, aTargetThatCannotBeWrittenIsKnownBeforeTheProxyIsMade) {
  settings_.publish.uri = results_.url("/{name}.mp4");
  results_.set_default(reply(403, ""));
  const ErrorDetails details = failure(proxy_);
  EXPECT_EQ(details.kind, ErrorKind::permission);
  EXPECT_EQ(details.phase, Phase::check);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_EQ(seen_.phases, std::vector{Phase::check});
  EXPECT_EQ(api_.connections(), 0);
}

TEST_F(CyclePublish, nothingIsPaidWhenPublishingFails) {
  publish_by_put_unchecked();
  results_.set_default(reply(403, ""));
  const ErrorDetails details = failure(proxy_);
  EXPECT_EQ(details.kind, ErrorKind::permission);
  EXPECT_EQ(details.phase, Phase::publish);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_EQ(details.external_task_id, "");
  EXPECT_EQ(api_.connections(), 0);
}

TEST_F(CyclePublish, repeatedUploadsAreCounted) {
  publish_by_put_unchecked();
  results_.add(reply(503, ""));
  results_.add(reply(200, ""));
  results_.add(reply(200, "sound", kWav));
  succeed_with({.wav = results_.url("/s.wav")});
  EXPECT_EQ(run(proxy_).stats.retries, 1);
  EXPECT_EQ(seen_.retry_gaps.size(), 1u);
}

TEST_F(CyclePublish, aServiceElsewhereIsNotPaidForAVideoItCannotFetch) {
  settings_.service.base_url = "https://service.example.org/kling";
  const ErrorDetails details = failure(proxy_);
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_EQ(details.phase, Phase::publish);
  EXPECT_NE(details.advice.find("public="), std::string::npos);
}

TEST_F(CyclePublish, aCancelDuringTheUploadCostsNothing) {
  publish_by_put_unchecked();
  results_.add(Answer{.what = Answer::Do::hang});
  const ErrorDetails details = failure_cancelled_at(results_, 3, proxy_);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_EQ(details.phase, Phase::publish);
  EXPECT_EQ(api_.connections(), 0);
}

// ---- submit

using CycleSubmit = CycleTest;

TEST_F(CycleSubmit, theObserverCanStopItWhileNothingIsPaid) {
  seen_.submit_hook = [] { throw make_error(ErrorKind::settings, Phase::submit, "audio is not linked"); };
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_EQ(api_.connections(), 0);
}

TEST_F(CycleSubmit, aRefusalIsReportedAndNotRepeated) {
  const struct {
    int status, code;
    ErrorKind kind;
  } cases[] = {{401, 1000, ErrorKind::credentials}, {401, 1004, ErrorKind::credentials},
               {429, 1101, ErrorKind::billing},     {403, 1103, ErrorKind::permission},
               {400, 1201, ErrorKind::input},       {400, 1301, ErrorKind::content}};
  int posts = 0;
  for (const auto& c : cases) {
    api_.add(api_error(c.status, c.code));
    const ErrorDetails details = failure();
    EXPECT_EQ(details.kind, c.kind) << c.code;
    EXPECT_EQ(details.kling_code, std::to_string(c.code));
    EXPECT_EQ(details.request_id, "r-2");
    EXPECT_EQ(details.phase, Phase::submit);
    EXPECT_EQ(details.paid, Paid::no);
    EXPECT_EQ(api_.posts(), ++posts) << c.code;
  }
  EXPECT_TRUE(clock_.sleeps().empty());
}

TEST_F(CycleSubmit, aRefusalForNowIsSubmittedAgain) {
  api_.add(api_error(429, 1303));
  succeed_with({.wav = results_.url("/s.wav")});
  results_.add(reply(200, "sound", kWav));
  const CycleResult result = run();
  EXPECT_EQ(api_.posts(), 2);
  EXPECT_EQ(seen_.submits, 2);
  EXPECT_EQ(result.stats.retries, 1);
  EXPECT_NE(result.stats.last_retry_reason, "");
  const auto posts = api_.requests();
  EXPECT_EQ(posts[0].body, posts[1].body);
}

std::string comet_error(const std::string& message) {
  return R"({"error":{"message":")" + message + R"j( (request id: 2026abc)","type":"comet_api_error","code":""}})j";
}

TEST_F(CycleSubmit, aGatewaysFullQueueIsARefusalForNow) {
  clock_.set_random(0);
  const std::string full = comet_error("Upstream load is saturated, please try again later");
  api_.add(reply(429, full, kJson));
  api_.add(reply(429, full, std::string(kJson) + "Retry-After: 9\r\n"));
  succeed_with({.wav = results_.url("/s.wav")});
  results_.add(reply(200, "sound", kWav));
  (void)run();
  EXPECT_EQ(api_.posts(), 3);
  EXPECT_EQ(clock_.sleeps().at(0), Seconds(1));
  EXPECT_EQ(clock_.sleeps().at(1), Seconds(9));
}

TEST_F(CycleSubmit, aFullQueueUntilTheTimeOutContradictsNothing) {
  settings_.timeout = Seconds(20);
  api_.set_default(reply(429, comet_error("Upstream load is saturated, please try again later"), kJson));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::busy);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_TRUE(details.retryable);
  EXPECT_GT(api_.posts(), 2);
}

// One channel of a gateway's may have made a task before another one refused.
TEST_F(CycleSubmit, anyOther429MayHaveMadeATask) {
  settings_.service.timeouts.idle = Seconds(1);
  int posts = 0;
  for (const std::string& body : {comet_error("Too many requests"), std::string("<html>429 Too Many Requests</html>"),
                                  std::string(R"({"code":9999,"message":"slow down"})"), std::string()}) {
    api_.add(reply(429, body));
    api_.set_default(reply(404, "<html>nothing</html>"));
    const ErrorDetails details = failure();
    EXPECT_EQ(details.kind, ErrorKind::unknown_outcome) << body;
    EXPECT_EQ(details.paid, Paid::maybe) << body;
    EXPECT_FALSE(details.retryable) << body;
    EXPECT_EQ(api_.posts(), ++posts) << body;
  }
}

// The id that could be read is the run's, and a rerun's: nothing is paid again.
TEST_F(CycleSubmit, aDamagedAnswersTaskIsTheRuns) {
  const std::string whole =
      R"({"code":0,"data":{"task_id":")" + std::string(kTaskId) + R"(","task_status":"submitted"}})";
  for (const Answer& answer : {half_reply(200, whole, whole.size() - 4), reply(200, whole.substr(0, whole.size() - 4)),
                               reply(200, test::packed(whole), "Content-Encoding: gzip\r\n")}) {
    const int posts = api_.posts();
    api_.add(answer);
    api_.add(succeeded({.wav = results_.url("/s.wav")}));
    results_.add(reply(200, "sound", kWav));
    const CycleResult result = run();
    EXPECT_EQ(result.task.task_id, kTaskId);
    EXPECT_EQ(api_.posts(), posts + 1);
  }
  EXPECT_EQ(seen_.oddities.size(), 2u);
}

TEST_F(CycleSubmit, theGapsAfterRefusalsGrowFromOneSecond) {
  clock_.set_random(0);
  for (int i = 0; i < 7; ++i) api_.add(api_error(429, 1302));
  api_.add(api_error(400, 1201));
  (void)failure();
  EXPECT_EQ(clock_.sleeps(), (std::vector<Seconds>{Seconds(1), Seconds(2), Seconds(4), Seconds(8), Seconds(16),
                                                   Seconds(30), Seconds(30)}));
}

TEST_F(CycleSubmit, theJitterOfARefusalsGapOnlyAdds) {
  clock_.set_random(0.99);
  api_.add(api_error(429, 1302));
  api_.add(api_error(400, 1201));
  (void)failure();
  EXPECT_DOUBLE_EQ(clock_.sleeps().at(0).count(), 1.99);
}

TEST_F(CycleSubmit, retryAfterIsHonouredInBothForms) {
  clock_.set_random(0);
  // An HTTP date has no fractions: start on a whole second.
  using DateTimePtr = std::unique_ptr<GDateTime, Deleter<g_date_time_unref>>;
  const DateTimePtr date(g_date_time_new_from_unix_utc(static_cast<gint64>(clock_.wall().count()) + 7 + 45));
  const GCharPtr text(g_date_time_format(date.get(), "%a, %d %b %Y %H:%M:%S GMT"));
  api_.add(api_error(429, 1302, "Retry-After: 7\r\n"));
  api_.add(api_error(429, 1302, std::string("Retry-After: ") + text.get() + "\r\n"));
  api_.add(api_error(400, 1201));
  (void)failure();
  EXPECT_EQ(clock_.sleeps(), (std::vector<Seconds>{Seconds(7), Seconds(45)}));
}

TEST_F(CycleSubmit, endlessRefusalsEndAtTheTimeOut) {
  settings_.timeout = Seconds(100);
  api_.set_default(api_error(429, 1303));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::busy);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_LE(slept(), Seconds(100));
  EXPECT_GT(slept(), Seconds(50));
}

TEST_F(CycleSubmit, isSentOnceWhateverLeavesTheOutcomeUnknown) {
  settings_.service.timeouts.idle = Seconds(1);  // the look-ups after it may meet a server that is silent
  const struct {
    const char* name;
    Answer answer;
  } cases[] = {{"5000", api_error(500, 5000)},
               {"5001", api_error(503, 5001)},
               {"5002", api_error(504, 5002)},
               {"a gateway's page", reply(502, "<html>bad gateway</html>", "Content-Type: text/html\r\n")},
               {"a proxy's time-out", reply(524, "")},
               {"a reset", test::reset()},
               {"a reset before the body", test::reset(Answer::Do::reset_after_head)},
               {"no answer", Answer{.close = true}},
               {"half an answer", half_reply(200, task_answer("submitted").bytes, 20)},
               {"a page instead of an answer", reply(200, "<html>hello</html>", "Content-Type: text/html\r\n")},
               {"success without a task id", reply(200, R"({"code":0,"message":"SUCCEED","data":{}})", kJson)},
               {"success without anything", reply(200, "")}};
  int posts = 0;
  for (const auto& c : cases) {
    api_.add(c.answer);
    const ErrorDetails details = failure();
    EXPECT_EQ(details.kind, ErrorKind::unknown_outcome) << c.name << ": " << details.message;
    EXPECT_EQ(details.paid, Paid::maybe) << c.name;
    EXPECT_EQ(details.phase, Phase::submit) << c.name;
    EXPECT_FALSE(details.retryable) << c.name;
    EXPECT_NE(details.external_task_id, "") << c.name;
    EXPECT_NE(details.advice.find(details.external_task_id), std::string::npos) << c.name;
    EXPECT_EQ(api_.posts(), ++posts) << c.name;
  }
}

TEST_F(CycleSubmit, isSentOnceWhenTheAnswerNeverComes) {
  settings_.service.timeouts.idle = Seconds(1);
  api_.add(Answer{.what = Answer::Do::hang});
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::unknown_outcome);
  EXPECT_EQ(details.paid, Paid::maybe);
  EXPECT_EQ(api_.posts(), 1);
}

TEST_F(CycleSubmit, isSentOnceForAnswersThatLibrariesRepeat) {
  test::RawServer elsewhere;
  const Answer cases[] = {reply(421, ""), reply(408, ""), reply(401, "", "WWW-Authenticate: Basic realm=x\r\n"),
                          reply(307, "", "Location: " + elsewhere.url("/") + "\r\n"),
                          reply(308, "", "Location: " + elsewhere.url("/") + "\r\n")};
  int posts = 0;
  for (const Answer& answer : cases) {
    api_.add(answer);
    (void)failure();
    EXPECT_EQ(api_.posts(), ++posts) << answer.bytes;
  }
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST_F(CycleSubmit, aServiceThatIsNotThereIsTriedAFewTimesAndCostsNothing) {
  settings_.service.base_url = "http://127.0.0.1:" + std::to_string(test::closed_port());
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::network);
  EXPECT_EQ(details.phase, Phase::submit);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_EQ(details.task_id, "");
  EXPECT_EQ(clock_.sleeps(), (std::vector<Seconds>{Seconds(0.5), Seconds(1), Seconds(2)}));
}

TEST_F(CycleSubmit, aCancelBeforeItCostsNothing) {
  cancel();
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::cancelled);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_EQ(api_.posts(), 0);
}

TEST_F(CycleSubmit, aCancelDuringThePostMayHaveCostATask) {
  api_.add(Answer{.what = Answer::Do::hang});
  const ErrorDetails details = failure_cancelled_at(api_, 1);
  EXPECT_EQ(details.paid, Paid::maybe);
  EXPECT_EQ(details.phase, Phase::submit);
  EXPECT_NE(details.advice.find(details.external_task_id), std::string::npos);
}

TEST_F(CycleSubmit, aCancelBetweenTwoSubmitsCostsNothing) {
  api_.add(api_error(429, 1303));
  clock_.set_on_sleep([this](Seconds) { cancel(); });
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::cancelled);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_EQ(api_.posts(), 1);
}

// ---- poll

class CyclePoll : public CycleTest {
 protected:
  CyclePoll() { accept(); }
  // Ends the wait with a failed task, and gives the gaps.
  std::vector<double> gaps_until_failed() {
    api_.add(task_answer("failed"));
    EXPECT_EQ(failure().kind, ErrorKind::task_failed);
    std::vector<double> gaps;
    for (const Seconds gap : clock_.sleeps()) gaps.push_back(gap.count());
    return gaps;
  }
};

TEST_F(CyclePoll, theGapsGrowByAFifthFromTwoToTenSeconds) {
  for (int i = 0; i < 11; ++i) api_.add(task_answer("processing"));
  const std::vector<double> gaps = gaps_until_failed();
  const std::vector<double> expected{2, 2.4, 2.88, 3.456, 4.1472, 4.97664, 5.971968, 7.1663616, 8.59963392, 10, 10, 10};
  ASSERT_EQ(gaps.size(), expected.size());
  for (std::size_t i = 0; i < gaps.size(); ++i) EXPECT_NEAR(gaps[i], expected[i], 1e-9) << i;
}

TEST_F(CyclePoll, theJitterIsTenPercentDown) {
  clock_.set_random(0);
  api_.add(task_answer("processing"));
  const std::vector<double> gaps = gaps_until_failed();
  EXPECT_NEAR(gaps.at(0), 1.8, 1e-9);
  EXPECT_NEAR(gaps.at(1), 2.16, 1e-9);
}

TEST_F(CyclePoll, theJitterIsTenPercentUp) {
  clock_.set_random(std::nextafter(1.0, 0.0));
  api_.add(task_answer("processing"));
  const std::vector<double> gaps = gaps_until_failed();
  EXPECT_NEAR(gaps.at(0), 2.2, 1e-9);
  EXPECT_NEAR(gaps.at(1), 2.64, 1e-9);
}

TEST_F(CyclePoll, tellsHowLongItHasWaited) {
  api_.add(task_answer("processing"));
  api_.add(task_answer("processing"));
  (void)gaps_until_failed();
  ASSERT_EQ(seen_.waits.size(), 2u);
  EXPECT_NEAR(seen_.waits[0].count(), 2, 1e-9);
  EXPECT_NEAR(seen_.waits[1].count(), 4.4, 1e-9);
}

// Each word once, by the observer, and never as a line of GLib's.
TEST_F(CyclePoll, anUnknownStatusIsRunningAndWarnedOfOnce) {
  int warnings = 0;
  const guint handler = g_log_set_handler(
      G_LOG_DOMAIN, G_LOG_LEVEL_WARNING,
      [](const gchar*, GLogLevelFlags, const gchar*, gpointer count) { ++*static_cast<int*>(count); }, &warnings);
  for (const char* word : {"thinking", "dreaming", "thinking", "dreaming"}) api_.add(task_answer(word));
  (void)gaps_until_failed();
  g_log_remove_handler(G_LOG_DOMAIN, handler);
  EXPECT_EQ(warnings, 0);
  ASSERT_EQ(seen_.oddities.size(), 2u);
  EXPECT_NE(seen_.oddities[0].message.find("'thinking'"), std::string::npos);
  EXPECT_NE(seen_.oddities[1].message.find("'dreaming'"), std::string::npos);
  EXPECT_EQ(seen_.oddities[0].task_id, kTaskId);
  EXPECT_EQ(seen_.oddities[0].paid, Paid::yes);
}

TEST_F(CyclePoll, aServiceThatInventsWordsDoesNotFillTheLog) {
  for (int i = 0; i < 30; ++i) api_.add(task_answer("word" + std::string(static_cast<std::size_t>(i + 1), 'x')));
  (void)gaps_until_failed();
  EXPECT_EQ(seen_.oddities.size(), 10u);
}

TEST_F(CyclePoll, anUnknownWordAtTheTimeOutIsNamed) {
  settings_.timeout = Seconds(20);
  api_.set_default(task_answer("thinking"));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::still_running);
  EXPECT_NE(details.message.find("'thinking'"), std::string::npos) << details.message;
  EXPECT_EQ(details.advice.find("it goes on at the service"), std::string::npos) << details.advice;
  expect_paid_task(details, Phase::poll);
}

TEST_F(CyclePoll, anUnknownWordWithItsResultIsASuccess) {
  results_.add(reply(200, "RIFF-sound", kWav));
  api_.add(task_answer("perfected", R"(,"task_result":{"audios":[{"url_wav":")" + results_.url("/s.wav") + R"("}]})"));
  EXPECT_EQ(run().task.status, gateway::TaskStatus::succeed);
  ASSERT_EQ(seen_.oddities.size(), 1u);
  EXPECT_NE(seen_.oddities[0].message.find("succeeded"), std::string::npos) << seen_.oddities[0].message;
}

TEST_F(CyclePoll, aWordOfAGatewayIsOne) {
  results_.set_default(reply(200, "RIFF-sound", kWav));
  for (const char* word : {"SUCCEED", "SUCCESS", "Completed"}) {
    api_.add(task_answer("IN_PROGRESS"));
    api_.add(task_answer(word, R"(,"task_result":{"audios":[{"url_wav":")" + results_.url("/s.wav") + R"("}]})"));
    EXPECT_EQ(text_of(*run().sound), "RIFF-sound") << word;
    accept();
  }
  EXPECT_TRUE(seen_.oddities.empty());
}

// Whoever stands on the way to the service and answers in its place.
TEST_F(CyclePoll, aStrangersAnswersAreWaitedOut) {
  const char* const page = "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>";
  const std::string packed_page = test::packed(page);
  for (const int status : {403, 401, 404, 302, 200, 511, 405, 402})
    api_.add(reply(status, page, "Location: /login\r\n"));
  api_.add(reply(403, packed_page, "Content-Encoding: gzip\r\n"));
  api_.add(reply(403, "\x1b", "Content-Encoding: br\r\n"));
  api_.add(reply(403, R"({"message":"Forbidden"})", kJson));
  (void)gaps_until_failed();
}

TEST_F(CyclePoll, aStrangerForEverEndsAtTheTimeOut) {
  settings_.timeout = Seconds(60);
  api_.set_default(reply(403, "<html><title>Just a moment...</title></html>"));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::still_running);
  EXPECT_NE(details.message.find("Just a moment"), std::string::npos) << details.message;
  EXPECT_EQ(details.message.find("has not ended after"), std::string::npos) << details.message;
  EXPECT_EQ(details.advice.find("account"), std::string::npos) << details.advice;
  expect_paid_task(details, Phase::poll);
  EXPECT_NEAR(slept().count(), 60, 1);
}

TEST_F(CyclePoll, statusesMaySkipAndStepBack) {
  api_.add(task_answer("processing"));
  api_.add(task_answer("submitted"));
  api_.add(task_answer("submitted"));
  api_.add(task_answer("processing"));
  (void)gaps_until_failed();
  EXPECT_EQ(seen_.statuses, (std::vector<std::string>{"submitted", "processing", "submitted", "processing", "failed"}));
}

TEST_F(CyclePoll, aFailedTaskIsReportedInTheServicesWords) {
  api_.add(task_answer("failed", R"(,"task_status_msg":"Image pixel is invalid")"));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::task_failed);
  EXPECT_EQ(details.message, "the task failed: Image pixel is invalid");
  EXPECT_EQ(details.request_id, "r-1");
  expect_paid_task(details, Phase::poll);
}

TEST_F(CyclePoll, aFailedTaskWithoutAReasonSaysSo) {
  api_.add(task_answer("failed", R"(,"task_status_msg":"")"));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::task_failed);
  EXPECT_NE(details.message.find("the service gave no reason"), std::string::npos);
}

TEST_F(CyclePoll, moderationIsAMatterOfContent) {
  api_.add(task_answer("failed", R"(,"task_status_msg":"Failure to pass the risk control system")"));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::content);
  EXPECT_NE(details.message.find("risk control system"), std::string::npos);
  expect_paid_task(details, Phase::poll);
}

TEST_F(CyclePoll, failedQueriesAreRepeatedWithFullJitterAndGrowingGaps) {
  api_.add(api_error(503, 5001));
  api_.add(half_reply(200, "an answer that is cut short", 5));
  api_.add(api_error(429, 1302));
  const std::vector<double> gaps = gaps_until_failed();
  EXPECT_EQ(gaps, (std::vector<double>{2, 0.25, 0.5, 1}));
  EXPECT_EQ(seen_.retry_gaps.size(), 3u);
}

TEST_F(CyclePoll, retryAfterIsHonouredInBothForms) {
  const auto at = static_cast<gint64>(clock_.wall().count()) + 2 + 9 + 30;
  using DateTimePtr = std::unique_ptr<GDateTime, Deleter<g_date_time_unref>>;
  const DateTimePtr date(g_date_time_new_from_unix_utc(at));
  const GCharPtr text(g_date_time_format(date.get(), "%a, %d %b %Y %H:%M:%S GMT"));
  api_.add(api_error(429, 1302, "Retry-After: 9\r\n"));
  api_.add(api_error(503, 5001, std::string("Retry-After: ") + text.get() + "\r\n"));
  EXPECT_EQ(gaps_until_failed(), (std::vector<double>{2, 9, 30}));
}

TEST_F(CyclePoll, anOutageLongerThanTheRetriesDoesNotGiveThePaidTaskUp) {
  for (int i = 0; i < 30; ++i) api_.add(i % 2 ? api_error(503, 5001) : reply(200, "<html>maintenance</html>"));
  api_.add(succeeded({.wav = results_.url("/s.wav")}));
  results_.add(reply(200, "sound", kWav));
  const CycleResult result = run();
  EXPECT_EQ(text_of(*result.sound), "sound");
  EXPECT_EQ(result.stats.retries, 30);
  // The retries' short gaps are followed by the usual ones, not by hammering.
  EXPECT_NEAR(clock_.sleeps().back().count(), 10, 1e-9);
}

TEST_F(CyclePoll, aTaskThatIsNotThereYetIsLookedForAFewTimes) {
  for (int i = 0; i < 4; ++i) api_.add(api_error(404, 1203));
  const std::vector<double> gaps = gaps_until_failed();
  ASSERT_EQ(gaps.size(), 5u);
  EXPECT_GE(gaps[1], 2);
}

// It may turn up: nobody is to pay for another one because of that.
TEST_F(CyclePoll, aTaskThatStaysUnknownIsAnError) {
  api_.set_default(api_error(404, 1203));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::result);
  EXPECT_EQ(details.kling_code, "1203");
  EXPECT_TRUE(details.message.starts_with("the service does not know task " + std::string(kTaskId))) << details.message;
  EXPECT_TRUE(details.advice.starts_with("run again later")) << details.advice;
  expect_paid_task(details, Phase::poll);
  EXPECT_EQ(queries(), 5);
}

TEST_F(CyclePoll, aFatalAnswerEndsTheWait) {
  api_.add(api_error(401, 1000));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::credentials);
  EXPECT_EQ(queries(), 1);
  expect_paid_task(details, Phase::poll);
}

TEST_F(CyclePoll, theTimeOutLeavesTheTaskRunning) {
  settings_.timeout = Seconds(60);
  api_.set_default(task_answer("processing"));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::still_running);
  expect_paid_task(details, Phase::poll);
  EXPECT_NEAR(slept().count(), 60, 1e-9);
}

TEST_F(CyclePoll, theTimeOutOfAnOutageSaysWhatWasWrong) {
  settings_.timeout = Seconds(60);
  api_.set_default(api_error(503, 5001));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::still_running);
  EXPECT_NE(details.message.find("the last query failed"), std::string::npos);
  expect_paid_task(details, Phase::poll);
}

TEST_F(CyclePoll, aCancelInAGapKnowsOfThePaidTask) {
  clock_.set_on_sleep([this](Seconds) { cancel(); });
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::cancelled);
  expect_paid_task(details, Phase::poll);
  EXPECT_EQ(queries(), 0);
}

TEST_F(CyclePoll, aCancelDuringAQueryKnowsOfThePaidTask) {
  api_.add(Answer{.what = Answer::Do::hang});
  expect_paid_task(failure_cancelled_at(api_, 2), Phase::poll);
}

// ---- download

class CycleDownload : public CycleTest {
 protected:
  Links all_links() const {
    return {.wav = results_.url("/s.wav"), .mp3 = results_.url("/s.mp3"), .video = results_.url("/v.mp4")};
  }
  std::vector<std::string> fetched() const {
    std::vector<std::string> targets;
    for (const auto& request : results_.requests()) targets.push_back(request.target());
    return targets;
  }
  using Targets = std::vector<std::string>;
};

TEST_F(CycleDownload, takesTheMp3WhereThereIsNoWav) {
  succeed_with({.mp3 = results_.url("/s.mp3"), .video = results_.url("/v.mp4")});
  results_.add(reply(200, "mp3 sound", "Content-Type: audio/mpeg\r\n"));
  const CycleResult result = run();
  EXPECT_EQ(result.form, ResultForm::mp3);
  EXPECT_EQ(text_of(*result.sound), "mp3 sound");
}

TEST_F(CycleDownload, takesTheVideoWhereThereIsNothingElse) {
  accept();
  api_.add(
      task_answer("succeed", R"(,"task_result":{"videos":[{"id":"v","url":")" + results_.url("/v.mp4") + R"("}]})"));
  results_.add(reply(200, "muxed", "Content-Type: video/mp4\r\n"));
  EXPECT_EQ(run().form, ResultForm::video);
}

TEST_F(CycleDownload, anExpiredLinkIsRenewedOnce) {
  for (const int status : {403, 404, 410}) {
    succeed_with({.wav = results_.url("/old.wav")});
    results_.add(reply(status, "expired"));
    api_.add(succeeded({.wav = results_.url("/new.wav")}));
    results_.add(reply(200, "sound", kWav));
    EXPECT_EQ(text_of(*run().sound), "sound") << status;
    EXPECT_EQ(fetched().back(), "/new.wav");
  }
}

TEST_F(CycleDownload, theNextFormFollowsWhenAFreshLinkDoesNotHelp) {
  succeed_with(all_links());
  results_.add(reply(404, ""));
  api_.add(succeeded(all_links()));
  results_.add(reply(404, ""));
  results_.add(reply(404, ""));
  results_.add(reply(200, "muxed", "Content-Type: video/mp4\r\n"));
  EXPECT_EQ(run().form, ResultForm::video);
  EXPECT_EQ(fetched(), (Targets{"/s.wav", "/s.wav", "/s.mp3", "/v.mp4"}));
  EXPECT_EQ(queries(), 2);
}

TEST_F(CycleDownload, aPageIsNoSound) {
  for (const char* type : {"text/html; charset=utf-8", "application/json", "Application/XML"}) {
    succeed_with({.wav = results_.url("/s.wav"), .mp3 = results_.url("/s.mp3")});
    results_.add(reply(200, "<html>", std::string("Content-Type: ") + type + "\r\n"));
    api_.add(succeeded({.mp3 = results_.url("/s.mp3")}));
    results_.add(reply(200, "sound", "Content-Type: audio/mpeg\r\n"));
    EXPECT_EQ(run().form, ResultForm::mp3) << type;
  }
}

TEST_F(CycleDownload, anUnspecificTypeMayBeASound) {
  for (const char* header : {"", "Content-Type: application/octet-stream\r\n"}) {
    succeed_with({.wav = results_.url("/s.wav")});
    results_.add(reply(200, "sound", header));
    EXPECT_EQ(text_of(*run().sound), "sound");
  }
}

TEST_F(CycleDownload, aCutAnswerIsFetchedAgain) {
  succeed_with({.wav = results_.url("/s.wav")});
  results_.add(half_reply(200, "the whole sound", 5));
  results_.add(test::reset());
  results_.add(reply(200, "the whole sound", kWav));
  const CycleResult result = run();
  EXPECT_EQ(text_of(*result.sound), "the whole sound");
  EXPECT_EQ(result.stats.retries, 2);
  EXPECT_EQ(queries(), 1);
}

TEST_F(CycleDownload, troubleAtTheResultsHostIsWaitedFor) {
  succeed_with({.wav = results_.url("/s.wav")});
  results_.add(reply(503, "", "Retry-After: 11\r\n"));
  results_.add(reply(200, "sound", kWav));
  EXPECT_EQ(text_of(*run().sound), "sound");
  EXPECT_EQ(clock_.sleeps().back(), Seconds(11));
}

TEST_F(CycleDownload, anOutageOfTheResultsHostDoesNotGiveThePaidResultUp) {
  succeed_with({.wav = results_.url("/s.wav")});
  for (int i = 0; i < 9; ++i) results_.add(reply(502, ""));
  results_.add(reply(200, "sound", kWav));
  EXPECT_EQ(text_of(*run().sound), "sound");
  EXPECT_GT(slept(), Seconds(40));
}

TEST_F(CycleDownload, theTimeOutEndsTheRetries) {
  settings_.timeout = Seconds(10);
  succeed_with(all_links());
  results_.set_default(reply(502, ""));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::result);
  expect_paid_task(details, Phase::download);
  EXPECT_LE(slept(), Seconds(10));
  EXPECT_EQ(fetched().back(), "/v.mp4");
}

TEST_F(CycleDownload, aTooLargeFormGivesWayToASmallerOne) {
  settings_.max_result_bytes = 10;
  succeed_with(all_links());
  results_.add(reply(200, "eleven byte", kWav));
  results_.add(reply(200, "ten bytes.", "Content-Type: audio/mpeg\r\n"));
  EXPECT_EQ(run().form, ResultForm::mp3);
  EXPECT_EQ(fetched(), (Targets{"/s.wav", "/s.mp3"}));
}

TEST_F(CycleDownload, aFormThatDoesNotSayWhereItsSoundBeginsGivesWayToOneThatDoes) {
  seen_.vague = {ResultForm::mp3};
  succeed_with({.mp3 = results_.url("/s.mp3"), .video = results_.url("/v.mp4")});
  results_.add(reply(200, "vague", "Content-Type: audio/mpeg\r\n"));
  results_.add(reply(200, "exact", "Content-Type: video/mp4\r\n"));
  const CycleResult result = run();
  EXPECT_EQ(result.form, ResultForm::video);
  EXPECT_EQ(text_of(*result.sound), "exact");
}

TEST_F(CycleDownload, aFormThatDoesNotSayWhereItsSoundBeginsIsBetterThanNone) {
  seen_.vague = {ResultForm::mp3};
  succeed_with({.mp3 = results_.url("/s.mp3"), .video = results_.url("/v.mp4")});
  results_.add(reply(200, "vague", "Content-Type: audio/mpeg\r\n"));
  api_.set_default(succeeded({.mp3 = results_.url("/s.mp3"), .video = results_.url("/v.mp4")}));
  results_.set_default(reply(404, ""));
  const CycleResult result = run();
  EXPECT_EQ(result.form, ResultForm::mp3);
  EXPECT_EQ(text_of(*result.sound), "vague");
  EXPECT_EQ(result.stats.result_bytes, 5U);
}

TEST_F(CycleDownload, ofSeveralThatDoNotSayItTheLastOneThatWasTakenIsTheResult) {
  seen_.vague = {ResultForm::mp3, ResultForm::video};
  succeed_with({.mp3 = results_.url("/s.mp3"), .video = results_.url("/v.mp4")});
  results_.add(reply(200, "vague", "Content-Type: audio/mpeg\r\n"));
  results_.add(reply(200, "muxed", "Content-Type: video/mp4\r\n"));
  const CycleResult result = run();
  EXPECT_EQ(result.form, ResultForm::video);
  EXPECT_EQ(text_of(*result.sound), "muxed");
}

TEST_F(CycleDownload, anEmptyFileIsNoSound) {
  succeed_with({.wav = results_.url("/s.wav")});
  results_.add(reply(200, "", kWav));
  api_.add(succeeded({.wav = results_.url("/t.wav")}));
  results_.add(reply(200, "sound", kWav));
  EXPECT_EQ(text_of(*run().sound), "sound");
}

TEST_F(CycleDownload, whenNothingCanBeHadTheErrorSaysWhyForEachForm) {
  succeed_with(all_links());
  api_.add(succeeded(all_links()));
  results_.set_default(reply(404, ""));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::result);
  for (const char* form : {"wav: ", "mp3: ", "video: "}) {
    EXPECT_NE(details.message.find(form), std::string::npos) << details.message;
  }
  expect_paid_task(details, Phase::download);
}

TEST_F(CycleDownload, resultsMayBeLate) {
  accept();
  api_.add(task_answer("succeed"));
  api_.add(task_answer("succeed"));
  api_.add(succeeded({.wav = results_.url("/s.wav")}));
  results_.add(reply(200, "sound", kWav));
  EXPECT_EQ(text_of(*run().sound), "sound");
  EXPECT_EQ(clock_.sleeps(), (std::vector<Seconds>{Seconds(2), Seconds(2), Seconds(2.4)}));
}

TEST_F(CycleDownload, aResultThatNeverComesIsAnError) {
  accept();
  api_.set_default(task_answer("succeed"));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::result);
  EXPECT_EQ(queries(), 1 + 5);
  expect_paid_task(details, Phase::download);
}

TEST_F(CycleDownload, redirectsAreFollowedFiveTimes) {
  succeed_with({.wav = results_.url("/a/0")});
  for (int i = 1; i <= 5; ++i) results_.add(reply(302, "", "Location: " + std::to_string(i) + "?s=%2F\r\n"));
  results_.add(reply(200, "sound", kWav));
  EXPECT_EQ(text_of(*run().sound), "sound");
  EXPECT_EQ(fetched().back(), "/a/5?s=%2F");
}

TEST_F(CycleDownload, endlessRedirectsAreRefused) {
  succeed_with({.wav = results_.url("/s.wav")});
  results_.set_default(reply(302, "", "Location: /s.wav\r\n"));
  EXPECT_EQ(failure().kind, ErrorKind::result);
  EXPECT_EQ(fetched().size(), 6u);
}

TEST_F(CycleDownload, eachHopIsChecked) {
  for (const char* location : {"ftp://127.0.0.1/s", "file:///etc/passwd", "http://u:p@127.0.0.1/s", ""}) {
    succeed_with({.wav = results_.url("/s.wav"), .mp3 = results_.url("/s.mp3")});
    results_.add(reply(302, "", std::string("Location: ") + location + "\r\n"));
    results_.add(reply(200, "sound", "Content-Type: audio/mpeg\r\n"));
    EXPECT_EQ(run().form, ResultForm::mp3) << location;
  }
}

TEST_F(CycleDownload, aLinkThatIsNotHttpIsNotFollowed) {
  succeed_with({.wav = "file:///etc/passwd", .mp3 = results_.url("/s.mp3")});
  results_.add(reply(200, "sound", "Content-Type: audio/mpeg\r\n"));
  EXPECT_EQ(run().form, ResultForm::mp3);
}

// A name that leads to loopback everywhere (RFC 6761), but is not known to: it stands for a service elsewhere.
TEST_F(CycleDownload, aServiceElsewhereDoesNotSendUsIntoTheLocalNetwork) {
  settings_.service.base_url = "http://service.localhost:" + std::to_string(api_.port());
  succeed_with(all_links());
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::result);
  EXPECT_NE(details.message.find("local network"), std::string::npos) << details.message;
  EXPECT_EQ(results_.connections(), 0);
  expect_paid_task(details, Phase::download);
}

TEST_F(CycleDownload, noRedirectOfAServiceElsewhereLeadsIntoTheLocalNetwork) {
  settings_.service.base_url = "http://service.localhost:" + std::to_string(api_.port());
  test::RawServer target;
  // The service's own host is where results may come from.
  succeed_with({.wav = settings_.service.base_url + "/s.wav"});
  api_.add(reply(302, "", "Location: " + target.url("/t.wav") + "\r\n"));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::result);
  EXPECT_NE(details.message.find("local network"), std::string::npos) << details.message;
  EXPECT_EQ(target.connections(), 0);
}

TEST_F(CycleDownload, theErrorShowsNoSignature) {
  succeed_with({.wav = results_.url("/s.wav?sig=s3cret")});
  api_.add(succeeded({.wav = results_.url("/s.wav?sig=s3cret")}));
  results_.set_default(reply(403, "s3cret"));
  EXPECT_NE(failure().message.find("/s.wav"), std::string::npos);
}

TEST_F(CycleDownload, aSpoolDirectoryThatIsNotThereIsFoundBeforeAnythingIsPaid) {
  settings_.spool_dir = "/nonexistent";
  succeed_with(all_links());
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::disk);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_EQ(api_.requests().size(), 0U);
}

TEST_F(CycleDownload, aCancelDuringItKnowsOfThePaidTask) {
  succeed_with(all_links());
  results_.add(Answer{.what = Answer::Do::hang});
  expect_paid_task(failure_cancelled_at(results_, 1), Phase::download);
}

// ---- failures that are none of ours

TEST_F(CycleDownload, anExceptionOfAnyKindKnowsOfThePaidTask) {
  seen_.phase_hook = [](Phase phase) {
    if (phase == Phase::download) throw std::runtime_error("out of luck");
  };
  succeed_with(all_links());
  const ErrorDetails details = failure();
  EXPECT_EQ(details.message, "internal error: out of luck");
  expect_paid_task(details, Phase::download);
}

TEST_F(CycleTest, anExceptionOfAnyKindWhileSomethingIsWrittenDownDoesNotEndTheRun) {
  cycle::Run cycle_run(settings_, clock_, cancel_, seen_);
  journal::Journal journal(journal::locate("", settings_.service.base_url), clock_, cancel_);
  const auto claim = journal.claim({.key = "clip"}, Seconds(0), cycle_run.on_wait());
  cycle_run.take_over(*claim);
  cycle_run.write_down([](journal::Claim&) { throw std::runtime_error("out of luck"); });
  EXPECT_EQ(cycle_run.stats.journal_failures, 1);
}

// ---- links that are no strict URIs

TEST_F(CycleDownload, aLinkIsReadAsBrowsersReadIt) {
  const std::string sound = results_.url("");
  results_.set_default(reply(200, "RIFF-sound", kWav));
  const std::vector<std::pair<std::string, std::string>> links{
      {sound + "/my sound.wav?sig=a b", "/my%20sound.wav?sig=a%20b"},
      {" \\n" + sound + "/s.wav?sig=1 ", "/s.wav?sig=1"},
      {sound + "/größe.wav", "/gr%C3%B6%C3%9Fe.wav"},
      {sound + "/100%.wav?x=%2F", "/100%25.wav?x=%2F"},
      {sound + R"(\\dir\\s.wav)", "/dir/s.wav"},
      {sound + "/a|b^c`d{e}<f>.wav#t=1", "/a%7Cb%5Ec%60d%7Be%7D%3Cf%3E.wav"},
      {"HTTP" + sound.substr(4) + "/s.wav", "/s.wav"},
      {sound + "/a[1].wav?b=[2]&c=%2F+d", "/a[1].wav?b=[2]&c=%2F+d"},
  };
  for (const auto& [link, target] : links) {
    succeed_with({.wav = link});
    EXPECT_EQ(text_of(*run().sound), "RIFF-sound") << link;
    EXPECT_EQ(results_.requests().back().target(), target) << link;
  }
}

TEST_F(CycleDownload, aLinkWithoutAHostLeadsToTheService) {
  accept();
  api_.add(succeeded({.wav = "/files/s.wav?x=1"}));
  api_.add(reply(200, "RIFF-sound", kWav));
  EXPECT_EQ(text_of(*run().sound), "RIFF-sound");
  EXPECT_EQ(api_.requests().back().target(), "/files/s.wav?x=1");
  EXPECT_EQ(api_.requests().back().header("Authorization"), "");
}

TEST_F(CycleDownload, aRedirectIsReadAsBrowsersReadIt) {
  succeed_with({.wav = results_.url("/s.wav")});
  results_.add(reply(302, "", "Location: /my sound.wav?q=ä\r\n"));
  results_.add(reply(200, "RIFF-sound", kWav));
  EXPECT_EQ(text_of(*run().sound), "RIFF-sound");
  EXPECT_EQ(results_.requests().back().target(), "/my%20sound.wav?q=%C3%A4");
}

TEST_F(CycleDownload, aPackedResultIsUnpackedAndAnUnreadableOneGivesWay) {
  succeed_with({.wav = results_.url("/s.wav"), .mp3 = results_.url("/s.mp3")});
  results_.add(reply(200, "\x1b\x0f", std::string(kWav) + "Content-Encoding: br\r\n"));
  results_.add(reply(200, test::packed("ID3-sound"), "Content-Type: audio/mpeg\r\nContent-Encoding: gzip\r\n"));
  const CycleResult result = run();
  EXPECT_EQ(result.form, ResultForm::mp3);
  EXPECT_EQ(text_of(*result.sound), "ID3-sound");
}

TEST_F(CycleDownload, withoutALinkWhatCameIsShown) {
  accept();
  api_.set_default(task_answer("succeed", R"(,"task_result":{"audio_data":"UklGRg==","q":"see http://h/?s3cret=1"})"));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::result);
  EXPECT_NE(details.message.find("audio_data"), std::string::npos) << details.message;
  expect_paid_task(details, Phase::download);
}

TEST(ResultLink, keepsToTheSameRules) {
  const std::string base = "https://api.example.org/kling";
  for (const char* link : {"http://127.0.0.1\\@cdn.example/s", " http://10.0.0.1/s.wav", "http:\\\\192.168.1.1/s",
                           "file:///etc/passwd", "ht\ntp://127.0.0.1/s", "https://u ser@example.org/s", "https:///",
                           "javascript:alert(1)", "//10.0.0.1/s", "http:10.0.0.1/s", "https://exa mple.org/s"})
    EXPECT_THROW(check_result_url(as_browsers_read(link, base), base), Error) << link << as_browsers_read(link, base);
  EXPECT_EQ(as_browsers_read("//cdn.example.org/s", base), "https://cdn.example.org/s");
  EXPECT_EQ(as_browsers_read("https:\\\\cdn.example.org\\s", base), "https://cdn.example.org/s");
  EXPECT_EQ(as_browsers_read("https://cdn.example.org/s?a=\\&b='c'", base), "https://cdn.example.org/s?a=%5C&b='c'");
  EXPECT_EQ(as_browsers_read("s.wav", base), "https://api.example.org/s.wav");
}

// ---- where results may come from

bool allowed(const std::string& url, const std::string& base_url = "https://api.example.org/kling") {
  try {
    check_result_url(url, base_url);
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::result);
    return false;
  }
}

TEST(ResultUrl, publicHostsAreAllowed) {
  for (const char* url :
       {"https://cdn.example.org/s.wav?x=1", "http://93.184.216.34/s", "https://[2606:2800:220:1::1]/s",
        "http://172.32.0.1/s", "http://100.128.0.1/s", "https://localhost.example.org/s"}) {
    EXPECT_TRUE(allowed(url)) << url;
  }
}

TEST(ResultUrl, theLocalNetworkIsRefusedForAServiceElsewhere) {
  for (const char* url : {"http://127.0.0.1/s",
                          "http://localhost/s",
                          "http://LOCALHOST./s",
                          "http://a.localhost/s",
                          "http://0.0.0.0/s",
                          "http://10.1.2.3/s",
                          "http://172.16.0.1/s",
                          "http://172.31.9.9/s",
                          "http://192.168.1.1/s",
                          "http://169.254.169.254/latest",
                          "http://100.64.0.1/s",
                          "http://[::1]/s",
                          "http://[::]/s",
                          "http://[fe80::1]/s",
                          "http://[fd00::1]/s",
                          "http://[::ffff:10.0.0.1]/s",
                          "http://[64:ff9b::a00:1]/s",
                          "http://127.1/s",
                          "http://2130706433/s",
                          "http://0x7f000001/s",
                          "http://0177.0.0.1/s",
                          "http://224.0.0.1/s"}) {
    EXPECT_FALSE(allowed(url)) << url;
  }
}

TEST(ResultUrl, theLocalNetworkIsAllowedForAServiceOnLoopbackOrOnThatVeryHost) {
  EXPECT_TRUE(allowed("http://127.0.0.1:1/s", "http://127.0.0.1:2"));
  EXPECT_TRUE(allowed("http://10.0.0.1/s", "http://localhost:2"));
  EXPECT_TRUE(allowed("http://10.0.0.1:1/s", "http://10.0.0.1:2/kling"));
  EXPECT_FALSE(allowed("http://10.0.0.2/s", "http://10.0.0.1/kling"));
}

TEST(ResultUrl, onlyHttpWithoutCredentialsIsAllowed) {
  for (const char* url : {"ftp://example.org/s", "file:///etc/passwd", "data:audio/wav;base64,AAAA", "example.org/s",
                          "", "https://u@example.org/s", "https:///s"}) {
    EXPECT_FALSE(allowed(url)) << url;
  }
}

TEST(ResultUrl, aRedirectNeverLeavesHttps) {
  EXPECT_THROW((void)redirect_target("https://a.example/s", "http://a.example/s"), Error);
  EXPECT_EQ(redirect_target("https://a.example/x/s", "../t?q=%2F#f"), "https://a.example/t?q=%2F");
  EXPECT_EQ(redirect_target("http://a.example/s", "https://b.example/t"), "https://b.example/t");
  EXPECT_EQ(redirect_target("https://a.example/s", "//b.example/t"), "https://b.example/t");
}

}  // namespace
}  // namespace klingv2a::cycle
