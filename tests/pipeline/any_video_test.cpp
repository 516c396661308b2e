// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What holds for video of any kind, beside the matrix: metas come through the spool file, no source starves, what
// cannot be done is said by name and before anything is paid, and nobody waits for a transcoder that is not needed any
// more.
#include <gst/video/video.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <future>

#include "decoded.h"
#include "pipeline_run.h"
#include "program.h"
#include "temporary_folder.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr Milliseconds kPromised{1000};
#else
constexpr Milliseconds kPromised{100};
#endif

constexpr int kFrames = 80;
constexpr const char* kEnds =
    "k.video ! queue ! fakesink sync=false async=false k.audio ! queue ! fakesink sync=false async=false";

std::string raw_video(int frames, int width = 320, int height = 240) {
  return "videotestsrc num-buffers=" + std::to_string(frames) +
         " ! video/x-raw,format=I420,framerate=25/1,width=" + std::to_string(width) +
         ",height=" + std::to_string(height) + " ! identity name=i ! ";
}

class AnyVideo : public ::testing::Test {
 protected:
  // `source` with its last "!", then klingv2a with `properties`.
  [[nodiscard]] std::string pipeline(const std::string& source, const std::string& properties = {}) const {
    return source + klingv2a_on(service_, properties) + kEnds;
  }
  // How the pipeline fails; nothing is paid.
  [[nodiscard]] std::string refusal(const std::string& source, const std::string& properties = {}) const {
    PipelineRun run(pipeline(source, properties));
    EXPECT_EQ(run.run(), End::error);
    run.stop();
    EXPECT_EQ(posts(service_), 0);
    return run.first_error();
  }
  static void probe_buffers(const PipelineRun& run, const std::string& element, const std::string& pad_name,
                            GstPadProbeCallback probe, gpointer data) {
    const auto pad =
        GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(run.element(element).get(), pad_name.c_str()));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, probe, data, nullptr);
  }

  sim::Service service_{quick_service()};
};

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// ---- What is on the buffers

GstPadProbeReturn add_metas(GstPad*, GstPadProbeInfo* info, gpointer) {
  auto* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  const guint8 caption[] = {'a', 'b'};
  gst_buffer_add_video_caption_meta(buffer, GST_VIDEO_CAPTION_TYPE_CEA608_RAW, caption, sizeof caption);
  gst_buffer_add_video_afd_meta(buffer, 0, GST_VIDEO_AFD_SPEC_ATSC_A53, GST_VIDEO_AFD_4_3_FULL_16_9_FULL);
  gst_buffer_add_video_region_of_interest_meta(buffer, "face", 1, 2, 3, 4);
  gst_buffer_add_video_time_code_meta_full(buffer, 25, 1, nullptr, GST_VIDEO_TIME_CODE_FLAGS_NONE, 1, 2, 3, 4, 0);
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  return GST_PAD_PROBE_OK;
}

struct SeenMetas {
  std::atomic<int> complete{0};

  static GstPadProbeReturn count(GstPad*, GstPadProbeInfo* info, gpointer seen) {
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    const auto* caption = gst_buffer_get_video_caption_meta(buffer);
    const auto* code = gst_buffer_get_video_time_code_meta(buffer);
    if (caption && caption->size == 2 && code && code->tc.minutes == 2 && gst_buffer_get_video_afd_meta(buffer) &&
        gst_buffer_get_video_region_of_interest_meta_id(buffer, 0))
      ++static_cast<SeenMetas*>(seen)->complete;
    return GST_PAD_PROBE_OK;
  }
};

TEST_F(AnyVideo, KeepsItsMetasThroughTheSpoolFile) {
  PipelineRun run(pipeline(raw_video(kFrames), "max-hold-bytes=0"));
  SeenMetas seen;
  probe_buffers(run, "i", "src", add_metas, nullptr);
  probe_buffers(run, "k", "video", SeenMetas::count, &seen);
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_GE(run.stat("k", "spooled-bytes"), kFrames * 320.0 * 240 * 1.5);
  run.stop();
  EXPECT_EQ(seen.complete, kFrames);
}

// ---- Where they come from

using PoolPtr = std::unique_ptr<GstBufferPool, Deleter<gst_object_unref>>;

PoolPtr pool_of_eight(guint size) {
  PoolPtr pool(gst_buffer_pool_new());
  GstStructure* config = gst_buffer_pool_get_config(pool.get());
  gst_buffer_pool_config_set_params(config, nullptr, size, 8, 8);
  gst_buffer_pool_set_config(pool.get(), config);
  gst_buffer_pool_set_active(pool.get(), TRUE);
  return pool;
}

void feed_from(GstBufferPool* pool, GstElement* source) {
  for (int i = 0; i < kFrames; ++i) {
    GstBuffer* buffer = nullptr;
    if (gst_buffer_pool_acquire_buffer(pool, &buffer, nullptr) != GST_FLOW_OK) return;
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(i) * GST_SECOND / 25;
    GST_BUFFER_DURATION(buffer) = GST_SECOND / 25;
    gst_buffer_memset(buffer, 0, static_cast<guint8>(i), gst_buffer_get_size(buffer));
    GstFlowReturn flow = GST_FLOW_OK;
    g_signal_emit_by_name(source, "push-buffer", buffer, &flow);
    gst_buffer_unref(buffer);
  }
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(source, "end-of-stream", &flow);
}

TEST_F(AnyVideo, MayComeFromAPoolOfEightBuffers) {
  PipelineRun run(
      pipeline("appsrc name=s format=time caps=video/x-raw,format=GRAY8,width=320,height=240,framerate=25/1 ! "));
  const PoolPtr pool = pool_of_eight(320 * 240);
  const auto source = run.element("s");
  auto fed = std::async(std::launch::async, [&] { feed_from(pool.get(), source.get()); });
  EXPECT_EQ(run.run(), End::eos) << run.first_error();
  gst_buffer_pool_set_active(pool.get(), FALSE);  // frees a feeder that starves
  fed.wait();
  run.stop();
  EXPECT_EQ(posts(service_), 1);
}

// ---- conform

std::string sd_clip() {
  return "filesrc location=" + test_clip({.width = 640, .height = 480, .seconds = 3.2}) + " ! qtdemux ! h264parse ! ";
}

TEST_F(AnyVideo, IsRefusedByNameWhenNothingMayBeConformed) {
  const std::string tell = "conform=never";
  EXPECT_TRUE(says(refusal(raw_video(kFrames), tell), "it is video/x-raw"));
  EXPECT_TRUE(says(refusal(sd_clip(), tell), "640x480"));
  const auto interlaced = raw_video(kFrames, 1280, 720) +
                          "capssetter caps=\"video/x-raw,interlace-mode=interleaved,field-order=top-field-first\" ! "
                          "x264enc speed-preset=ultrafast ! h264parse ! ";
  EXPECT_TRUE(says(refusal(interlaced, tell), "interlaced"));
  EXPECT_TRUE(says(refusal(raw_video(kFrames, 1280, 720) + "jpegenc ! ", tell), "it is image/jpeg"));
}

TEST_F(AnyVideo, IsTranscodedThoughItNeedNotBeWhenAsked) {
  PipelineRun run(
      pipeline("filesrc location=" + test_clip({.seconds = 3.2}) + " ! qtdemux ! h264parse ! ", "conform=always"));
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_EQ(run.stat_text("k", "conformed"), "conform=always");
  EXPECT_EQ(run.stat_text("k", "encoder"), "x264enc");
  run.stop();
  EXPECT_EQ(service_.paid_tasks().back().frames, kFrames * 30 / 25);
}

// ---- What is not installed

// As if they were not installed, while this object lives.
class HiddenElements {
 public:
  explicit HiddenElements(const std::vector<std::string>& names) {
    for (const auto& name : names)
      if (auto factory = GObjectPtr<GstElementFactory>::adopt(gst_element_factory_find(name.c_str())))
        ranks_.emplace_back(std::move(factory), 0);
    for (auto& [factory, rank] : ranks_) {
      rank = gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(factory.get()));
      gst_plugin_feature_set_rank(GST_PLUGIN_FEATURE(factory.get()), GST_RANK_NONE);
    }
  }
  ~HiddenElements() {
    for (const auto& [factory, rank] : ranks_) gst_plugin_feature_set_rank(GST_PLUGIN_FEATURE(factory.get()), rank);
  }
  HiddenElements(const HiddenElements&) = delete;
  HiddenElements& operator=(const HiddenElements&) = delete;

 private:
  std::vector<std::pair<GObjectPtr<GstElementFactory>, guint>> ranks_;
};

// How the pipeline fails without them: it names the plugin that is missing before it ends.
std::string said_without(const std::vector<std::string>& hidden, const std::string& pipeline) {
  const HiddenElements none_of(hidden);
  PipelineRun run(pipeline);
  run.start();
  const auto is_missing_plugin = [](GstMessage* message) {
    return gst_message_has_name(message, "missing-plugin") != FALSE;
  };
  EXPECT_TRUE(run.wait_for_message(is_missing_plugin)) << run.first_error();
  EXPECT_EQ(run.wait_for_end(), End::error);
  run.stop();
  return run.first_error();
}

std::vector<std::string> video_encoders() {
  std::vector<std::string> names;
  GList* encoders = gst_element_factory_list_get_elements(GST_ELEMENT_FACTORY_TYPE_VIDEO_ENCODER, GST_RANK_NONE);
  for (GList* each = encoders; each; each = each->next) names.emplace_back(GST_OBJECT_NAME(each->data));
  gst_plugin_feature_list_free(encoders);
  return names;
}

TEST_F(AnyVideo, OfACodecWithoutADecoderSaysWhichIsMissing) {
  const auto said = said_without(
      {"avdec_lagarith"},
      pipeline("videotestsrc num-buffers=80 ! video/x-raw,framerate=25/1 ! capssetter join=false replace=true "
               "caps=video/x-lagarith,width=320,height=240,framerate=25/1 ! "));
  EXPECT_TRUE(says(said, "no decoder is installed for video/x-lagarith")) << said;
  EXPECT_EQ(posts(service_), 0);
}

TEST_F(AnyVideo, WithoutAnEncoderSaysThatOneIsMissing) {
  const auto said = said_without(video_encoders(), pipeline(raw_video(kFrames)));
  EXPECT_TRUE(says(said, "no H.264 encoder is installed")) << said;
  EXPECT_EQ(posts(service_), 0);
}

// ---- The disk

// For this process, while it lives.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t most) : old_handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    struct rlimit small = before_;
    small.rlim_cur = most;
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, old_handler_);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  struct rlimit before_ {};
  sighandler_t old_handler_;
};

TEST_F(AnyVideo, WithAFullSpoolFailsBeforeItIsPaidFor) {
  const SmallFiles limit(2'000'000);
  EXPECT_TRUE(says(refusal(raw_video(kFrames), "max-hold-bytes=0"), "kind=disk"));
}

// ---- Stopping and seeking

TEST_F(AnyVideo, In4KStopsWithinTheTimePromisedWhileItIsTranscoded) {
  std::vector<Milliseconds> took;
  for (int i = 0; i < 3; ++i) {
    PipelineRun run(pipeline(raw_video(400, 3840, 2160), "max-hold-bytes=0"));
    auto& arrived = run.watch("i", "src");
    run.start();
    ASSERT_TRUE(arrived.wait_for_buffers(60, 60s)) << run.first_error();
    EXPECT_GT(run.stat("k", "spooled-bytes"), 500e6);
    took.push_back(run.stop());
  }
  // A busy machine may hold a single stop up.
  std::ranges::sort(took);
  EXPECT_LE(took[1], kPromised);
  EXPECT_EQ(posts(service_), 0);
}

// Each buffer is a field. The second one of a picture has the time of the first, as interlace makes them, or one of its
// own, as capture cards do.
class Fields : public AnyVideo, public ::testing::WithParamInterface<bool> {
 protected:
  static GstPadProbeReturn give_own_time(GstPad*, GstPadProbeInfo* info, gpointer) {
    auto* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    GST_PAD_PROBE_INFO_DATA(info) = buffer;
    const bool second = (GST_BUFFER_FLAGS(buffer) & GST_VIDEO_BUFFER_FLAG_TFF) == 0;  // a bottom field
    GST_BUFFER_DURATION(buffer) = GST_SECOND / 50;
    if (second) GST_BUFFER_PTS(buffer) += GST_SECOND / 50;
    return GST_PAD_PROBE_OK;
  }
};

TEST_P(Fields, LeaveAsTheyCameWithASound) {
  PipelineRun run(pipeline(
      "videotestsrc num-buffers=200 ! video/x-raw,format=I420,framerate=50/1,width=320,height=240 ! interlace "
      "name=f field-pattern=1:1 ! video/x-raw(format:Interlaced),interlace-mode=alternate ! identity name=i ! "));
  if (GetParam()) probe_buffers(run, "i", "sink", give_own_time, nullptr);
  auto& arrived = run.watch("k", "sink");
  auto& left = run.watch("k", "video");
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.stop();
  ASSERT_GE(left.count(), 190U);
  EXPECT_EQ(first_difference(arrived.buffers(), left.buffers()), "");
  EXPECT_NE(left.caps().find("alternate"), std::string::npos) << left.caps();
  ASSERT_EQ(posts(service_), 1);
  const auto task = service_.paid_tasks().front();
  EXPECT_NEAR(task.duration_s, 4, 0.05);
  EXPECT_EQ(task.height, 720) << "the shape of the picture, not of the field";
  EXPECT_EQ(task.width, 960);
  EXPECT_NEAR(task.frames, GetParam() ? 200 : 100, 2);
}

INSTANTIATE_TEST_SUITE_P(, Fields, ::testing::Bool(),
                         [](const auto& of) { return of.param ? "WithTimesOfTheirOwn" : "WithOneTime"; });

TEST_F(AnyVideo, IsTranscodedAnewAfterASeek) {
  PipelineRun run(pipeline(raw_video(-1)));
  auto& arrived = run.watch("k", "sink");
  run.start();
  ASSERT_TRUE(arrived.wait_for_buffers(30)) << run.first_error();
  ASSERT_TRUE(gst_element_seek(run.pipeline(), 1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0,
                               GST_SEEK_TYPE_SET, kFrames * GST_SECOND / 25));
  ASSERT_EQ(run.wait_for_end(), End::eos) << run.first_error();
  run.stop();
  ASSERT_EQ(service_.paid_tasks().size(), 1U);
  EXPECT_EQ(service_.paid_tasks()[0].frames, kFrames);
}

// ---- The same clip

class SameClip : public AnyVideo {
 protected:
  void SetUp() override {
    const auto frames = "testsrc2=s=320x240:r=25:d=3.2";
    make({"-f", "lavfi", "-i", frames, "-c:v", "mpeg4", "-b:v", "2M", "-bf", "2", path("mpeg4.mp4")});
    make({"-i", path("mpeg4.mp4"), "-c", "copy", path("mpeg4.mkv")});
    make({"-f", "lavfi", "-i", frames, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error",
          path("hevc.mp4")});
    make({"-i", path("hevc.mp4"), "-c", "copy", path("hevc.mkv")});
    make({"-i", path("hevc.mp4"), "-c", "copy", path("hevc.ts")});
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.file(name); }
  // How many tasks it has cost.
  [[nodiscard]] int price_of(const std::string& name, const std::string& elements) const {
    const int before = posts(service_);
    PipelineRun run(pipeline("filesrc location=" + path(name) + " ! " + elements + " ! "));
    EXPECT_EQ(run.run(), End::eos) << name << ": " << run.first_error();
    run.stop();
    return posts(service_) - before;
  }

 private:
  static void make(std::vector<std::string> command) {
    command.insert(command.begin(), {"ffmpeg", "-v", "error", "-y"});
    const auto result = run_program(command);
    ASSERT_EQ(result.exit_code, 0) << result.errors;
  }

  TemporaryFolder folder_;
};

TEST_F(SameClip, InAnotherContainerIsNotPaidForAgain) {
  EXPECT_EQ(price_of("mpeg4.mp4", "qtdemux ! mpeg4videoparse"), 1);
  EXPECT_EQ(price_of("mpeg4.mkv", "matroskademux ! mpeg4videoparse"), 0);
  EXPECT_EQ(price_of("hevc.mp4", "qtdemux ! h265parse"), 1);
  EXPECT_EQ(price_of("hevc.mkv", "matroskademux ! h265parse"), 0);
  EXPECT_EQ(price_of("hevc.ts", "tsdemux ! h265parse"), 0);
}

}  // namespace
}  // namespace klingv2a::test
