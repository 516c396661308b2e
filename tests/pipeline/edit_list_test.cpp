// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files whose edit lists begin before the first picture that is shown, or show nothing at first, and videos of several
// segments: all packets leave as they came, the service sees the pre-roll, and the sound begins and ends with what the
// viewer sees.
#include <gtest/gtest.h>

#include <fstream>

#include "decoded.h"
#include "pipeline_run.h"
#include "program.h"
#include "temporary_folder.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

constexpr int kRate = 48000;
constexpr std::int64_t kPreRoll = 500'000'000;
constexpr const char* kMovieHello = "/usr/share/forensics-samples/original-files/movie2/movie-hello.mp4";

// One run over a file, with what passed.
struct FileRun {
  FileRun(const sim::Service& service, const std::string& path)
      : run("filesrc location=" + path + " ! qtdemux name=d  d. ! h264parse ! " + klingv2a_on(service) +
            "k.video ! queue ! fakesink sync=false k.audio ! queue ! fakesink sync=false"),
        demuxed(run.watch("d", "video_0")),
        arrived(run.watch("k", "sink")),
        video(run.watch("k", "video")),
        audio(run.watch("k", "audio", PadLog::Keep::bytes)),
        end(run.run()),
        pre_roll(run.stat("k", "lead-in")) {
    run.stop();
  }
  PipelineRun run;
  PadLog &demuxed, &arrived, &video, &audio;
  End end;
  double pre_roll;
};

TEST(EditList, AFileCutInsideAGopKeepsItsPreRollAndTheSoundBeginsAfterIt) {
  const ClipOptions clip{.seconds = 6.5, .bframes = 2, .gop = 60, .flash_frames = {66, 90, 171}};
  const TemporaryFolder folder;
  const std::string cut = folder.file("cut.mp4");
  // Key frames at 0, 2, 4 and 6 s; 2.5 s is frame 75.
  const auto ffmpeg =
      run_program({"ffmpeg", "-v", "error", "-y", "-ss", "2.5", "-i", test_clip(clip), "-c", "copy", cut});
  ASSERT_EQ(ffmpeg.exit_code, 0) << ffmpeg.errors;
  sim::Service service(quick_service());
  FileRun seen(service, cut);
  ASSERT_EQ(seen.end, End::eos) << seen.run.first_error();

  EXPECT_EQ(first_difference(seen.arrived.buffers(), seen.video.buffers()), "");
  EXPECT_EQ(hashes(seen.demuxed.buffers()), hashes(seen.video.buffers()));
  const auto times = frame_times(seen.video.buffers());
  ASSERT_EQ(times.front(), -kPreRoll) << "without a pre-roll of 15 frames this tests nothing";

  const auto sound = sound_of_pad(seen.audio);
  EXPECT_EQ(sound.start_ns, 0);
  EXPECT_EQ(sound.length(), to_samples(span_ns(seen.video.buffers()), kRate));
  EXPECT_EQ(sound.pcm.clicks(), (std::vector<std::int64_t>{24000, 153600}));  // frames 90 and 171, less 75

  const auto tasks = service.paid_tasks();
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(tasks[0].frames, static_cast<int>(times.size()));
  EXPECT_NEAR(tasks[0].duration_s, static_cast<double>(span_ns(seen.video.buffers()) + kPreRoll) / 1e9, 0.0001);
  EXPECT_EQ(tasks[0].clicks, (std::vector<std::int64_t>{9600, 48000, 177600}));  // of all three, less frame 60
  EXPECT_EQ(seen.pre_roll, static_cast<double>(kPreRoll));
}

// The track shows nothing for 33 ms, and its edit list hides the last of 250 packets.
TEST(EditList, AnEmptyEditAtTheFrontDelaysVideoAndSoundAlike) {
  sim::Service service(quick_service());
  FileRun seen(service, kMovieHello);
  ASSERT_EQ(seen.end, End::eos) << seen.run.first_error();
  EXPECT_EQ(seen.video.count(), 249U);
  EXPECT_EQ(first_difference(seen.arrived.buffers(), seen.video.buffers()), "");
  // h264parse 1.26 takes a SEI out of the first packet.
  EXPECT_EQ(hashes(packets_of_file(kMovieHello, "qtdemux", "video/x-h264", "h264parse")), hashes(seen.video.buffers()));
  EXPECT_EQ(seen.video.count(GST_EVENT_SEGMENT), 2) << "without an empty edit this tests nothing";

  const auto times = frame_times(seen.video.buffers());
  EXPECT_EQ(times.front(), 33'000'000);
  const auto sound = sound_of_pad(seen.audio);
  EXPECT_EQ(sound.start_ns, times.front());
  EXPECT_EQ(sound.length(), to_samples(span_ns(seen.video.buffers()), kRate));

  const auto tasks = service.paid_tasks();
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(tasks[0].frames, 249);
  EXPECT_NEAR(tasks[0].duration_s, 8.3, 0.0001);
}

// ---- several segments

// Big-endian, as in MP4.
std::uint32_t word_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

std::string word(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

struct Edit {
  double begin, length;  // seconds
};

// A file of mp4mux (one track, moov last, so that no offset moves) that shows these parts of it one after the other.
std::string with_edits(std::string bytes, const std::vector<Edit>& edits) {
  const auto box = [&](const char* type) { return bytes.rfind(type) - 4; };
  const std::uint32_t movie_scale = word_at(bytes, box("mvhd") + 20), media_scale = word_at(bytes, box("mdhd") + 20);
  std::string entries = word(0) + word(static_cast<std::uint32_t>(edits.size()));
  for (const auto& edit : edits)
    entries += word(static_cast<std::uint32_t>(edit.length * movie_scale)) +
               word(static_cast<std::uint32_t>(edit.begin * media_scale)) + word(0x10000);
  const auto size = [](const std::string& content) { return static_cast<std::uint32_t>(content.size() + 8); };
  const std::string elst = word(size(entries)) + "elst" + entries, edts = word(size(elst)) + "edts" + elst;
  const bool has_one = bytes.rfind("edts") != std::string::npos;
  const auto at = box(has_one ? "edts" : "mdia");
  const std::uint32_t old_size = has_one ? word_at(bytes, at) : 0;
  const std::uint32_t longer = static_cast<std::uint32_t>(edts.size()) - old_size;
  bytes.replace(at, old_size, edts);
  for (const char* parent : {"moov", "trak"}) bytes.replace(box(parent), 4, word(word_at(bytes, box(parent)) + longer));
  return bytes;
}

// Through an encoder, which leaves out what lies outside of the sound's segment.
struct SegmentsRun {
  SegmentsRun(const sim::Service& service, const std::string& source)
      : flac(folder.file("sound.flac")),
        run(klingv2a_on(service) +
            "k.video ! queue ! fakesink sync=false k.audio ! queue ! audioconvert ! flacenc ! filesink location=" +
            flac + " " + source),
        arrived(run.watch("k", "sink")),
        video(run.watch("k", "video")),
        end(run.run()) {
    run.stop();
  }
  const TemporaryFolder folder;
  const std::string flac;
  PipelineRun run;
  PadLog &arrived, &video;
  End end;
};

TEST(EditList, ClipsOneAfterTheOtherHaveTheSoundOfTheWhole) {
  const std::string first = test_clip({.seconds = 2, .flash_frames = {30}});
  const std::string second = test_clip({.seconds = 2.5, .flash_frames = {15, 60}});
  sim::Service service(quick_service());
  const SegmentsRun seen(service, "concat name=c ! h264parse ! k.sink  filesrc location=" + first +
                                      " ! qtdemux ! queue ! c.  filesrc location=" + second +
                                      " ! qtdemux ! queue ! c.");
  ASSERT_EQ(seen.end, End::eos) << seen.run.first_error();
  EXPECT_EQ(seen.video.count(GST_EVENT_SEGMENT), 2) << "without two segments this tests nothing";
  EXPECT_EQ(first_difference(seen.arrived.buffers(), seen.video.buffers()), "");
  EXPECT_EQ(seen.video.count(), 135U);

  const auto sound = sound_of_file(seen.flac);
  EXPECT_EQ(sound.length(), to_samples(span_ns(seen.video.buffers()), kRate));
  EXPECT_EQ(sound.pcm.clicks(), (std::vector<std::int64_t>{48000, 120000, 192000}));
  const auto tasks = service.paid_tasks();
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(tasks[0].frames, 135);
}

class Edits : public ::testing::Test {
 protected:
  // Key frames at each second.
  const ClipOptions clip_{.seconds = 6.5, .flash_frames = {30, 75, 120}};
  const TemporaryFolder folder_;
  sim::Service service_{quick_service()};

  [[nodiscard]] std::string source_of(const std::vector<Edit>& edits) const {
    const std::string path = folder_.file("edits.mp4");
    std::ofstream(path, std::ios::binary) << with_edits(test_clip_bytes(clip_), edits);
    return "filesrc location=" + path + " ! qtdemux ! h264parse ! k.sink";
  }
};

TEST_F(Edits, HaveTheSoundOfAllThatIsShown) {
  const SegmentsRun seen(service_, source_of({{0, 2}, {3, 2}}));
  ASSERT_EQ(seen.end, End::eos) << seen.run.first_error();
  EXPECT_EQ(seen.video.count(GST_EVENT_SEGMENT), 2) << "without two segments this tests nothing";
  EXPECT_EQ(first_difference(seen.arrived.buffers(), seen.video.buffers()), "");

  const auto sound = sound_of_file(seen.flac);
  EXPECT_EQ(sound.length(), to_samples(span_ns(seen.video.buffers()), kRate));
  EXPECT_EQ(sound.pcm.clicks(), (std::vector<std::int64_t>{48000, 144000}));  // frame 75 is left out
}

TEST_F(Edits, OneThatCutsIntoTheLastPictureLeavesItItsSound) {
  const SegmentsRun seen(service_, source_of({{0, 3.98}}));
  ASSERT_EQ(seen.end, End::eos) << seen.run.first_error();
  ASSERT_EQ(seen.video.segment().stop, 3'980 * GST_MSECOND) << "or this tests nothing";
  EXPECT_EQ(to_samples(span_ns(seen.video.buffers()), kRate), 4 * kRate);
  EXPECT_EQ(sound_of_file(seen.flac).length(), 4 * kRate);
}

// The packets before the second edit's first picture would stand among the first one's in what the service is shown.
TEST_F(Edits, WithAPreRollOfTheirOwnAreRefusedBeforeAnythingIsPaid) {
  const SegmentsRun seen(service_, source_of({{0, 2}, {3.5, 2}}));
  ASSERT_EQ(seen.end, End::error);
  EXPECT_NE(seen.run.first_error().find("overlap"), std::string::npos) << seen.run.first_error();
  EXPECT_EQ(seen.run.errors().front().detail("kind"), "input");
  EXPECT_EQ(posts(service_), 0);
}

}  // namespace
}  // namespace klingv2a::test
