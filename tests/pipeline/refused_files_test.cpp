// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files that the service would refuse, or that no sound can be laid under: an error that says why, before anything is
// published or paid.
#include <gtest/gtest.h>

#include "pipeline_run.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

struct Refused {
  std::string name;
  ClipOptions clip;
  std::vector<std::string> words;  // of the error
  std::string demuxer = "qtdemux ! ";
  std::string properties;
};

void PrintTo(const Refused& refused, std::ostream* out) {
  *out << refused.name;
}

class RefusedFiles : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedFiles, EndWithAnErrorThatSaysWhyAndCostNothing) {
  const Refused& refused = GetParam();
  const sim::Service service(quick_service());
  PipelineRun run("filesrc location=" + test_clip(refused.clip) + " ! " + refused.demuxer + "h264parse ! " +
                  klingv2a_on(service, refused.properties) +
                  "k.video ! queue ! fakesink sync=false k.audio ! queue ! fakesink sync=false");
  ASSERT_EQ(run.run(), End::error);
  run.stop();
  const auto& error = run.errors().front();
  EXPECT_EQ(error.source, "k");
  EXPECT_TRUE(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT)) << run.first_error();
  for (const auto& word : refused.words) EXPECT_NE(error.text.find(word), std::string::npos) << error.text;
  EXPECT_EQ(error.detail("kind"), "input");
  EXPECT_EQ(error.detail("paid"), "no");
  EXPECT_TRUE(service.requests().empty());
}

// Few frames a second, so that a long clip is made in no time.
INSTANTIATE_TEST_SUITE_P(
    Each, RefusedFiles,
    ::testing::Values(Refused{"WithoutTimestamps",
                              {.seconds = 3, .container = ClipOptions::Container::h264},
                              {"timestamp", "PTS", "container"},
                              ""},
                      Refused{"TooShort", {.fps_n = 10, .seconds = 2.9, .gop = 10}, {"2.900 s", "3 s"}},
                      Refused{"TooLong",
                              {.fps_n = 10, .seconds = 20.2, .gop = 10},
                              {"20.", "the limit is 20 s", "max-clips"},
                              "qtdemux ! ",
                              "max-clips=1 "},
                      Refused{"TooSmall",
                              {.width = 848, .height = 480, .seconds = 3},
                              {"848x480", "720", "1080"},
                              "qtdemux ! ",
                              "conform=never "}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace klingv2a::test
