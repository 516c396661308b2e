// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2abin as part of a program: again and again, stopped at any moment, with inputs that cannot be dubbed. What it
// makes of files is judged elsewhere (dub_files).
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "pipeline_run.h"
#include "temporary_folder.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

constexpr Milliseconds kPromised{100};

// A busy machine may hold a single stop up.
Milliseconds median(std::vector<Milliseconds> times) {
  std::ranges::sort(times);
  return times.at(times.size() / 2);
}

std::string bin_on(const sim::Service& service, const std::string& more = {}) {
  return "klingv2abin name=dub api-key=sim-key base-url=" + service.base_url() + " " + more + " ! ";
}

class DubBin : public ::testing::Test {
 protected:
  static std::string clip() { return test_clip({.seconds = 3, .bframes = 2}); }
  [[nodiscard]] std::string dub(const std::string& in, const std::string& more = {}) const {
    return "filesrc location=" + in + " ! " + bin_on(service_, more) + "filesink name=out location=" + out();
  }
  [[nodiscard]] std::string out() const { return folder_.file("out"); }
  void expect_refused(const std::string& in, const std::string& kind, const std::string& more = {}) {
    PipelineRun run(dub(in, more));
    ASSERT_EQ(run.run(), End::error);
    run.stop();
    ASSERT_EQ(run.errors().size(), 1U) << "one failure is one error: " << run.first_error();
    EXPECT_EQ(run.errors()[0].detail("kind"), kind) << run.first_error();
    EXPECT_EQ(run.errors()[0].detail("paid"), "no");
    EXPECT_EQ(posts(service_), 0);
  }

  TemporaryFolder folder_;
  sim::Service service_{quick_service()};
};

TEST_F(DubBin, GivesAVideoASoundInItsOwnContainer) {
  PipelineRun run(dub(clip()));
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_EQ(run.progress_count(GST_PROGRESS_TYPE_COMPLETE), 1);
  EXPECT_EQ(posts(service_), 1);
  GstStructure* raw = nullptr;
  g_object_get(run.element("dub").get(), "report", &raw, nullptr);
  const std::unique_ptr<GstStructure, Deleter<gst_structure_free>> report(raw);
  ASSERT_NE(report, nullptr);
  EXPECT_STREQ(gst_structure_get_string(report.get(), "mux"), "mp4");
  EXPECT_STREQ(gst_structure_get_string(report.get(), "audio-codec"), "aac");
  EXPECT_TRUE(gst_structure_has_field_typed(report.get(), "mix", GST_TYPE_STRUCTURE));
  run.stop();
  EXPECT_GT(std::filesystem::file_size(out()), 1000U);
}

TEST_F(DubBin, IsUsedAgainAndPaysOnce) {
  PipelineRun run(dub(clip()));
  std::set<std::uintmax_t> sizes;
  for (int i = 0; i < 5; ++i) {
    SCOPED_TRACE(i);
    ASSERT_EQ(run.run(), End::eos) << run.first_error();
    run.stop();
    sizes.insert(std::filesystem::file_size(out()));
    run.forget_messages();
  }
  EXPECT_EQ(sizes.size(), 1U);
  EXPECT_EQ(posts(service_), 1);
}

TEST_F(DubBin, TakesAnotherInputInTheNextRun) {
  PipelineRun run(dub(clip()));
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.stop();
  run.set("dub", "mux", "mkv");
  run.set("dub", "original-audio", "separate");
  run.forget_messages();
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_EQ(posts(service_), 1);
}

TEST_F(DubBin, StopsAtOnceWhileTheTaskIsUnderWay) {
  service_.add_fault({.on = sim::Fault::On::submit, .what = sim::Fault::Do::never_finish});
  PipelineRun run(dub(clip()));
  std::vector<Milliseconds> took;
  for (int i = 0; i < 5; ++i) {
    run.forget_messages();
    run.start();
    ASSERT_TRUE(run.wait_for_progress("waiting for the task")) << run.first_error();
    took.push_back(run.stop());
    ASSERT_FALSE(run.warnings().empty()) << "a paid task is left running";
    EXPECT_EQ(run.warnings().back().detail("paid"), "yes");
  }
  EXPECT_LT(median(took), kPromised);
}

TEST_F(DubBin, StopsAtOnceBeforeItHasItsStreams) {
  PipelineRun run(dub(clip()));
  std::vector<Milliseconds> took;
  for (int i = 0; i < 20; ++i) {
    run.start(i % 2 == 0 ? GST_STATE_PAUSED : GST_STATE_PLAYING);
    took.push_back(run.stop());
  }
  EXPECT_LT(median(took), kPromised);
  EXPECT_EQ(posts(service_), 0);
}

// Keeps the thread that changes the states at the moment when parsebin has begun to read, until klingv2a has got its
// video or a second has passed.
struct SlowStart {
  explicit SlowStart(const PipelineRun& run)
      : bus(GObjectPtr<GstBus>::adopt(gst_element_get_bus(run.pipeline()))), bin(run.element("dub")) {
    gst_bus_set_sync_handler(bus.get(), wait_for_video, this, nullptr);
  }
  ~SlowStart() { gst_bus_set_sync_handler(bus.get(), nullptr, nullptr, nullptr); }
  SlowStart(const SlowStart&) = delete;
  SlowStart& operator=(const SlowStart&) = delete;

  static GstBusSyncReply wait_for_video(GstBus*, GstMessage* message, gpointer self) {
    GstState now = GST_STATE_NULL;
    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_STATE_CHANGED) return GST_BUS_PASS;
    gst_message_parse_state_changed(message, nullptr, &now, nullptr);
    if (now != GST_STATE_PAUSED || g_strcmp0(GST_MESSAGE_SRC_NAME(message), "typefind") != 0) return GST_BUS_PASS;
    auto& slow = *static_cast<SlowStart*>(self);
    slow.held = true;
    const auto kling = GObjectPtr<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(slow.bin.get()), "kling"));
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (std::chrono::steady_clock::now() < until) {
      const auto audio = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(kling.get(), "audio"));
      if (audio) break;
      std::this_thread::yield();
    }
    return GST_BUS_PASS;
  }

  const GObjectPtr<GstBus> bus;
  const GObjectPtr<GstElement> bin;
  std::atomic<bool> held = false;
};

TEST_F(DubBin, ReadsNothingBeforeItsPartsAreReady) {
  PipelineRun run(dub(clip()));
  const SlowStart slow(run);
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_TRUE(slow.held);
}

TEST_F(DubBin, RefusesWhatIsNoVideo) {
  const auto sound = folder_.file("sound.mkv");
  PipelineRun("audiotestsrc num-buffers=20 ! flacenc ! matroskamux ! filesink location=" + sound).run();
  expect_refused(sound, "input");
}

// A demuxer ends it as if it were whole: a part of the clip would be paid for.
TEST_F(DubBin, RefusesAFileThatIsCutOff) {
  for (const std::string muxer : {"mp4mux faststart=true", "matroskamux"}) {
    SCOPED_TRACE(muxer);
    const auto file = folder_.file("cut");
    ASSERT_EQ(
        PipelineRun("filesrc location=" + clip() + " ! qtdemux ! h264parse ! " + muxer + " ! filesink location=" + file)
            .run(),
        End::eos);
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 20000);
    expect_refused(file, "input");
  }
}

TEST_F(DubBin, RefusesAContainerThatCannotCarryTheVideo) {
  expect_refused(clip(), "settings", "mux=webm");
}

TEST_F(DubBin, RefusesASoundThatTheContainerDoesNotCarry) {
  expect_refused(clip(), "settings", "mux=mp4 audio-codec=pcm");
}

TEST_F(DubBin, ChecksItsSettingsBeforeItReadsAnything) {
  PipelineRun run("filesrc location=" + clip() +
                  " ! klingv2abin name=dub base-url=http://127.0.0.1:1 publish=nonsense: ! fakesink");
  EXPECT_EQ(run.start(), GST_STATE_CHANGE_FAILURE);
  run.stop();
  ASSERT_EQ(run.errors().size(), 1U);
  EXPECT_EQ(run.errors()[0].detail("paid"), "no");
}

TEST_F(DubBin, PassesAFailureOnAsItIs) {
  service_.add_fault({.on = sim::Fault::On::submit, .what = sim::Fault::Do::error_code, .times = -1, .code = "1303"});
  PipelineRun run(dub(clip(), "timeout=2"));
  ASSERT_EQ(run.run(), End::error);
  run.stop();
  ASSERT_EQ(run.errors().size(), 1U) << run.first_error();
  EXPECT_EQ(run.errors()[0].detail("kind"), "busy") << run.first_error();
}

TEST_F(DubBin, DeliversSilenceWhereThatIsThePolicy) {
  service_.add_fault({.on = sim::Fault::On::submit, .what = sim::Fault::Do::error_code, .code = "1301"});
  PipelineRun run(dub(clip(), "on-failure=silence"));
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_FALSE(run.warnings().empty());
}

TEST_F(DubBin, TakesRawVideo) {
  PipelineRun run("videotestsrc num-buffers=90 ! video/x-raw,format=I420,width=320,height=240,framerate=30/1 ! " +
                  bin_on(service_) + "filesink location=" + out());
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_EQ(posts(service_), 1);
}

TEST_F(DubBin, GivesTheSoundAlone) {
  PipelineRun run(dub(clip(), "mux=wav"));
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.stop();
  // 3 s at 48 kHz, 24 bits, stereo.
  EXPECT_NEAR(static_cast<double>(std::filesystem::file_size(out())), 864000, 400);
}

}  // namespace
}  // namespace klingv2a::test
