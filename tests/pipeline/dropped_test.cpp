// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Dropped without NULL: the application lets go of an element, or of the whole pipeline, that is still at work. That is
// its mistake, and GStreamer says so with a CRITICAL; but no process hangs or crashes of it, and nothing more is paid.
#include <gtest/gtest.h>

#include "pipeline_run.h"
#include "program.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

const ClipOptions kClip{.seconds = 3, .bframes = 2, .flash_frames = {20, 61}};
const std::string kNobody = " api-key=k base-url=http://127.0.0.1:1/kling video-id=v ";

ProgramResult drop(const std::string& description, const std::string& state, const std::string& wait,
                   const std::string& what, bool deinit = false) {
  std::vector<std::string> arguments{KLINGV2A_DROP_PROGRAM, description, state, wait, what};
  if (deinit) arguments.emplace_back("deinit");
  return run_program(arguments, {}, std::chrono::seconds(40));
}

int count(const std::string& text, const std::string& words) {
  int found = 0;
  for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
  return found;
}

// ---- an element alone, without data

struct Alone {
  const char* description;
  const char* state;
};

void PrintTo(const Alone& alone, std::ostream* out) {
  *out << alone.description << " in " << alone.state;
}

class DroppedAlone : public ::testing::TestWithParam<Alone> {
 protected:
  [[nodiscard]] static std::string description() {
    const std::string name = GetParam().description;
    return name.starts_with("klingv2amix") ? name : name + kNobody;
  }
};

constexpr const char* kMixer = "klingv2amix name=m";
INSTANTIATE_TEST_SUITE_P(, DroppedAlone,
                         ::testing::Values(Alone{"klingv2a", "ready"}, Alone{"klingv2a", "paused"},
                                           Alone{"klingv2a", "playing"}, Alone{"klingv2abin", "ready"},
                                           Alone{"klingv2abin", "paused"}, Alone{"klingv2abin", "playing"},
                                           Alone{kMixer, "ready"}, Alone{kMixer, "paused"}, Alone{kMixer, "playing"}));

TEST_P(DroppedAlone, EndsWithACritical) {
  const auto result = drop(description(), GetParam().state, "-", "all", true);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output, "dropped\n");
  EXPECT_EQ(count(result.errors, "CRITICAL"), 1) << result.errors;
  EXPECT_EQ(count(result.errors, "Trying to dispose element"), 1) << result.errors;
}

TEST_P(DroppedAlone, InABinToo) {
  const auto result = drop("bin. ( " + description() + " )", GetParam().state, "-", "all");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output, "dropped\n");
}

// ---- at work, in each phase

struct AtWork {
  const char* what;
  const char* wait;
  bool waits_for_task;  // the task does not end by itself
};

void PrintTo(const AtWork& work, std::ostream* out) {
  *out << work.what << " dropped at: " << work.wait;
}

class DroppedAtWork : public ::testing::TestWithParam<AtWork> {
 protected:
  void SetUp() override {
    if (GetParam().waits_for_task) service_.set_task_time(std::chrono::minutes(10));
  }
  [[nodiscard]] std::string pipeline(const std::string& sink) const {
    return "filesrc location=" + test_clip(kClip) + " ! qtdemux ! h264parse ! " + klingv2a_on(service_) +
           "k.video ! queue ! " + sink + " k.audio ! queue ! " + sink;
  }
  [[nodiscard]] std::string bin(const std::string& sink) const {
    return "filesrc location=" + test_clip(kClip) +
           " ! klingv2abin name=k mux=mkv api-key=sim-key base-url=" + service_.base_url() + " ! " + sink;
  }
  void expect_no_hang(const std::string& description, const std::string& state) const {
    const auto result = drop(description, state, GetParam().wait, GetParam().what);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.output, "dropped\n");
    EXPECT_LE(posts(service_), 1);
  }
  sim::Service service_{quick_service()};
};

INSTANTIATE_TEST_SUITE_P(
    , DroppedAtWork,
    ::testing::Values(AtWork{"all", "taking in the clip", true}, AtWork{"k", "taking in the clip", true},
                      AtWork{"all", "writing and probing", true}, AtWork{"k", "writing and probing", true},
                      AtWork{"all", "publishing", true}, AtWork{"k", "publishing", true},
                      AtWork{"all", "waiting for the task", true}, AtWork{"k", "waiting for the task", true},
                      AtWork{"all", "downloading", false}, AtWork{"k", "downloading", false},
                      AtWork{"all", "the sound is there", false}, AtWork{"k", "the sound is there", false}));

TEST_P(DroppedAtWork, AtOnce) {
  expect_no_hang(pipeline("fakesink sync=false"), "playing");
}

// Its sinks wait for PLAYING, and the tasks of its pads for them.
TEST_P(DroppedAtWork, InPaused) {
  expect_no_hang(pipeline("fakesink"), "paused");
}

TEST_P(DroppedAtWork, TheBin) {
  expect_no_hang(bin("fakesink sync=false"), "playing");
}

class DroppedWhilePlaying : public DroppedAtWork {};

INSTANTIATE_TEST_SUITE_P(, DroppedWhilePlaying,
                         ::testing::Values(AtWork{"all", "the sound is there", false},
                                           AtWork{"k", "the sound is there", false}));

TEST_P(DroppedWhilePlaying, WithAClock) {
  expect_no_hang(pipeline("fakesink sync=true"), "playing");
}

TEST_P(DroppedWhilePlaying, TheBinInPaused) {
  expect_no_hang(bin("fakesink"), "paused");
}

// What was dropped while its task ran is paid, once: the next run has its sound.
TEST(DroppedWhileTheTaskRuns, TheNextRunPaysNothing) {
  const sim::Service service(quick_service(Milliseconds(500)));
  const std::string description = "filesrc location=" + test_clip(kClip) + " ! qtdemux ! h264parse ! " +
                                  klingv2a_on(service, "video-id=sim-3s ") +
                                  "k.video ! fakesink k.audio ! queue ! fakesink";
  const auto result = drop(description, "playing", "waiting for the task", "all");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  PipelineRun again(description);
  EXPECT_EQ(again.run(), End::eos) << again.first_error();
  EXPECT_EQ(posts(service), 1);
}

}  // namespace
}  // namespace klingv2a::test
