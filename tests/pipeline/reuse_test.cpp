// SPDX-License-Identifier: LGPL-2.1-or-later
//
// In long-running programs: the same pipeline again and again, and several at once. Each run pays once and gives the
// same; nothing is left behind.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>

#include "decoded.h"
#include "pipeline_run.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

const ClipOptions kClip{.seconds = 3, .bframes = 2, .flash_frames = {20, 61}};
constexpr int kRuns = 20;

int port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  const bool known = getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  return known && address.sin_family == AF_INET ? ntohs(address.sin_port) : 0;
}

// Open files of this process without the service's own connections: its server closes them when it likes.
int open_files(const sim::Service& service) {
  const GUriPtr base(g_uri_parse(service.base_url().c_str(), G_URI_FLAGS_NONE, nullptr));
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator("/proc/self/fd"))
    if (port_of(std::stoi(file.path().filename())) != g_uri_get_port(base.get())) ++count;
  return count;
}

// As applications do: these pads come anew in each run, and gst_parse_launch() links them only once.
void link_when_added(const PipelineRun& run, const std::string& from, const std::string& to) {
  const auto link = +[](GstElement*, GstPad* pad, gpointer target) {
    const auto sink = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(target), "sink"));
    gst_pad_link(pad, sink.get());
  };
  g_signal_connect_object(run.element(from).get(), "pad-added", G_CALLBACK(link), run.element(to).get(),
                          static_cast<GConnectFlags>(0));
}

TEST(Reuse, TheSamePipelineTwentyTimes) {
  const sim::Service service(quick_service());
  PipelineRun run("filesrc location=" + test_clip(kClip) + " ! qtdemux name=demux  h264parse name=parse ! " +
                  klingv2a_on(service) +
                  "k.video ! queue ! fakesink sync=false queue name=sound ! fakesink sync=false");
  link_when_added(run, "demux", "parse");
  link_when_added(run, "k", "sound");
  const auto& arrived = run.watch("k", "sink");
  auto& video = run.watch("k", "video");
  auto& audio = run.watch("k", "audio", PadLog::Keep::bytes);
  int files = 0;
  for (int i = 1; i <= kRuns; ++i) {
    ASSERT_EQ(run.run(), End::eos) << "run " << i << ": " << run.first_error();
    run.stop();
    ASSERT_EQ(posts(service), i);
    ASSERT_EQ(first_difference(arrived.buffers(), video.buffers()), "") << "run " << i;
    const auto sound = sound_of_pad(audio);
    ASSERT_EQ(sound.length(), 144000) << "run " << i;
    ASSERT_EQ(sound.pcm.clicks(), (std::vector<std::int64_t>{32000, 97600})) << "run " << i;
    ASSERT_EQ(run.progress_count(GST_PROGRESS_TYPE_COMPLETE), 1) << "run " << i;
    run.forget_logs();
    run.forget_messages();
    if (i == 2) files = open_files(service);
  }
  EXPECT_LE(open_files(service), files + 2) << "files are left open";
}

TEST(Reuse, TwoPipelinesAtOnce) {
  const sim::Service service(quick_service(Milliseconds(200)));
  const std::string outputs = "k.video ! queue ! fakesink sync=false k.audio ! queue ! fakesink sync=false";
  ClipOptions other = kClip;
  other.flash_frames = {45};
  PipelineRun one("filesrc location=" + test_clip(kClip) + " ! qtdemux ! h264parse ! " + klingv2a_on(service) +
                  outputs);
  PipelineRun two("filesrc location=" + test_clip(other) + " ! qtdemux ! h264parse ! " + klingv2a_on(service) +
                  outputs);
  const auto& first = one.watch("k", "audio", PadLog::Keep::bytes);
  const auto& second = two.watch("k", "audio", PadLog::Keep::bytes);
  one.start();
  two.start();
  ASSERT_EQ(one.wait_for_end(), End::eos) << one.first_error();
  ASSERT_EQ(two.wait_for_end(), End::eos) << two.first_error();
  EXPECT_EQ(posts(service), 2);
  EXPECT_EQ(sound_of_pad(first).pcm.clicks(), (std::vector<std::int64_t>{32000, 97600}));
  EXPECT_EQ(sound_of_pad(second).pcm.clicks(), (std::vector<std::int64_t>{72000}));
}

}  // namespace
}  // namespace klingv2a::test
