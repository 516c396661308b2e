// SPDX-License-Identifier: LGPL-2.1-or-later
//
// set_state(NULL) in every phase returns within 100 ms, leaves no thread and no file descriptor, and the next run of
// the same pipeline goes on where the journal says that the cancelled one stood: one task a clip, whatever happened.
// The service is a process of its own, so that only our threads and descriptors are counted.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iostream>
#include <thread>

#include "fault_run.h"
#include "process_counts.h"
#include "raw_server.h"
#include "sim_process.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KLINGV2A_SLOW_BUILD 1
#else
#define KLINGV2A_SLOW_BUILD 0
#endif

namespace klingv2a::test {
namespace {

constexpr Milliseconds kPromised{KLINGV2A_SLOW_BUILD ? 1000 : 100};
constexpr std::chrono::seconds kSettle{25};  // GLib ends threads of its pools after 15 s
constexpr int kMeasured = 3;

constexpr const char* kPost = R"("method":"POST")";
constexpr const char* kTask = R"("task_id":)";
// A run that is cancelled a moment too late has not made a task, whose video would go with the run.
constexpr const char* kBusy = R"({"on":"submit","do":"error_code","code":"1303","times":-1})";

// How far a run goes before it is stopped, and what the next one finds.
struct CancelAt {
  const char* phase;
  const char* fault;     // JSON for the service; empty: none
  const char* progress;  // the PROGRESS text that shows the phase has come; null: see `ledger`
  const char* ledger;    // what the service must have seen; null: nothing
  const char* origins;   // of the next run's sound, with "|" between those that may be
  bool by_reference = true;
};

void PrintTo(const CancelAt& at, std::ostream* out) {
  *out << at.phase;
}

class CancelTest : public ::testing::Test {
 protected:
  CancelTest() : CancelTest("kling") {}
  explicit CancelTest(const std::string& dialect)
      : service_(KLINGV2A_SIM_PROGRAM, {"--task-time", "0", "--dialect", dialect}) {}

  // gst-launch links each late pad once in a pipeline's life; a program that runs it again links them itself.
  void build(const std::string& properties, const std::string& sink = "fakesink async=false sync=false") {
    run_ = std::make_unique<PipelineRun>(
        "filesrc location=" + fault_clip() +
        " ! qtdemux name=demux  h264parse name=parse ! klingv2a name=k api-key=sim-key base-url=" +
        service_.base_url() + " " + properties + " ! " + sink + "  " + sink + " name=sound");
    link_when_added("demux", "parse");
    link_when_added("k", "sound");
    heard_ = &run_->watch("k", "audio", PadLog::Keep::bytes);
  }
  // The clip that is another task: so far nothing is known of it.
  void next_take() { run_->set("k", "take", std::to_string(++take_)); }
  void link_when_added(const char* from, const char* to) const {
    const auto link = +[](GstElement*, GstPad* pad, gpointer target) {
      const auto sink = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(target), "sink"));
      gst_pad_link(pad, sink.get());
    };
    g_signal_connect_object(run_->element(from).get(), "pad-added", G_CALLBACK(link), run_->element(to).get(),
                            static_cast<GConnectFlags>(0));
  }
  // Starts a new take, waits for the phase, and takes the pipeline down: how long that took.
  Milliseconds cancel_in(const std::function<void()>& wait_for_phase) {
    run_->forget_messages();
    next_take();
    tasks_before_ = service_.count(kTask);
    run_->start();
    wait_for_phase();
    const auto took = run_->stop();
    EXPECT_TRUE(run_->errors().empty()) << run_->first_error();
    return took;
  }
  void expect_prompt(const std::function<void()>& wait_for_phase) {
    std::array<Milliseconds, kMeasured> took{};
    for (auto& each : took) each = cancel_in(wait_for_phase);
    std::ranges::sort(took);
    std::cout << "NULL after " << took[0].count() << ", " << took[1].count() << ", " << took[2].count() << " ms\n";
    EXPECT_LT(took[kMeasured / 2], kPromised);
  }
  // Runs to the end; gives what was heard.
  std::string expect_success() {
    service_.clear_faults();
    run_->forget_messages();
    heard_->clear();
    EXPECT_STREQ(to_string(run_->run()), "eos") << run_->first_error();
    run_->stop();
    std::string sound;
    for (const auto& buffer : heard_->buffers()) sound += buffer.bytes;
    return sound;
  }
  // The take that was cancelled last has one task, whoever made it.
  void expect_next_run_goes_on(const std::string& origins, const std::string& sound) {
    const int posts = service_.count(kPost);
    const int tasks = service_.count(kTask) - tasks_before_;
    EXPECT_TRUE(expect_success() == sound) << "another sound";
    EXPECT_NE(origins.find(run_->stat_text("k", "origin")), std::string::npos) << run_->stat_text("k", "origin");
    EXPECT_EQ(service_.count(kTask) - tasks_before_, 1);
    EXPECT_EQ(service_.count(kPost) - posts, 1 - tasks);
  }
  // Nothing more than `before` is left, now or soon.
  static void expect_nothing_left(const ProcessCounts& before) {
    const auto until = std::chrono::steady_clock::now() + kSettle;
    auto now = ProcessCounts::now();
    while ((now.threads > before.threads || now.fds > before.fds) && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(Milliseconds(20));
      now = ProcessCounts::now();
    }
    EXPECT_LE(now.threads, before.threads);
    EXPECT_LE(now.fds, before.fds);
  }
  // Holds the video before its end: the streaming thread waits in front of the element.
  void hold_back_eos() {
    const auto block = +[](GstPad*, GstPadProbeInfo* info, gpointer) {
      return GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS ? GST_PAD_PROBE_OK : GST_PAD_PROBE_PASS;
    };
    const auto pad = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(run_->element("k").get(), "sink"));
    const auto peer = GObjectPtr<GstPad>::adopt(gst_pad_get_peer(pad.get()));
    probe_pad_ = peer;
    probe_ = gst_pad_add_probe(
        peer.get(), static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM), block,
        nullptr, nullptr);
  }

  SimProcess service_;
  std::unique_ptr<PipelineRun> run_;
  PadLog* heard_ = nullptr;
  int take_ = 0;
  int tasks_before_ = 0;  // the take that was cancelled last
  GObjectPtr<GstPad> probe_pad_;
  gulong probe_ = 0;
};

class CancelInPhase : public CancelTest, public ::testing::WithParamInterface<CancelAt> {
 protected:
  void wait_for_phase() {
    const auto& at = GetParam();
    ASSERT_TRUE(!at.progress || run_->wait_for_progress(at.progress)) << run_->first_error();
    ASSERT_TRUE(!at.ledger || service_.wait_for(at.ledger, ++seen_));
  }
  int seen_ = 0;
};

TEST_P(CancelInPhase, IsPromptAndCleanAndTheNextRunGoesOn) {
  build(GetParam().by_reference ? "video-id=sim-3s" : "");
  const auto sound = expect_success();  // so that what is loaded once is loaded
  const auto before = ProcessCounts::now();
  if (GetParam().ledger) seen_ = service_.count(GetParam().ledger);
  if (*GetParam().fault) service_.add_fault(GetParam().fault);
  expect_prompt([this] { wait_for_phase(); });
  expect_nothing_left(before);
  expect_next_run_goes_on(GetParam().origins, sound);
}

// What hangs has made its task: only so can it be found.
INSTANTIATE_TEST_SUITE_P(, CancelInPhase,
                         ::testing::Values(CancelAt{"proxy", kBusy, "writing and probing", nullptr, "submitted", false},
                                           CancelAt{"publish", kBusy, "publishing", nullptr, "submitted", false},
                                           CancelAt{"submit", R"({"on":"submit","do":"hang","times":-1,"paid":true})",
                                                    nullptr, kPost, "looked-up"},
                                           CancelAt{"poll", R"({"on":"query","do":"odd_status","times":-1})",
                                                    "waiting for the task", nullptr, "resumed"},
                                           CancelAt{"download", R"({"on":"result","do":"hang","times":-1})", nullptr,
                                                    "sound.wav", "downloaded-again"},
                                           CancelAt{"decode", "", "decoding", nullptr, "downloaded-again|kept"}),
                         [](const auto& row) { return std::string(row.param.phase); });

TEST_F(CancelTest, DuringTheHold) {
  build("video-id=sim-3s");
  const auto sound = expect_success();
  const auto before = ProcessCounts::now();
  hold_back_eos();
  expect_prompt([this] { ASSERT_TRUE(run_->wait_for_progress("taking in the clip")); });
  gst_pad_remove_probe(probe_pad_.get(), probe_);
  expect_nothing_left(before);
  EXPECT_EQ(service_.count(kPost), 1);
  expect_next_run_goes_on("submitted", sound);
}

TEST_F(CancelTest, DuringAnUploadThatHangs) {
  RawServer store;
  store.set_default({.what = Answer::Do::stop_reading});
  build("");
  const auto sound = expect_success();
  run_->set("k", "publish", store.url("/{name}.mp4"));
  int uploads = 0;
  expect_prompt([&] { ASSERT_TRUE(store.wait_for_connections(++uploads)); });
  EXPECT_EQ(service_.count(kPost), 1);
  run_->set("k", "publish", "serve://127.0.0.1");
  expect_next_run_goes_on("submitted", sound);
}

TEST_F(CancelTest, WhileItPlays) {
  build("video-id=sim-3s", "fakesink sync=true");
  const auto sound = expect_success();
  expect_prompt([&] {
    heard_->clear();
    ASSERT_TRUE(run_->wait_for_state(GST_STATE_PLAYING)) << run_->first_error();
    EXPECT_GT(heard_->count(), 0U);
  });
  expect_next_run_goes_on("kept", sound);
}

// A service that cannot be asked what became of a POST.
class CancelAtCometApi : public CancelTest {
 protected:
  CancelAtCometApi() : CancelTest("cometapi") {}
};

TEST_F(CancelAtCometApi, DuringASubmitThatHangsTheNextRunPaysOnlyWhenToldTo) {
  build("video-id=sim-3s");
  const auto sound = expect_success();
  service_.add_fault(R"({"on":"submit","do":"hang"})");
  cancel_in([this] { ASSERT_TRUE(service_.wait_for(kPost, 2)); });
  ASSERT_EQ(run_->warnings().size(), 1U);
  EXPECT_EQ(run_->warnings().front().detail("paid"), "maybe");
  run_->forget_messages();
  EXPECT_STREQ(to_string(run_->run()), "error");
  run_->stop();
  ASSERT_EQ(run_->errors().size(), 1U);
  EXPECT_EQ(run_->errors().front().detail("kind"), "unknown-outcome");
  EXPECT_EQ(run_->errors().front().detail("paid"), "maybe");
  EXPECT_NE(run_->errors().front().text.find("on-unknown"), std::string::npos) << run_->first_error();
  EXPECT_EQ(service_.count(kPost), 2);
  run_->set("k", "on-unknown", "resubmit");
  EXPECT_TRUE(expect_success() == sound) << "another sound";
  EXPECT_EQ(service_.count(kPost), 3);
}

}  // namespace
}  // namespace klingv2a::test
