// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a demuxer announces is the length of the longest stream, or a guess. A short video beside a long sound is a
// short video, in every container.
#include <gtest/gtest.h>

#include "pipeline_run.h"
#include "program.h"

namespace klingv2a::test {
namespace {

struct LongSound {
  std::string name, encode, demux;  // FFmpeg's options; the elements that give the video
};

void PrintTo(const LongSound& file, std::ostream* out) {
  *out << file.name;
}

class AnnouncedLength : public ::testing::TestWithParam<LongSound> {
 protected:
  // 5 s of pictures beside 25 s of sound.
  std::string make(const LongSound& file) const {
    std::string path = folder_.file("long." + file.name);
    const auto made = run_program({"sh", "-c",
                                   "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=320x240:r=25:d=5 -f lavfi -i "
                                   "sine=f=300:d=25:r=48000 " +
                                       file.encode + " " + path});
    EXPECT_EQ(made.exit_code, 0) << made.errors;
    return path;
  }

  const TemporaryFolder folder_;
  const sim::Service service_{quick_service()};
};

TEST_P(AnnouncedLength, OfALongerSoundDoesNotRefuseTheVideo) {
  PipelineRun run("filesrc location=" + make(GetParam()) + " ! " + GetParam().demux + " ! " + klingv2a_on(service_) +
                  "k.video ! queue ! fakesink sync=false  k.audio ! queue ! fakesink sync=false");
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
  EXPECT_NEAR(run.stat("k", "clip-length"), 5e9, 1e8);
  EXPECT_EQ(posts(service_), 1);
}

const std::string kFast = "-c:v libx264 -preset ultrafast -bf 2 -c:a aac";

INSTANTIATE_TEST_SUITE_P(Files, AnnouncedLength,
                         ::testing::Values(LongSound{"mkv", kFast, "matroskademux name=d d.video_0 ! h264parse"},
                                           LongSound{"mp4", kFast, "qtdemux name=d d.video_0 ! h264parse"},
                                           LongSound{"ts", kFast, "tsdemux name=d d. ! video/x-h264 ! h264parse"},
                                           LongSound{"avi", "-c:v mpeg4 -c:a mp3",
                                                     "avidemux name=d d.video_0 ! mpeg4videoparse"},
                                           LongSound{"ogg", "-c:v libtheora -c:a libvorbis",
                                                     "oggdemux name=d d. ! video/x-theora ! theoraparse"},
                                           LongSound{"wmv", "-c:v wmv2 -c:a wmav2", "asfdemux name=d d.video_0"},
                                           LongSound{"webm", "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libopus",
                                                     "matroskademux name=d d.video_0"}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace klingv2a::test
