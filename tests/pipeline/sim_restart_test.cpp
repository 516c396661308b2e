// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The simulated service survives its own end: whoever starts it again with its ledger finds every task that was
// accepted, finished or not, and the same bytes behind the same links.
#include <glib/gstdio.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "sim_fixture.h"
#include "sim_process.h"

namespace klingv2a::test {
namespace {

using namespace std::chrono_literals;
using On = sim::Fault::On;
using Do = sim::Fault::Do;

constexpr const char* kWav = "$.data.task_result.audios[0].url_wav";
constexpr const char* kMp3 = "$.data.task_result.audios[0].url_mp3";
constexpr const char* kVideo = "$.data.task_result.videos[0].url";

// A folder of its own for the ledger and the results.
class Folder {
 public:
  Folder() {
    const std::unique_ptr<char, decltype(&g_free)> made(g_dir_make_tmp("simrestart-XXXXXX", nullptr), g_free);
    path_ = made.get();
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string ledger() const { return path_ + "/ledger"; }

 private:
  std::string path_;
};

class SimRestart : public SimFixture {
 protected:
  // On the port that the last one had, so that its URLs stay good.
  void run_again(sim::Options options = quick()) {
    if (sim_) {
      const std::string url = sim_->base_url();
      options.port = static_cast<std::uint16_t>(std::stoi(url.substr(url.find(':', 7) + 1)));
    }
    options.ledger_file = folder_.ledger();
    run(options);
  }
  void append_to_ledger(const std::string& bytes) const {
    std::ofstream(folder_.ledger(), std::ios::app | std::ios::binary) << bytes;
  }

  Folder folder_;
};

// ---- what is kept ----

TEST_F(SimRestart, AFinishedTaskKeepsItsLinksAndItsResultsByteForByte) {
  hold({.seconds = 3, .flash_frames = {31}});
  run_again();
  const std::string id = submit_clip();
  const std::string answer = succeeded(id);
  const sim::PaidTask before = sim_->paid_tasks().back();
  std::vector<std::string> results;
  for (const char* path : {kWav, kMp3, kVideo}) results.push_back(get_result(json_at(answer, path)).body);
  run_again();
  std::size_t i = 0;
  for (const char* path : {kWav, kMp3, kVideo}) {
    EXPECT_EQ(json_at(get(id).body, path), json_at(answer, path));
    EXPECT_EQ(get_result(json_at(answer, path)).body, results[i++]) << path;
  }
  ASSERT_EQ(sim_->paid_tasks().size(), 1U);
  const sim::PaidTask after = sim_->paid_tasks().back();
  EXPECT_EQ(after.task_id, id);
  EXPECT_EQ(after.body, before.body);
  EXPECT_EQ(after.video_sha256, before.video_sha256);
  EXPECT_EQ(after.clicks, before.clicks);
  EXPECT_EQ(after.samples, before.samples);
  EXPECT_EQ(after.duration_s, before.duration_s);
  EXPECT_EQ(after.frames, before.frames);
}

TEST_F(SimRestart, ADeadLinkStaysDeadAndALivingOneIsUsedUpAsBefore) {
  sim::Options options = quick();
  options.link_fetches = 2;
  run_again(options);
  const std::string id = submit(R"("video_id":"sim-3s")");
  const std::string first = json_at(succeeded(id), kWav);
  sim_->add_fault({.on = On::result, .what = Do::expire});
  EXPECT_EQ(get_result(first).status, 403);
  const std::string second = json_at(get(id).body, kWav);
  EXPECT_EQ(get_result(second).status, 200);
  run_again(options);
  EXPECT_EQ(get_result(first).status, 403);
  EXPECT_EQ(get_result(second).status, 200);
  EXPECT_EQ(get_result(second).status, 403);
}

TEST_F(SimRestart, TheEndingThatAFaultGaveATaskStaysItsEnding) {
  sim::Options options = quick();
  options.task_time = 1h;
  run_again(options);
  sim_->add_fault({.on = On::submit, .what = Do::fail_task, .message = "no, \"never\""});
  sim_->add_fault({.on = On::submit, .what = Do::never_finish});
  const std::string failing = submit(R"("video_id":"sim-3s")"), endless = submit(R"("video_id":"sim-3s")");
  run_again();
  EXPECT_TRUE(
      sim_->wait_until([](const sim::Service& sim) { return sim.paid_tasks().front().status == "failed"; }, kDeadline));
  EXPECT_EQ(json_at(get(failing).body, "$.data.task_status_msg"), "no, \"never\"");
  EXPECT_TRUE(ends_as("processing"));
  EXPECT_EQ(json_at(get(endless).body, "$.data.task_status"), "processing");
}

TEST_F(SimRestart, TheSoundIsAsItWasAskedForWhenTheTaskWasAccepted) {
  sim::Options options = quick();
  options.task_time = 1h;
  options.sound = {.rate = 44100, .channels = 1, .longer_s = -0.5, .mp3 = false};
  run_again(options);
  const std::string id = submit(R"("video_id":"sim-3s")");
  run_again();
  const std::string answer = succeeded(id);
  EXPECT_EQ(json_at(answer, kMp3), "");
  const DecodedSound sound = decode_sound(get_result(json_at(answer, kWav)).body, "wavparse");
  EXPECT_EQ(sound.rate, 44100);
  EXPECT_EQ(sound.channels, 1);
  EXPECT_EQ(sound.length(), 2.5 * 44100);
}

TEST_F(SimRestart, ExternalIdsSlotsRequestsAndTheHighestNumberInFlightAreRemembered) {
  sim::Options options = quick_kling();
  options.task_time = 1h;
  options.concurrency = 3;
  run_again(options);
  const std::string id = submit(R"("video_id":"sim-3s","external_task_id":"mine")");
  submit(R"("video_id":"sim-3s")");
  run_again(options);
  EXPECT_EQ(sim_->count("POST", "/v1/"), 2);
  EXPECT_EQ(sim_->most_in_flight(), 2);
  EXPECT_EQ(json_at(get("mine").body, "$.data.task_id"), id);
  EXPECT_EQ(post(R"({"video_id":"sim-3s","external_task_id":"mine"})").status, 400);
  EXPECT_EQ(post(R"({"video_id":"sim-3s"})").status, 200);
  EXPECT_EQ(json_at(post(R"({"video_id":"sim-3s"})").body, "$.code"), "1303");
  EXPECT_EQ(sim_->most_in_flight(), 3);
}

TEST_F(SimRestart, ATaskIdIsNeverUsedAgain) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    run_again();
    for (int n = 0; n < 2; ++n) {
      const std::string id = submit(R"("video_id":"sim-3s")");
      EXPECT_EQ(std::ranges::find(ids, id), ids.end());
      ids.push_back(id);
    }
  }
  EXPECT_EQ(sim_->paid_tasks().size(), 6U);
}

// ---- what goes on ----

TEST_F(SimRestart, ATaskGoesOnWithTheVideoThatWasFetched) {
  hold({.seconds = 3, .flash_frames = {31}});
  sim::Options options = quick();
  options.task_time = 1h;
  run_again(options);
  const std::string id = submit_clip();
  ASSERT_TRUE(ends_as("processing"));
  const std::string sum = sim_->paid_tasks().back().video_sha256;
  files_.set_default(reply(404, "gone"));
  run_again();
  ASSERT_TRUE(ends_as("succeed")) << sim_->paid_tasks().back().status_message;
  EXPECT_EQ(files_.requests().size(), 1U);
  EXPECT_EQ(sim_->paid_tasks().back().video_sha256, sum);
  EXPECT_EQ(decode_sound(get_result(json_at(get(id).body, kWav)).body, "wavparse").clicks().size(), 1U);
}

TEST_F(SimRestart, ATaskThatWasOnlySubmittedIsDoneFromItsBeginning) {
  files_.set_default({.what = Answer::Do::hang});
  run_again();
  submit_clip();
  ASSERT_TRUE(files_.wait_for_requests(1));
  hold({.seconds = 3});
  run_again();
  EXPECT_TRUE(ends_as("succeed")) << sim_->paid_tasks().back().status_message;
  EXPECT_EQ(files_.requests().size(), 2U);
}

TEST_F(SimRestart, TheTimeThatATaskHasTakenCounts) {
  sim::Options options = quick();
  options.task_time = 2s;
  run_again(options);
  submit(R"("video_id":"sim-3s")");
  const auto begin = std::chrono::steady_clock::now();
  sim_.reset();
  std::this_thread::sleep_until(begin + 2s);  // what is tested is time itself
  run_again(options);
  ASSERT_TRUE(ends_as("succeed"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3500ms);
}

// ---- damage ----

TEST_F(SimRestart, ATornLastLineIsNoAcceptedTask) {
  run_again();
  submit(R"("video_id":"sim-3s")");
  ASSERT_TRUE(ends_as("succeed"));
  sim_.reset();
  append_to_ledger(R"({"event":"task","task_id":"87)");
  for (std::size_t tasks = 1; tasks < 3; ++tasks) {
    run_again();
    EXPECT_EQ(sim_->paid_tasks().size(), tasks);
    submit(R"("video_id":"sim-3s")");
  }
}

TEST_F(SimRestart, AFileThatIsNoLedgerIsRefusedAndLeftAlone) {
  for (const char* line : {"hello\n", "{}\n", "{\"event\":\"other\"}\n", "{\"event\":\"task\"}\n", "[]\n", "\n"}) {
    std::ofstream(folder_.ledger(), std::ios::trunc) << line;
    EXPECT_THROW(run_again(), std::runtime_error) << line;
    EXPECT_EQ(std::filesystem::file_size(folder_.ledger()), std::string(line).size());
  }
}

TEST_F(SimRestart, ResultsThatAreGoneAreAnError) {
  run_again();
  submit(R"("video_id":"sim-3s")");
  ASSERT_TRUE(ends_as("succeed"));
  sim_.reset();
  std::filesystem::remove_all(folder_.ledger() + ".results");
  EXPECT_THROW(run_again(), std::runtime_error);
}

TEST_F(SimRestart, OneLedgerServesOneServiceAtATime) {
  run_again();
  sim::Options options = quick();
  options.ledger_file = folder_.ledger();
  EXPECT_THROW(sim::Service{options}, std::runtime_error);
}

// No file of this process may grow beyond `size`.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t size) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{size, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    (void)std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(SimRestart, WhatCannotBeWrittenIsNotAcceptedAndLeavesNoTrace) {
  run_again();
  submit(R"("video_id":"sim-3s")");
  ASSERT_TRUE(ends_as("succeed"));
  {
    const FileSizeLimit limit(std::filesystem::file_size(folder_.ledger()) + 10);  // bytes of a line
    EXPECT_EQ(post(R"({"video_id":"sim-3s"})").status, 500);
  }
  EXPECT_EQ(sim_->paid_tasks().size(), 1U);
  const std::string id = submit(R"("video_id":"sim-3s")");
  run_again();
  EXPECT_EQ(sim_->paid_tasks().size(), 2U);
  EXPECT_EQ(get(id).status, 200);
}

// ---- kill -9 ----

class SimKilled : public ::testing::Test {
 protected:
  static constexpr const char* kKey = "Bearer sim-key";
  static constexpr const char* kBody = R"({"video_id":"sim-3s"})";

  void start(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.end(), {"--ledger", folder_.ledger(), "--port", port_});
    sim_.reset();
    sim_ = std::make_unique<SimProcess>(KLINGV2A_SIM_PROGRAM, arguments);
    endpoint_ = sim_->base_url() + "/v1/audio/video-to-audio";
    port_ = sim_->port();
  }
  [[nodiscard]] HttpReply post() const { return http_call({"POST", endpoint_, kKey, kBody}); }
  [[nodiscard]] HttpReply get(const std::string& id) const {
    return http_call({"GET", endpoint_ + "/" + id, kKey, {}});
  }

  // Submits until the service is gone, and collects the ids that it answered with.
  void submit_on_and_on() {
    for (;;) {
      std::string id;
      try {
        id = json_at(post().body, "$.data.task_id");
      } catch (const std::runtime_error&) {  // nobody listens
      }
      const std::lock_guard lock(mutex_);
      if (id.empty()) return;
      ids_.push_back(id);
    }
  }
  [[nodiscard]] std::size_t answered() {
    const std::lock_guard lock(mutex_);
    return ids_.size();
  }

  Folder folder_;
  std::string port_ = "0", endpoint_;
  std::unique_ptr<SimProcess> sim_;
  std::mutex mutex_;
  std::vector<std::string> ids_;  // guarded by mutex_ while threads submit
};

TEST_F(SimKilled, NoTaskThatWasAnsweredIsLostWheneverTheServiceIsKilled) {
  const std::vector<std::string> idle = {"--fault", "submit:never_finish,times=-1"};
  for (const std::size_t more : {1U, 2U, 5U, 11U, 23U}) {
    start(idle);
    const std::size_t enough = answered() + more;
    std::vector<std::thread> clients;
    for (int i = 0; i < 3; ++i) clients.emplace_back([this] { submit_on_and_on(); });
    while (answered() < enough) std::this_thread::yield();
    sim_->kill();
    for (std::thread& client : clients) client.join();
  }
  start(idle);
  for (const std::string& id : ids_) EXPECT_EQ(get(id).status, 200) << id;
  std::ranges::sort(ids_);
  EXPECT_EQ(std::ranges::adjacent_find(ids_), ids_.end()) << "no id was given twice";
}

TEST_F(SimKilled, ComesBackOnItsPortAndFinishesWhatItHadAccepted) {
  start({"--task-time", "3600", "--fault", "query:hang"});
  const std::string id = json_at(post().body, "$.data.task_id");
  std::thread waiting([&] { EXPECT_EQ(get(id).status, 0); });  // a connection that is open when it dies
  ASSERT_TRUE(sim_->wait_for(R"("method":"GET")"));
  const std::string before = endpoint_;
  sim_->kill();
  waiting.join();
  start({"--task-time", "0"});
  EXPECT_EQ(endpoint_, before);
  EXPECT_TRUE(sim_->wait_for(R"("status":"succeed")"));
  EXPECT_EQ(http_call({"GET", json_at(get(id).body, kWav), {}, {}}).status, 200);
}

TEST_F(SimKilled, APaidTaskWithoutAnAnswerIsThereAfterwards) {
  start({"--dialect", "kling", "--fault", "submit:hang,paid=yes"});
  const std::string named = R"({"video_id":"sim-3s","external_task_id":"mine"})";
  std::thread waiting([&] { EXPECT_EQ(http_call({"POST", endpoint_, kKey, named}).status, 0); });
  ASSERT_TRUE(sim_->wait_for(R"("method":"POST")"));
  sim_->kill();
  waiting.join();
  start({"--dialect", "kling"});
  EXPECT_NE(json_at(get("mine").body, "$.data.task_id"), "");
}

}  // namespace
}  // namespace klingv2a::test
