// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The transcoder by itself: every frame keeps its time, what cannot be decoded is said, and nobody waits for it who
// has given it up.
#include "transcoder.h"

#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "error.h"

namespace klingv2a {
namespace {

using namespace std::chrono_literals;

constexpr auto kFrame = static_cast<Nanoseconds>(GST_SECOND) / 25;

CapsPtr raw_caps(int width = 320, int height = 240, const char* more = "") {
  const std::string text = "video/x-raw,format=I420,framerate=25/1,width=" + std::to_string(width) +
                           ",height=" + std::to_string(height) + more;
  return CapsPtr::adopt(gst_caps_from_string(text.c_str()));
}

BufferPtr picture(const CapsPtr& caps) {
  GstVideoInfo info;
  gst_video_info_from_caps(&info, caps.get());
  auto buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr));
  gst_buffer_memset(buffer.get(), 0, 0x55, GST_VIDEO_INFO_SIZE(&info));
  GST_BUFFER_PTS(buffer.get()) = 0;
  GST_BUFFER_DURATION(buffer.get()) = static_cast<GstClockTime>(kFrame);
  return buffer;
}

const TranscodeSettings kSettings{.orientation = {}, .bitrate_kbit = 2000};

ClipFrames transcode(const CapsPtr& caps, const std::vector<Nanoseconds>& times,
                     const TranscodeSettings& settings = kSettings) {
  Transcoder transcoder(caps, settings);
  for (const auto time : times) EXPECT_TRUE(transcoder.push(caps, picture(caps), time));
  transcoder.end();
  return transcoder.finish(nullptr);
}

std::vector<Nanoseconds> starts(const ClipFrames& frames) {
  std::vector<Nanoseconds> all;
  for (const auto& frame : frames.frames) all.push_back(frame.start);
  return all;
}

int field(const ClipFrames& frames, const char* name) {
  int value = 0;
  gst_structure_get_int(gst_caps_get_structure(frames.caps.get(), 0), name, &value);
  return value;
}

TEST(Transcoder, KeepsTheTimeOfEachFrameAlsoBeforeZeroAndWithGaps) {
  const std::vector<Nanoseconds> times{-3 * kFrame, -kFrame, 0, kFrame, 7 * kFrame, 20 * kFrame};
  EXPECT_EQ(starts(transcode(raw_caps(), times)), times);
}

TEST(Transcoder, MakesH264OfTheProxysSize) {
  const auto frames = transcode(raw_caps(), {0, kFrame});
  EXPECT_TRUE(gst_structure_has_name(gst_caps_get_structure(frames.caps.get(), 0), "video/x-h264"));
  EXPECT_EQ(field(frames, "width"), 960);
  EXPECT_EQ(field(frames, "height"), 720);
}

TEST(Transcoder, TurnsThePictures) {
  const auto frames = transcode(raw_caps(), {0, kFrame}, {.orientation = "rotate-90", .bitrate_kbit = 2000});
  EXPECT_EQ(field(frames, "width"), 720);
  EXPECT_EQ(field(frames, "height"), 960);
}

TEST(Transcoder, KeepsOneFrameOfEachInterlacedOne) {
  const std::vector<Nanoseconds> times{0, kFrame, 2 * kFrame, 3 * kFrame, 4 * kFrame};
  EXPECT_EQ(starts(transcode(raw_caps(720, 576, ",interlace-mode=interleaved"), times)), times);
}

TEST(Transcoder, KnowsItsEncoder) {
  Transcoder transcoder(raw_caps(), kSettings);
  EXPECT_FALSE(transcoder.encoder().factory.empty());
}

TEST(Transcoder, ReportsWhatCannotBeDecoded) {
  const auto caps = CapsPtr::adopt(gst_caps_from_string("image/jpeg,width=320,height=240,framerate=25/1"));
  EXPECT_THROW(
      {
        Transcoder transcoder(caps, kSettings);
        for (int i = 0; i < 200; ++i)
          (void)transcoder.push(caps, BufferPtr::adopt(gst_buffer_new_memdup("not a JPEG", 10)), i * kFrame);
        transcoder.end();
        (void)cover(transcoder.finish(nullptr), {.end = 8 * kFrame, .proxy_end = 8 * kFrame, .frame = kFrame});
      },
      Error);
}

// Nothing leaves the small pipeline while it has no picture to begin with.
TEST(Transcoder, MakesItsFeederWaitAndAbandonedLetsItGo) {
  const auto caps =
      CapsPtr::adopt(gst_caps_from_string("video/x-raw,format=I420,width=3840,height=2160,framerate=25/1"));
  Transcoder transcoder(caps, kSettings);
  const auto frame = picture(caps);
  auto fed = std::async(std::launch::async, [&] {
    int count = 0;
    while (transcoder.push(caps, frame, count * kFrame)) ++count;
    return count;
  });
  EXPECT_EQ(fed.wait_for(200ms), std::future_status::timeout) << "nobody waits for an endless video";
  transcoder.abandon();
  ASSERT_EQ(fed.wait_for(2s), std::future_status::ready);
  EXPECT_LT(fed.get(), 2000);
}

TEST(Transcoder, IsCancelled) {
  const auto caps = raw_caps();
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  Transcoder transcoder(caps, kSettings);
  g_cancellable_cancel(cancel.get());
  try {
    (void)transcoder.finish(cancel.get());
    FAIL() << "ended by itself";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  }
}

// ---- cover()

const ClipTimeline kTimeline{
    .first = -2 * kFrame, .start = 0, .end = 10 * kFrame, .proxy_end = 10 * kFrame, .frame = kFrame};

ClipFrames with_times(const std::vector<Nanoseconds>& times) {
  ClipFrames frames;
  for (const auto time : times) frames.frames.push_back({time, static_cast<GstClockTime>(kFrame)});
  return frames;
}

TEST(Cover, StandsInForPicturesThatCouldNotBeDecodedAtTheEnds) {
  const auto frames = cover(with_times({0, kFrame, 8 * kFrame}), kTimeline);
  EXPECT_EQ(frames.frames.front().start, kTimeline.first);
  EXPECT_EQ(frames.frames.back().start + static_cast<Nanoseconds>(frames.frames.back().duration), kTimeline.proxy_end);
}

TEST(Cover, IsRefusedWhenMoreThanHalfASecondIsMissing) {
  EXPECT_THROW((void)cover(with_times({14 * kFrame}), {.end = 15 * kFrame, .proxy_end = 15 * kFrame}), Error);
  EXPECT_THROW((void)cover(with_times({0}), {.end = 15 * kFrame, .proxy_end = 15 * kFrame}), Error);
  EXPECT_THROW((void)cover(with_times({}), kTimeline), Error);
}

}  // namespace
}  // namespace klingv2a
