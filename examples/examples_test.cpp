// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Runs every example as a user would, as a process of its own, against the simulated service, and looks at what came
// out.
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <gst/pbutils/pbutils.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "gobject_ptr.h"
#include "klingv2a-sim/service.h"
#include "program.h"
#include "put_server.h"
#include "test_clip.h"

namespace {

using klingv2a::GCharPtr;
using klingv2a::GErrorPtr;
using klingv2a::GObjectPtr;
using klingv2a::sim::Fault;
using klingv2a::sim::Options;
using klingv2a::sim::Service;
using klingv2a::test::PutServer;
using klingv2a::test::TemporaryFolder;

constexpr double kSeconds = 4;
constexpr std::chrono::seconds kDeadline{60};

// One example under way, both of its output streams in one.
class Process {
 public:
  Process(const std::vector<std::string>& command, const Service& service, const char* key) {
    const auto launcher = GObjectPtr<GSubprocessLauncher>::adopt(g_subprocess_launcher_new(
        static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE)));
    g_subprocess_launcher_setenv(launcher.get(), "KLINGV2A_API_KEY", key, TRUE);
    g_subprocess_launcher_setenv(launcher.get(), "KLINGV2A_BASE_URL", service.base_url().c_str(), TRUE);
#ifdef KLINGV2A_TOOL_FOLDER
    const std::string path = std::string(KLINGV2A_TOOL_FOLDER ":") + g_getenv("PATH");
    g_subprocess_launcher_setenv(launcher.get(), "PATH", path.c_str(), TRUE);
#endif
    // gst-launch-1.0 is not instrumented: it can load a plugin that is only with the sanitizer's library, and what it
    // leaks is not ours.
    if (const char* library = g_getenv("KLINGV2A_TEST_PRELOAD")) {
      g_subprocess_launcher_setenv(launcher.get(), "LD_PRELOAD", library, TRUE);
      g_subprocess_launcher_setenv(launcher.get(), "ASAN_OPTIONS", "detect_leaks=0", TRUE);
    }
    const std::string deadline = std::to_string(kDeadline.count());
    std::vector<const char*> arguments{"timeout", "--kill-after=5", deadline.c_str()};
    for (const auto& argument : command) arguments.push_back(argument.c_str());
    arguments.push_back(nullptr);
    GError* failure = nullptr;
    process_ = GObjectPtr<GSubprocess>::adopt(g_subprocess_launcher_spawnv(launcher.get(), arguments.data(), &failure));
    const GErrorPtr error(failure);
    if (!process_) throw std::runtime_error(error->message);
  }

  void interrupt() {
    g_subprocess_send_signal(process_.get(), SIGINT);
  }

  // Until it ends, or its deadline ends it.
  void wait() {
    char* text = nullptr;
    g_subprocess_communicate_utf8(process_.get(), nullptr, nullptr, &text, nullptr, nullptr);
    const GCharPtr owned(text);
    output = text ? text : "";
    exit_code = g_subprocess_get_if_exited(process_.get()) ? g_subprocess_get_exit_status(process_.get()) : -1;
  }

  std::string output;
  int exit_code = -1;

 private:
  GObjectPtr<GSubprocess> process_;
};

struct Contents {
  int videos = 0, audios = 0;
  double seconds = 0;
};

int count(GList* streams) {
  const int number = static_cast<int>(g_list_length(streams));
  gst_discoverer_stream_info_list_free(streams);
  return number;
}

Contents contents_of(const std::string& file) {
  const GCharPtr uri(g_filename_to_uri(file.c_str(), nullptr, nullptr));
  const auto discoverer = GObjectPtr<GstDiscoverer>::adopt(gst_discoverer_new(20 * GST_SECOND, nullptr));
  GError* failure = nullptr;
  const auto info =
      GObjectPtr<GstDiscovererInfo>::adopt(gst_discoverer_discover_uri(discoverer.get(), uri.get(), &failure));
  const GErrorPtr error(failure);
  if (error) ADD_FAILURE() << file << ": " << error->message;
  if (!info) return {};
  const auto duration = static_cast<double>(gst_discoverer_info_get_duration(info.get()));
  return {count(gst_discoverer_info_get_video_streams(info.get())),
          count(gst_discoverer_info_get_audio_streams(info.get())), duration / static_cast<double>(GST_SECOND)};
}

void expect_video_with_sound(const std::string& file) {
  const Contents contents = contents_of(file);
  EXPECT_EQ(contents.videos, 1);
  EXPECT_EQ(contents.audios, 1);
  EXPECT_NEAR(contents.seconds, kSeconds, 0.1);  // AAC ends with a whole frame, and begins with priming
}

class Examples : public ::testing::Test {
 protected:
  static Options quick() {
    Options options;
    options.task_time = std::chrono::milliseconds(0);
    return options;
  }
  static std::string clip() { return klingv2a::test::test_clip({.seconds = kSeconds}); }

  // The clip with a sound track of its own.
  std::string clip_with_sound() {
    std::string file = folder_.file("with-sound.mp4");
    const std::string line = "filesrc location=" + clip() +
                             " ! qtdemux ! h264parse ! mp4mux name=m ! filesink location=" + file +
                             " audiotestsrc num-buffers=180 ! audio/x-raw,rate=48000 ! avenc_aac ! m.";
    const auto pipeline =
        GObjectPtr<GstElement>::adopt(GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(line.c_str(), nullptr))));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    const auto bus = GObjectPtr<GstBus>::adopt(gst_element_get_bus(pipeline.get()));
    GstMessage* message = gst_bus_timed_pop_filtered(bus.get(), 30 * GST_SECOND,
                                                     static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    EXPECT_TRUE(message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS);
    if (message) gst_message_unref(message);
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    return file;
  }

  Process run(const std::vector<std::string>& command) {
    Process process(command, sim_, "sim-key");
    process.wait();
    EXPECT_EQ(process.exit_code, 0) << process.output;
    return process;
  }
  static std::string script(const std::string& name) { return std::string(KLINGV2A_EXAMPLES "/") + name; }

  TemporaryFolder folder_;
  Service sim_{quick()};
};

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Examples, Mp4ScriptGivesTheVideoASound) {
  run({script("mp4.sh"), clip(), folder_.file("out.mp4")});
  expect_video_with_sound(folder_.file("out.mp4"));
}

TEST_F(Examples, MatroskaScriptSendsItsPrompts) {
  run({script("matroska.sh"), clip(), folder_.file("out.mkv"), "rain on tin", "a slow waltz"});
  expect_video_with_sound(folder_.file("out.mkv"));
  ASSERT_EQ(sim_.paid_tasks().size(), 1U);
  EXPECT_TRUE(holds(sim_.paid_tasks().back().body, "rain on tin"));
  EXPECT_TRUE(holds(sim_.paid_tasks().back().body, "a slow waltz"));
}

TEST_F(Examples, MixScriptEndsAlthoughASoundGoesPastTheElement) {
  run({script("mix.sh"), clip_with_sound(), folder_.file("out.mp4")});
  expect_video_with_sound(folder_.file("out.mp4"));
}

TEST_F(Examples, PythonKeepsTheOldSoundUnderTheNewOne) {
  const Process process = run({script("dub.py"), clip_with_sound(), folder_.file("out.mp4"), "rain on tin"});
  expect_video_with_sound(folder_.file("out.mp4"));
  EXPECT_TRUE(holds(process.output, "100 %")) << process.output;
  EXPECT_TRUE(holds(process.output, "mp4 with aac")) << process.output;
  EXPECT_TRUE(holds(sim_.paid_tasks().back().body, "rain on tin"));
}

TEST_F(Examples, CppProgramPublishesByItself) {
  PutServer store;
  const auto publish = store.publish();
  const Process process = run(
      {KLINGV2A_PUBLISH_PROGRAM, clip_with_sound(), folder_.file("out.mkv"), publish.substr(0, publish.rfind('/'))});
  EXPECT_TRUE(holds(process.output, "100 %")) << process.output;
  EXPECT_EQ(store.puts(), 1);
  const auto url = publish.substr(0, publish.find("{name}"));
  EXPECT_TRUE(holds(sim_.paid_tasks().back().body, url)) << sim_.paid_tasks().back().body;
}

TEST_F(Examples, CppProgramTellsWhenItsStoreIsAway) {
  Process process({KLINGV2A_PUBLISH_PROGRAM, clip_with_sound(), folder_.file("out.mp4"), "http://127.0.0.1:1"}, sim_,
                  "sim-key");
  process.wait();
  EXPECT_EQ(process.exit_code, 1);
  EXPECT_TRUE(holds(process.output, "paid=no")) << process.output;
  EXPECT_TRUE(sim_.paid_tasks().empty());
}

#ifdef KLINGV2A_TOOL_FOLDER
TEST_F(Examples, FfmpegScriptCutsDubsAndEncodes) {
  run({script("ffmpeg.sh"), clip_with_sound(), folder_.file("out.mp4"), "4", "--bgm-prompt", "a slow waltz"});
  expect_video_with_sound(folder_.file("out.mp4"));
  EXPECT_TRUE(holds(sim_.paid_tasks().back().body, "a slow waltz"));
}

TEST_F(Examples, FolderScriptDubsAllOfAFolder) {
  const std::string in = folder_.file("in"), out = folder_.file("out");
  ASSERT_EQ(g_mkdir(in.c_str(), 0700), 0);
  std::filesystem::copy_file(clip(), in + "/a.mp4");
  std::filesystem::copy_file(clip(), in + "/b.mp4");
  const Process process = run({script("folder.sh"), in, out, "--original-audio", "replace"});
  EXPECT_TRUE(holds(process.output, "2 done, 0 skipped, 0 failed")) << process.output;
  expect_video_with_sound(out + "/a.mp4");
  EXPECT_EQ(sim_.paid_tasks().size(), 1U) << "both are the same clip";
}
#endif

TEST_F(Examples, EmbedShowsProgressAndTheTask) {
  const Process process = run({KLINGV2A_EMBED_PROGRAM, clip(), folder_.file("out.mp4"), "rain on tin"});
  expect_video_with_sound(folder_.file("out.mp4"));
  EXPECT_TRUE(holds(process.output, "100 %")) << process.output;
  EXPECT_TRUE(holds(process.output, "task " + sim_.paid_tasks().back().task_id + ": succeed")) << process.output;
  EXPECT_TRUE(holds(sim_.paid_tasks().back().body, "rain on tin"));
}

TEST_F(Examples, EmbedTellsWhatAFailureCost) {
  Process process({KLINGV2A_EMBED_PROGRAM, clip(), folder_.file("out.mp4")}, sim_, "wrong-key");
  process.wait();
  EXPECT_EQ(process.exit_code, 1);
  EXPECT_TRUE(holds(process.output, "kind: credentials")) << process.output;
  EXPECT_TRUE(holds(process.output, "paid: no")) << process.output;
}

TEST_F(Examples, InterruptedEmbedSaysThatATaskWasPaid) {
  sim_.add_fault({.on = Fault::On::submit, .what = Fault::Do::never_finish});
  Process process({KLINGV2A_EMBED_PROGRAM, clip(), folder_.file("out.mp4")}, sim_, "sim-key");
  const bool queried = sim_.wait_until(
      [](const Service& sim) {
        return !sim.paid_tasks().empty() && sim.count("GET", "/kling/v1/audio/video-to-audio/") > 0;
      },
      kDeadline);
  EXPECT_TRUE(queried);
  process.interrupt();
  process.wait();
  EXPECT_EQ(process.exit_code, 130) << process.output;
  EXPECT_TRUE(holds(process.output, "paid: yes")) << process.output;
  EXPECT_TRUE(holds(process.output, "task-id: " + sim_.paid_tasks().back().task_id)) << process.output;
}

}  // namespace
