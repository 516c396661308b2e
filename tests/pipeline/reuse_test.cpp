// SPDX-License-Identifier: LGPL-2.1-or-later
//
// In long-running programs: the same pipeline again and again, and several at once. A clip is paid once, each run gives
// the same sound, and nothing is left behind.
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
constexpr int kTakes = 5;

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

class Reuse : public ::testing::Test {
 protected:
  Reuse() {
    link_when_added(run_, "demux", "parse");
    link_when_added(run_, "k", "sound");
  }
  // One run, whose sound is the clip's, whatever it came from.
  void expect_good_run() {
    ASSERT_EQ(run_.run(), End::eos) << run_.first_error();
    run_.stop();
    ASSERT_EQ(first_difference(arrived_.buffers(), video_.buffers()), "");
    const auto sound = sound_of_pad(audio_);
    ASSERT_EQ(sound.length(), 144000);
    ASSERT_EQ(sound.pcm.clicks(), (std::vector<std::int64_t>{32000, 97600}));
    ASSERT_EQ(run_.progress_count(GST_PROGRESS_TYPE_COMPLETE), 1);
    run_.forget_logs();
    run_.forget_messages();
  }

  const sim::Service service_{quick_service()};
  PipelineRun run_{"filesrc location=" + test_clip(kClip) + " ! qtdemux name=demux  h264parse name=parse ! " +
                   klingv2a_on(service_) +
                   "k.video ! queue ! fakesink sync=false queue name=sound ! fakesink sync=false"};
  PadLog& arrived_ = run_.watch("k", "sink");
  PadLog& video_ = run_.watch("k", "video");
  PadLog& audio_ = run_.watch("k", "audio", PadLog::Keep::bytes);
};

TEST_F(Reuse, TheSamePipelineTwentyTimesIsPaidOnce) {
  int files = 0;
  for (int i = 1; i <= kRuns; ++i) {
    SCOPED_TRACE("run " + std::to_string(i));
    ASSERT_NO_FATAL_FAILURE(expect_good_run());
    ASSERT_EQ(posts(service_), 1);
    ASSERT_EQ(run_.stat_text("k", "origin"), i == 1 ? "submitted" : "kept");
    if (i == 2) files = open_files(service_);
  }
  EXPECT_LE(open_files(service_), files + 2) << "files are left open";
}

TEST_F(Reuse, EachOfFiveTakesIsPaid) {
  int files = 0;
  for (int i = 1; i <= kTakes; ++i) {
    SCOPED_TRACE("take " + std::to_string(i));
    run_.set("k", "take", std::to_string(i));
    ASSERT_NO_FATAL_FAILURE(expect_good_run());
    ASSERT_EQ(posts(service_), i);
    if (i == 2) files = open_files(service_);
  }
  EXPECT_LE(open_files(service_), files + 2) << "files are left open";
}

TEST(ReuseAtOnce, TwoPipelines) {
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
