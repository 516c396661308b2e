// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Runs of a clip, one after the other, with what each asked of the service and what was heard. The journal is the
// test's own (tests/support/private_home.h), so the first run of each test knows nothing.
#pragma once

#include <glib.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "decoded.h"
#include "pipeline_run.h"
#include "test_clip.h"

namespace klingv2a::test {

// What one run asked, said and gave.
struct Ran {
  End end = End::deadline;
  SeenError error;  // the first
  std::vector<SeenError> warnings;
  std::vector<std::int16_t> samples;
  std::vector<std::int64_t> clicks;
  std::string origin;  // of the stats, as the next three
  double paid_tasks = 0, kept_sounds = 0, waits = 0;
  int posts = 0, requests = 0;  // at the service, during the run
  [[nodiscard]] std::string kind() const { return error.detail("kind"); }
  [[nodiscard]] std::string paid() const { return error.detail("paid"); }
};

class Rerun : public ::testing::Test {
 protected:
  using On = sim::Fault::On;
  using Do = sim::Fault::Do;

  explicit Rerun(const sim::Options& options = quick_service()) : service_(options) {}

  static ClipOptions clip() { return {.seconds = 3, .bframes = 2, .flash_frames = {20, 61}}; }
  // "filesrc … ! klingv2a … ! fakesink  k.audio ! fakesink". `source` gives H.264 in access units.
  [[nodiscard]] std::string pipeline(const std::string& properties, const std::string& source = mp4()) const {
    return source + klingv2a_on(service_, properties) + "k.video ! queue ! fakesink sync=false k.audio ! queue ! " +
           "fakesink sync=false";
  }
  static std::string mp4() { return mp4(clip()); }
  static std::string mp4(const ClipOptions& options) {
    return "filesrc location=" + test_clip(options) + " ! qtdemux ! h264parse ! ";
  }

  Ran run(const std::string& properties = {}, const std::string& source = mp4()) {
    PipelineRun run(pipeline(properties, source));
    return run_to_end(run);
  }
  Ran run_to_end(PipelineRun& run) {
    const int posts_before = posts(service_);
    const auto requests_before = service_.requests().size();
    const auto& heard = run.watch("k", "audio", PadLog::Keep::bytes);
    Ran ran;
    ran.end = run.run();
    ran.origin = run.stat_text("k", "origin");
    ran.paid_tasks = run.stat("k", "paid-tasks");
    ran.kept_sounds = run.stat("k", "kept-sounds");
    ran.waits = run.stat("k", "waits-for-another");
    run.stop();
    if (!run.errors().empty()) ran.error = run.errors().front();
    ran.warnings = run.warnings();
    if (ran.end == End::eos && heard.count() > 0) {
      const auto sound = sound_of_pad(heard);
      ran.samples = sound.pcm.samples;
      ran.clicks = sound.pcm.clicks();
    }
    ran.posts = posts(service_) - posts_before;
    ran.requests = static_cast<int>(service_.requests().size() - requests_before);
    return ran;
  }

  // Starts a run and takes it down as soon as the service has seen what `condition` says.
  void stop_when(const std::function<bool(const sim::Service&)>& condition, const std::string& properties = {}) {
    PipelineRun run(pipeline(properties));
    run.start();
    ASSERT_TRUE(service_.wait_until(condition, std::chrono::seconds(30)));
    run.stop();
    ASSERT_TRUE(run.errors().empty()) << run.first_error();
  }
  // After the POST; when that made a task, also after the service has fetched the video, which goes with the run.
  void stop_after_post() {
    stop_when([](const sim::Service& service) {
      return service.count("POST", "/") > 0 &&
             std::ranges::none_of(service.paid_tasks(), [](const auto& task) { return task.video_sha256.empty(); });
    });
  }

  // With the sound of clip().
  static void expect_sound(const Ran& ran, const std::string& origin) {
    EXPECT_EQ(ran.end, End::eos) << ran.error.text << " (" << ran.error.debug << ")";
    EXPECT_EQ(ran.origin, origin);
    EXPECT_EQ(ran.clicks, (std::vector<std::int64_t>{32000, 97600}));
    EXPECT_EQ(ran.paid_tasks, origin == "submitted" ? 1 : 0);
    EXPECT_EQ(ran.kept_sounds, origin == "kept" ? 1 : 0);
  }
  static void expect_kept(const Ran& ran, const Ran& first) {
    expect_sound(ran, "kept");
    EXPECT_EQ(ran.requests, 0);
    EXPECT_TRUE(ran.samples == first.samples) << "another sound";
  }

  static std::filesystem::path journal() {
    return std::filesystem::path(g_getenv("XDG_STATE_HOME")) / "klingv2a" / "journal-simulated.sqlite";
  }
  // The files of the results that are kept.
  static std::vector<std::filesystem::path> kept_files() {
    std::vector<std::filesystem::path> files;
    const auto folder = std::filesystem::path(g_getenv("XDG_CACHE_HOME")) / "klingv2a" / "results-simulated";
    if (!std::filesystem::exists(folder)) return files;
    for (const auto& file : std::filesystem::directory_iterator(folder)) files.push_back(file.path());
    return files;
  }

  sim::Service service_;
};

}  // namespace klingv2a::test
