// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A branch that goes past the element to the same muxer, through too small a queue, blocks the demuxer, so that the
// video never ends. This is said once, with its cures, ends after `timeout`, and costs nothing. (The better cure, the
// companion pads, is tested in companions_test.cpp.)
#include <gtest/gtest.h>

#include "decoded.h"
#include "pipeline_run.h"
#include "program.h"

namespace klingv2a::test {
namespace {

constexpr const char* kMovieHello = "/usr/share/forensics-samples/original-files/movie2/movie-hello.mp4";
constexpr const char* kSmallQueue = "queue max-size-buffers=5";
constexpr const char* kBigQueue = "queue max-size-time=0 max-size-bytes=0 max-size-buffers=0";

// The film's own sound goes past the element into the muxer, beside the new one.
std::string past_the_element(const sim::Service& service, const std::string& queue, const std::string& settings,
                             const std::string& out) {
  return std::string("filesrc location=") + kMovieHello + " ! qtdemux name=d  d.video_0 ! h264parse ! " +
         klingv2a_on(service, settings) + "k.video ! queue ! m.  k.audio ! audioconvert ! opusenc ! queue ! m.  " +
         "d.audio_0 ! aacparse ! " + queue + " ! m.  matroskamux name=m ! filesink location=" + out;
}

class Starving : public ::testing::Test {
 protected:
  const TemporaryFolder folder_;
  const std::string out_ = folder_.file("out.mkv");
  const sim::Service service_{quick_service()};
};

TEST_F(Starving, IsSaidOnceAndNamesTheBranch) {
  PipelineRun run(past_the_element(service_, kSmallQueue, "", out_));
  // A second warning would come 5 s after the first one.
  EXPECT_EQ(run.run(std::chrono::seconds(11)), End::deadline) << run.first_error();
  ASSERT_EQ(run.warnings().size(), 1U);
  EXPECT_EQ(run.warnings()[0].source, "k");
  EXPECT_NE(run.warnings()[0].text.find("branch that goes past klingv2a"), std::string::npos);
  EXPECT_NE(run.warnings()[0].text.find("d.audio_0 ! k.sink_0  k.src_0 ! mux."), std::string::npos);
  EXPECT_NE(run.warnings()[0].text.find("queue"), std::string::npos);
  EXPECT_EQ(run.warnings()[0].detail("paid"), "no");
  run.stop();
  EXPECT_EQ(posts(service_), 0);
  EXPECT_EQ(run.progress_count(GST_PROGRESS_TYPE_CANCELED), 1);
}

TEST_F(Starving, IsAnErrorAfterTheTimeoutAndNothingIsPaid) {
  PipelineRun run(past_the_element(service_, kSmallQueue, "timeout=6", out_));
  ASSERT_EQ(run.run(std::chrono::seconds(20)), End::error);
  EXPECT_EQ(run.warnings().size(), 1U);
  EXPECT_TRUE(run.errors()[0].is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT)) << run.first_error();
  EXPECT_EQ(run.errors()[0].detail("kind"), "input");
  EXPECT_EQ(run.errors()[0].detail("paid"), "no");
  run.stop();
  EXPECT_EQ(posts(service_), 0);
  EXPECT_EQ(run.progress_count(GST_PROGRESS_TYPE_ERROR), 1);
}

TEST_F(Starving, EndsWithTheQueueThatTheWarningAsksFor) {
  PipelineRun run(past_the_element(service_, kBigQueue, "", out_));
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  run.stop();
  EXPECT_TRUE(run.warnings().empty());
  EXPECT_EQ(posts(service_), 1);
  // h264parse, which is in the pipeline, takes a SEI out of the first packet since 1.26.
  EXPECT_EQ(hashes(packets_of_file(out_, "matroskademux")),
            hashes(packets_of_file(kMovieHello, "qtdemux", "video/x-h264", "h264parse")));
  EXPECT_EQ(hashes(packets_of_file(out_, "matroskademux", "audio/mpeg")),
            hashes(packets_of_file(kMovieHello, "qtdemux", "audio/mpeg")));
  EXPECT_EQ(packets_of_file(out_, "matroskademux", "audio/x-opus").size(), 416U);  // 8.3 s and the encoder's delay
}

}  // namespace
}  // namespace klingv2a::test
