// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The simulated service as a judge: what it accepts, what it refuses and in which words, what it fetches and fails, and
// what its ledger says.
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <future>

#include "sim_fixture.h"

namespace klingv2a::test {
namespace {

using namespace std::chrono_literals;

class SimApi : public SimFixture {};

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// ---- accepted ----

TEST_F(SimApi, AnAcceptedTaskIsSubmittedAndItsIdIsTextBeyondWhatANumberHolds) {
  run(quick());
  const HttpReply answer = post(R"({"video_id":"sim-5s"})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(json_at(answer.body, "$.code"), "0");
  EXPECT_EQ(json_at(answer.body, "$.message"), "SUCCEED");
  EXPECT_EQ(json_at(answer.body, "$.data.task_status"), "submitted");
  const std::string id = json_at(answer.body, "$.data.task_id");
  EXPECT_NE(answer.body.find('"' + id + '"'), std::string::npos);
  EXPECT_GT(std::stoll(id), 1LL << 53);
}

TEST_F(SimApi, EveryDocumentedFieldIsAccepted) {
  hold({.seconds = 3});
  run(quick());
  const std::string prompt = repeated("é", 200);
  submit(R"("video_url":")" + files_.url("/a.b/clip.MP4?x=1") + R"(","sound_effect_prompt":")" + prompt +
         R"(","bgm_prompt":"","asmr_mode":true,"external_task_id":"mine","callback_url":"https://127.0.0.1:1/cb")");
  EXPECT_TRUE(ends_as("succeed"));
}

TEST_F(SimApi, ASucceededTaskIsCompleteInBothNamings) {
  for (const auto naming : {sim::Naming::old_names, sim::Naming::new_names}) {
    sim::Options options = quick_kling();
    options.naming = naming;
    run(options);
    const std::string body = succeeded(submit(R"("video_id":"sim-5s","external_task_id":"mine")"));
    const bool is_new = naming == sim::Naming::new_names;
    const std::string audio = "$.data.task_result.audios[0].";
    EXPECT_NE(json_at(body, audio + (is_new ? "wav_url" : "url_wav")), "");
    EXPECT_NE(json_at(body, audio + (is_new ? "mp3_url" : "url_mp3")), "");
    EXPECT_EQ(json_at(body, audio + (is_new ? "wav_duration" : "duration_wav")), "5.000");
    EXPECT_EQ(json_at(body, audio + (is_new ? "url_wav" : "wav_url")), "");
    EXPECT_EQ(json_at(body, "$.data.task_info.parent_video.duration"), "5.000");
    EXPECT_EQ(json_at(body, "$.data.task_info.external_task_id"), "mine");
    EXPECT_EQ(json_at(body, "$.data.final_balance_deduction.quota"), "0.035");
    EXPECT_NE(json_at(body, "$.data.final_unit_deduction"), "");
    EXPECT_NE(json_at(body, "$.request_id"), "");
  }
}

TEST_F(SimApi, ATaskTakesItsTimeAndNoLonger) {
  sim::Options options = quick();
  options.task_time = 1h;
  run(options);
  const std::string id = submit(R"("video_id":"sim-5s")");
  EXPECT_TRUE(ends_as("processing"));
  EXPECT_EQ(json_at(get(id).body, "$.data.task_status"), "processing");
  EXPECT_EQ(json_at(get(id).body, "$.data.task_result"), "{}");
  sim_->set_task_time(0ms);
  EXPECT_TRUE(ends_as("succeed"));
}

TEST_F(SimApi, KlingFindsATaskByItsExternalIdAndListsTheNewestFirst) {
  run(quick_kling());
  const std::string first = submit(R"("video_id":"sim-5s","external_task_id":"one")");
  const std::string second = submit(R"("video_id":"sim-5s","external_task_id":"two")");
  EXPECT_EQ(json_at(get("one").body, "$.data.task_id"), first);
  const auto page = [&](const std::string& query) { return http_call({"GET", endpoint() + query, kKey, {}}); };
  EXPECT_EQ(json_at(page("").body, "$.data[0].task_id"), second);
  EXPECT_EQ(json_at(page("?pageNum=2&pageSize=1").body, "$.data[0].task_id"), first);
  EXPECT_EQ(json_at(page("?pageNum=3&pageSize=1").body, "$.data"), "[]");
  for (const char* wrong : {"?pageNum=0", "?pageSize=501", "?pageNum=1001", "?pageSize=x"})
    EXPECT_EQ(page(wrong).status, 400) << wrong;
}

TEST_F(SimApi, CometApiKnowsNeitherExternalIdsNorTheList) {
  run(quick());
  submit(R"("video_id":"sim-5s","external_task_id":"one")");
  EXPECT_EQ(get("one").status, 404);
  EXPECT_EQ(http_call({"GET", endpoint(), kKey, {}}).status, 404);
}

// ---- refused ----

TEST_F(SimApi, ABadSubmitIsRefusedAndNotPaid) {
  run(quick());
  const std::string url = R"("video_url":"http://127.0.0.1/a.mp4")";
  const std::vector<std::string> bodies = {
      "{}",
      "[]",
      "",
      "{",
      "\"text\"",
      "{" + url + R"(,"video_id":"sim-5s"})",
      R"({"video_id":"12345"})",
      R"({"video_id":"sim-2s"})",
      R"({"video_id":"sim-s"})",
      R"({"video_id":5})",
      R"({"video_id":""})",
      R"({"video_url":"ftp://host/a.mp4"})",
      R"({"video_url":"file:///a.mp4"})",
      R"({"video_url":"a.mp4"})",
      R"({"video_url":null})",
      "{" + url + R"(,"extra":1})",
      "{" + url + R"(,"model_name":"kling-v2"})",
      "{" + url + R"(,"asmr_mode":"true"})",
      "{" + url + R"(,"asmr_mode":1})",
      "{" + url + R"(,"bgm_prompt":null})",
      "{" + url + R"(,"bgm_prompt":")" + repeated("a", 201) + "\"}",
      "{" + url + R"(,"sound_effect_prompt":")" + repeated("\U0001F600", 101) + "\"}",
      "{" + url + R"(,"external_task_id":""})",
      "{" + url + R"(,"callback_url":"callback"})",
      "{" + url + R"(,"callback_url":"http://example.org/cb"})",
  };
  for (const std::string& body : bodies) {
    const HttpReply answer = post(body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(json_at(answer.body, "$.error.type"), "comet_api_error") << body;
    EXPECT_EQ(json_at(answer.body, "$.error.code").substr(0, 3), "120") << body;
  }
  EXPECT_TRUE(sim_->paid_tasks().empty());
  EXPECT_EQ(sim_->count("POST", "/kling/v1/"), static_cast<int>(bodies.size()));
}

TEST_F(SimApi, AnExternalIdIsTakenOnlyOnce) {
  run(quick_kling());
  submit(R"("video_id":"sim-5s","external_task_id":"same")");
  const HttpReply again = post(R"({"video_id":"sim-5s","external_task_id":"same"})");
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(json_at(again.body, "$.code"), "1201");
  EXPECT_EQ(sim_->paid_tasks().size(), 1U);
}

TEST_F(SimApi, TheBodyMustSayThatItIsJson) {
  run(quick());
  const std::string body = R"({"video_id":"sim-5s"})";
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded"})
    EXPECT_EQ(http_call({"POST", endpoint(), kKey, body, type}).status, 400) << type;
  EXPECT_EQ(http_call({"POST", endpoint(), kKey, body, "application/json; charset=utf-8"}).status, 200);
}

TEST_F(SimApi, WithoutTheRightKeyNothingIsAnswered) {
  for (const bool kling : {false, true}) {
    run(kling ? quick_kling() : quick());
    for (const char* header : {"", "Bearer ", "Bearer wrong", "sim-key", "Basic sim-key"}) {
      const HttpReply submit = http_call({"POST", endpoint(), header, R"({"video_id":"sim-5s"})"});
      const HttpReply query = http_call({"GET", endpoint() + "/1", header, {}});
      EXPECT_EQ(submit.status, 401) << header;
      EXPECT_EQ(query.status, 401) << header;
      const std::string type = json_at(submit.body, kling ? "$.code" : "$.error.type");
      EXPECT_EQ(type, kling ? (*header ? "1002" : "1001") : "comet_api_error") << header;
    }
    EXPECT_TRUE(sim_->paid_tasks().empty());
  }
}

TEST_F(SimApi, OtherPathsAndMethodsAreRefused) {
  run(quick_kling());
  EXPECT_EQ(json_at(http_call({"DELETE", endpoint() + "/1", kKey, {}}).body, "$.code"), "1202");
  EXPECT_EQ(json_at(http_call({"PUT", endpoint(), kKey, "{}"}).body, "$.code"), "1202");
  EXPECT_EQ(json_at(get("1").body, "$.code"), "1203");
  const HttpReply elsewhere = http_call({"POST", sim_->base_url() + "/v1/audio/other", kKey, "{}"});
  EXPECT_EQ(elsewhere.status, 404);
  EXPECT_EQ(elsewhere.body.substr(0, 9), "<!DOCTYPE");
}

// ---- fetched and judged ----

class SimJudge : public SimFixture {
 protected:
  // The task is paid and fails with a message that contains `why`.
  void expect_failure(const std::string& why, const std::string& name = "clip.mp4") {
    const std::string id = submit_clip(name);
    ASSERT_TRUE(ends_as("failed")) << why;
    const HttpReply answer = get(id);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(json_at(answer.body, "$.code"), "0");
    EXPECT_EQ(json_at(answer.body, "$.data.task_status"), "failed");
    EXPECT_NE(json_at(answer.body, "$.data.task_status_msg").find(why), std::string::npos) << answer.body;
  }
};

TEST_F(SimJudge, FetchesTheVideoItselfOnceAndWithoutTheKey) {
  hold({.seconds = 3});
  run(quick());
  submit_clip();
  ASSERT_TRUE(ends_as("succeed"));
  ASSERT_EQ(files_.requests().size(), 1U);
  EXPECT_EQ(files_.requests()[0].method(), "GET");
  EXPECT_EQ(files_.requests()[0].target(), "/clip.mp4");
  EXPECT_EQ(files_.requests()[0].header("Authorization"), "");
}

TEST_F(SimJudge, KnowsTheVideoItFetched) {
  const ClipOptions clip{.width = 1080, .height = 1920, .fps_n = 25, .seconds = 3.2, .bframes = 2};
  hold(clip);
  run(quick());
  submit_clip();
  ASSERT_TRUE(ends_as("succeed"));
  const sim::PaidTask paid = sim_->paid_tasks().back();
  const std::string bytes = test_clip_bytes(clip);
  char* sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, bytes.data(), static_cast<gssize>(bytes.size()));
  EXPECT_EQ(paid.video_sha256, sum);
  g_free(sum);
  EXPECT_EQ(paid.width, 1080);
  EXPECT_EQ(paid.height, 1920);
  EXPECT_EQ(paid.frames, 80);
  EXPECT_NEAR(paid.duration_s, 3.2, 1e-6);
}

TEST_F(SimJudge, FailsAClipOutsideTheDurationsByMoreThanHalfAFrame) {
  run(quick());
  for (const double seconds : {2.9, 20.1}) {
    hold({.fps_n = 10, .seconds = seconds});
    expect_failure("duration");
  }
  // 44 frames at 14.68 fps: 2.997 s.
  for (const ClipOptions& clip :
       {ClipOptions{.fps_n = 1468, .fps_d = 100, .seconds = 3.0}, ClipOptions{.fps_n = 10, .seconds = 3.0},
        ClipOptions{.fps_n = 10, .seconds = 20.0}}) {
    hold(clip);
    submit_clip();
    EXPECT_TRUE(ends_as("succeed")) << sim_->paid_tasks().back().status_message;
  }
}

TEST_F(SimJudge, FailsOtherResolutionsUnlessToldNotTo) {
  hold({.width = 848, .height = 480, .seconds = 3});
  run(quick());
  expect_failure("848x480");
  sim::Options options = quick();
  options.check_resolution = false;
  run(options);
  submit_clip();
  EXPECT_TRUE(ends_as("succeed"));
}

TEST_F(SimJudge, FailsWhatIsNoMp4OrMov) {
  run(quick());
  hold({.seconds = 3, .container = ClipOptions::Container::mkv});
  expect_failure("not an MP4 or MOV");
  hold({.seconds = 3});
  expect_failure(".mp4 or .mov", "clip.mkv");
  expect_failure(".mp4 or .mov", "clip?name=.mp4");
  files_.set_default(reply(200, "<html>not found</html>"));
  expect_failure("not an MP4 or MOV");
  files_.set_default(reply(200, test_clip_bytes({.seconds = 3}).substr(0, 20000)));
  expect_failure("invalid");
  hold({.seconds = 3, .container = ClipOptions::Container::mov});
  submit_clip("clip.mov");
  EXPECT_TRUE(ends_as("succeed"));
}

TEST_F(SimJudge, FailsATaskWhoseVideoCannotBeHad) {
  run(quick());
  files_.set_default(reply(403, "forbidden"));
  expect_failure("403");
  const std::string clip = test_clip_bytes({.seconds = 3});
  files_.set_default(half_reply(200, clip, clip.size() / 2));
  expect_failure("download");
  files_.set_default(
      reply(200, std::string(100'000'001, 'x')));  // NOLINT(bugprone-string-constructor): too much on purpose
  expect_failure("100MB");
  submit(R"("video_url":"http://127.0.0.1:)" + std::to_string(closed_port()) + R"(/clip.mp4")");
  EXPECT_TRUE(ends_as("failed"));
  EXPECT_EQ(sim_->paid_tasks().size(), 4U) << "each was accepted, so each was paid";
}

TEST_F(SimJudge, FollowsARedirectAsAServerDoes) {
  RawServer other;
  other.set_default(reply(200, test_clip_bytes({.seconds = 3})));
  files_.set_default(reply(302, "", "Location: " + other.url("/real.mp4") + "\r\n"));
  run(quick());
  submit_clip();
  EXPECT_TRUE(ends_as("succeed")) << sim_->paid_tasks().back().status_message;
}

TEST_F(SimJudge, WorksOnSeveralTasksAtOnce) {
  hold({.seconds = 3});
  run(quick());
  for (int i = 0; i < 5; ++i) submit_clip();
  EXPECT_TRUE(sim_->wait_until(
      [](const sim::Service& sim) {
        const auto tasks = sim.paid_tasks();
        return std::ranges::all_of(tasks, [](const sim::PaidTask& task) { return task.status == "succeed"; });
      },
      kDeadline));
  EXPECT_EQ(sim_->paid_tasks().size(), 5U);
}

// ---- results ----

class SimResult : public SimFixture {
 protected:
  void SetUp() override {
    run(quick());
    wav_url_ = json_at(succeeded(submit(R"("video_id":"sim-3s")")), "$.data.task_result.audios[0].url_wav");
  }
  std::string wav_url_;
};

TEST_F(SimResult, IsReadWithoutAKeyWholeOrInPart) {
  const HttpReply whole = get_result(wav_url_);
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.header("Content-Type"), "audio/wav");
  EXPECT_TRUE(whole.is_whole());
  const HttpReply part = http_call({"GET", wav_url_, {}, {}, {}, "bytes=40-99"});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, whole.body.substr(40, 60));
  const HttpReply head = http_call({"HEAD", wav_url_, {}, {}});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), std::to_string(whole.body.size()));
  EXPECT_EQ(head.body, "");
}

TEST_F(SimResult, IsRefusedToWhoeverSendsTheKeyAlong) {
  EXPECT_EQ(http_call({"GET", wav_url_, kKey, {}}).status, 400);
  const sim::SeenRequest seen = sim_->requests().back();
  EXPECT_TRUE(seen.has_authorization);
  EXPECT_EQ(seen.status, 400);
  EXPECT_EQ(seen.path.rfind("/results/", 0), 0U);
}

TEST_F(SimResult, IsRefusedWhenTheLinkIsNotIntact) {
  EXPECT_EQ(get_result(wav_url_.substr(0, wav_url_.find('?'))).status, 403);
  EXPECT_EQ(get_result(wav_url_ + "x").status, 403);
  EXPECT_EQ(get_result(wav_url_.substr(0, wav_url_.find("/results/")) + "/results/guess/sound.wav").status, 404);
}

// ---- the ledger ----

TEST_F(SimApi, TheLedgerFileHasALineForEachRequestAndEachChangeOfATask) {
  const std::string path = test_clip({.seconds = 3}) + ".ledger";
  sim::Options options = quick();
  options.ledger_file = path;
  run(options);
  const std::string id = submit(R"("video_id":"sim-5s")");
  ASSERT_TRUE(ends_as("succeed"));
  std::ifstream file(path);
  std::vector<std::string> events;
  for (std::string line; std::getline(file, line);)
    events.push_back(json_at(line, "$.event") + " " + json_at(line, "$.status"));
  g_remove(path.c_str());
  const std::vector<std::string> wanted = {"task submitted", "task processing", "task succeed", "request 200"};
  for (const std::string& event : wanted)
    EXPECT_NE(std::ranges::find(events, event), events.end()) << event << " is missing";
}

TEST_F(SimApi, TheLedgerIsReadOverHttpToo) {
  run(quick());
  const std::string id = submit(R"("video_id":"sim-5s")");
  ASSERT_TRUE(ends_as("succeed"));
  const std::string ledger =
      http_call({"GET", endpoint().substr(0, endpoint().find("/kling")) + "/sim/ledger", {}, {}}).body;
  EXPECT_EQ(json_at(ledger, "$.tasks[0].task_id"), id);
  EXPECT_EQ(json_at(ledger, "$.tasks[0].clicks"), "[48000,96000,144000,192000]");
  EXPECT_EQ(json_at(ledger, "$.requests[0].method"), "POST");
  EXPECT_EQ(json_at(ledger, "$.requests[2]"), "") << "reading the ledger is not in it";
}

// ---- the end ----

TEST_F(SimApi, EndsAtOnceWithFetchesTasksAndRequestsUnderWay) {
  files_.set_default({.what = Answer::Do::hang});
  sim::Options options = quick();
  options.task_time = 1h;
  run(options);
  submit_clip();
  submit(R"("video_id":"sim-20s")");
  sim_->add_fault({.on = sim::Fault::On::query, .what = sim::Fault::Do::hang});
  ASSERT_TRUE(files_.wait_for_requests(1));
  auto hanging = std::async(std::launch::async, [this] { return get("1"); });
  ASSERT_TRUE(sim_->wait_until([](const sim::Service& sim) { return sim.count("GET", "/kling/") == 1; }, kDeadline));
  const auto begin = std::chrono::steady_clock::now();
  sim_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_EQ(hanging.get().status, 0);
}

TEST_F(SimApi, TheSamePortCanBeTakenAgain) {
  run(quick());
  sim::Options options = quick();
  options.port = static_cast<std::uint16_t>(std::stoi(sim_->base_url().substr(sim_->base_url().rfind(':') + 1)));
  submit(R"("video_id":"sim-5s")");
  EXPECT_THROW(sim::Service{options}, std::runtime_error);
  run(options);
  submit(R"("video_id":"sim-5s")");
}

// ---- the program ----

class SimProgram : public ::testing::Test {
 protected:
  void start(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), KLINGV2A_SIM_PROGRAM);
    arguments.push_back(nullptr);
    const auto flags =
        static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    process_ = g_subprocess_newv(arguments.data(), flags, nullptr);
    ASSERT_NE(process_, nullptr);
    output_ = g_data_input_stream_new(g_subprocess_get_stdout_pipe(process_));
  }
  void TearDown() override {
    if (process_) g_subprocess_force_exit(process_);
    g_clear_object(&output_);
    g_clear_object(&process_);
  }
  std::string line() {
    char* text = g_data_input_stream_read_line(output_, nullptr, nullptr, nullptr);
    const std::string line = text ? text : "";
    g_free(text);
    return line;
  }
  int exit_status() {
    g_subprocess_wait(process_, nullptr, nullptr);
    return g_subprocess_get_if_exited(process_) ? g_subprocess_get_exit_status(process_) : -1;
  }

  GSubprocess* process_ = nullptr;
  GDataInputStream* output_ = nullptr;
};

TEST_F(SimProgram, SaysThatItIsASimulationAndWhereAndEndsCleanlyOnASignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    start({"--key", "secret", "--task-time", "0", "--fault", "query:error_code,code=1302,times=1"});
    EXPECT_NE(line().find("SIMULATION"), std::string::npos);
    const std::string ready = line();
    ASSERT_EQ(ready.rfind("base-url http://127.0.0.1:", 0), 0U) << ready;
    const std::string endpoint = ready.substr(9) + "/v1/audio/video-to-audio";
    EXPECT_EQ(http_call({"POST", endpoint, "Bearer secret", R"({"video_id":"sim-5s"})"}).status, 200);
    EXPECT_EQ(http_call({"GET", endpoint + "/1", "Bearer secret", {}}).status, 429);
    g_subprocess_send_signal(process_, signal);
    EXPECT_EQ(exit_status(), 0);
    TearDown();
  }
}

// Of each rule one thing that shows that the service heard of it; other tests judge what it does in full.
class SimProgramRules : public SimProgram {
 protected:
  void start_with(const std::vector<const char*>& arguments) {
    TearDown();
    start(arguments);
    (void)line();
    endpoint_ = line().substr(9) + "/v1/audio/video-to-audio";
  }
  [[nodiscard]] int submit(const std::string& external_id, const std::string& key = "Bearer sim-key") const {
    const std::string body = R"({"video_id":"sim-3s","external_task_id":")" + external_id + "\"}";
    return http_call({"POST", endpoint_, key, body}).status;
  }
  [[nodiscard]] HttpReply get(const std::string& id) const {
    return http_call({"GET", endpoint_ + "/" + id, "Bearer sim-key", {}});
  }
  // The link to the task's sound; empty: it did not succeed in time.
  [[nodiscard]] std::string link(const std::string& id) const {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (std::chrono::steady_clock::now() < end) {
      const std::string body = get(id).body;
      if (json_at(body, "$.data.task_status") == "succeed")
        return json_at(body, "$.data.task_result.audios[0].url_wav");
    }
    return {};
  }

  std::string endpoint_;
};

TEST_F(SimProgramRules, AreHandedToTheService) {
  start_with({"--task-time=0", "--duplicates=refuse", "--external-lookup=yes", "--link-fetches=1", "--no-ranges",
              "--key-pair=access:top-secret", "--fault=api:error_code,code=1302"});
  // {"iss":"access","exp":4000000000,"nbf":1700000000}
  const std::string jwt =
      "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhY2Nlc3MiLCJleHAiOjQwMDAwMDAwMDAsIm5iZiI6MTcwMDAwMDAwMH0"
      ".2EKm1FRJR6Ha5TcuIls2RXJqMhHeA3zXiiYA-fT6BXU";
  EXPECT_EQ(get("mine").status, 429) << "the fault";
  EXPECT_EQ(submit("mine", jwt), 200);
  EXPECT_EQ(submit("mine"), 400);
  const std::string url = link("mine");
  EXPECT_EQ(http_call({.method = "GET", .url = url, .range = "bytes=1-2"}).status, 200);
  EXPECT_EQ(http_call({"GET", url, {}, {}}).status, 403);

  start_with({"--task-time=3600", "--dialect=kling", "--duplicates=accept", "--concurrency=2", "--list-lag=3600"});
  EXPECT_EQ(submit("mine"), 200);
  EXPECT_EQ(get("mine").status, 404);
  EXPECT_EQ(submit("mine"), 200);
  EXPECT_EQ(submit("mine"), 429);

  start_with({"--task-time=0", "--dialect=kling", "--link-life=0.001"});
  EXPECT_EQ(submit("mine"), 200);
  const std::string first = link("mine");
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (http_call({"GET", first, {}, {}}).status != 403) ASSERT_LT(std::chrono::steady_clock::now(), end);
}

TEST_F(SimProgram, RefusesArgumentsItDoesNotKnow) {
  const std::vector<std::vector<const char*>> wrong = {{"--dialect", "klingon"},
                                                       {"--fault", "submit:explode"},
                                                       {"--sound", "rate=1"},
                                                       {"--port", "70000"},
                                                       {"stray"},
                                                       {"--duplicates", "yes"},
                                                       {"--external-lookup", "maybe"},
                                                       {"--list-lag", "-1"},
                                                       {"--link-life", "x"},
                                                       {"--link-fetches", "-1"},
                                                       {"--concurrency", "x"},
                                                       {"--key-pair", "access"},
                                                       {"--fault", "result:cut,bytes=-2"}};
  for (const auto& arguments : wrong) {
    start(arguments);
    EXPECT_EQ(exit_status(), 2) << arguments.back();
    TearDown();
  }
}

}  // namespace
}  // namespace klingv2a::test
