// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One clip, one key: through the demuxers and parsers that people use, and whatever does not belong to the sound.
#include "clip_key.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <set>
#include <utility>

#include "pipeline_run.h"
#include "program.h"
#include "proxy_writer.h"
#include "test_clip.h"

namespace klingv2a {
namespace {

using test::End;
using test::PadLog;
using test::PipelineRun;

// What a clip's buffers hold.
struct Frames {
  std::vector<std::string> buffers;
  std::string caps;

  [[nodiscard]] std::string payload() const {
    std::string all;
    for (const auto& buffer : buffers) all += buffer;
    return all;
  }
};

ClipFrames clip_of(const Frames& frames) {
  ClipFrames clip;
  clip.caps = CapsPtr::adopt(gst_caps_from_string(frames.caps.c_str()));
  for (const auto& buffer : frames.buffers)
    clip.buffers.push_back(BufferPtr::adopt(gst_buffer_new_memdup(buffer.data(), buffer.size())));
  return clip;
}

std::string clip_key(const ClipFrames& clip, const RunSettings& settings) {
  ClipKey key(settings);
  for (const auto& buffer : clip.buffers) key.add(clip.caps.get(), buffer.get());
  return key.hex();
}

std::string key_of(const Frames& frames) {
  return clip_key(clip_of(frames), RunSettings{});
}

// Keys of the first version, for fixed frames and settings. Whoever changes one of these values has every clip paid for
// again.
TEST(ClipKey, IsTheSameForEver) {
  const Frames raw{{std::string(96, 'a'), std::string(96, 'b')},
                   "video/x-raw, format=I420, width=8, height=8, framerate=25/1"};
  const Frames vp9{{"first packet", "second packet"}, "video/x-vp9"};
  const Frames h264{{std::string("\0\0\0\1\x65slice", 10), std::string("\0\0\0\1\x41more", 9)},
                    "video/x-h264, stream-format=byte-stream, alignment=au"};
  EXPECT_EQ(key_of(raw), "a6dea44d2acb22192de9ee02928bded8");
  EXPECT_EQ(key_of(vp9), "11991875b4a3d63b83fcbbd10f6ddcb8");
  EXPECT_EQ(key_of(h264), "691d96a879fa2d9171837f8574ab52d2");

  RunSettings settings;
  settings.cycle.request.sound_effect_prompt = "rain on tin";
  settings.cycle.request.bgm_prompt = "slow piano";
  settings.cycle.request.asmr_mode = true;
  EXPECT_EQ(clip_key(clip_of(vp9), settings), "5ce216521e00055e1831c81648a93509") << "with prompts";
  settings.take = 3;
  EXPECT_EQ(clip_key(clip_of(vp9), settings), "cb012b5286eea09703c2b6b74a138e1a") << "another take";

  RunSettings by_url;
  by_url.cycle.request.video_url = "https://media.example.org/film.mp4?signature=1";
  EXPECT_EQ(reference_key(by_url), "f7df29259e508506c1e74c3ff937dda3");
  RunSettings by_id;
  by_id.cycle.request.video_id = "895221410001";
  EXPECT_EQ(reference_key(by_id), "fd798cccfa458a50470f603c79fb20b8");
}

// What arrives at the pad after `source`, a part of a pipeline. Not what arrives in a sink: of single NAL units, sinks
// drop those whose timestamps h264parse leaves before the segment.
Frames read(const std::string& source, const std::string& caps = "video/x-h264") {
  PipelineRun run(source + " ! " + caps + " ! fakesink name=end");
  const PadLog& log = run.watch("end", "sink", PadLog::Keep::bytes);
  EXPECT_EQ(run.run(), End::eos) << run.first_error();
  Frames frames;
  for (auto& buffer : log.buffers()) frames.buffers.push_back(std::move(buffer.bytes));
  frames.caps = log.caps();
  return frames;
}

std::string file_source(const std::string& path, const std::string& demuxer) {
  return "filesrc location=\"" + path + "\" ! " + demuxer;
}

// Two B-frames between two others, several GOPs, the last one short.
const std::string& source_clip() {
  static const std::string path =
      test::test_clip({.width = 320, .height = 240, .seconds = 1.5, .bframes = 2, .gop = 12});
  return path;
}

const Frames& source_frames() {
  static const Frames frames = read(file_source(source_clip(), "qtdemux ! h264parse"));
  return frames;
}

// A file made from the source clip without encoding it anew.
struct Remux {
  const char* name;
  const char* file;                 // its name
  const char* demuxer;              // what reads it
  std::vector<std::string> ffmpeg;  // options of `ffmpeg -c copy` …
  std::string muxer;                // … or, not empty: GStreamer's
  std::string shows, lacks;         // what is to be in its frames, or not, for the test to be one
};

std::ostream& operator<<(std::ostream& out, const Remux& remux) {
  return out << remux.name;
}

const std::string kPps("\0\0\0\4\x68", 5);
const std::string kAud("\0\0\0\2\x09", 5);
const std::string kSei = "a text of ours";
const std::string kInsertSei = "h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+" + kSei;

const Remux kRemuxes[] = {
    {"Mp4", "a.mp4", "qtdemux", {}, {}, kPps, {}},
    {"FragmentedMp4", "a.mp4", "qtdemux", {"-movflags", "frag_keyframe+empty_moov"}},
    {"Mp4OfAnotherDate", "a.mp4", "qtdemux", {"-metadata", "creation_time=2001-02-03T04:05:06Z"}},
    {"Mov", "a.mov", "qtdemux", {}},
    {"Mkv", "a.mkv", "matroskademux", {}},
    {"Ts", "a.ts", "tsdemux", {}},
    {"Flv", "a.flv", "flvdemux", {}},
    {"RawH264", "a.h264", "identity", {}},
    {"Mp4WithAud", "a.mp4", "qtdemux", {"-bsf:v", "h264_metadata=aud=insert"}, {}, kAud, {}},
    {"Mp4WithoutAud", "a.mp4", "qtdemux", {"-bsf:v", "h264_metadata=aud=remove"}, {}, {}, kAud},
    {"Mp4WithSei", "a.mp4", "qtdemux", {"-bsf:v", kInsertSei}, {}, kSei, {}},
    {"Mp4WithoutParameterSets", "a.mp4", "qtdemux", {"-bsf:v", "filter_units=remove_types=7-8"}, {}, {}, kPps},
    {"GStreamersMp4", "a.mp4", "qtdemux", {}, "mp4mux"},
    {"GStreamersMov", "a.mov", "qtdemux", {}, "qtmux"},
    {"GStreamersMkv", "a.mkv", "matroskademux", {}, "matroskamux"},
    {"GStreamersTs", "a.ts", "tsdemux", {}, "mpegtsmux"},
    {"GStreamersFlv", "a.flv", "flvdemux", {}, "flvmux"},
};

void remux_with_gstreamer(const std::string& muxer, const std::string& path) {
  PipelineRun run(file_source(source_clip(), "qtdemux ! h264parse") + " ! " + muxer + " ! filesink location=\"" + path +
                  "\"");
  ASSERT_EQ(run.run(), End::eos) << run.first_error();
}

void remux_with_ffmpeg(const std::vector<std::string>& options, const std::string& path) {
  std::vector<std::string> command{"ffmpeg", "-v", "error", "-i", source_clip(), "-c", "copy"};
  command.insert(command.end(), options.begin(), options.end());
  command.push_back(path);
  const auto result = test::run_program(command);
  ASSERT_EQ(result.exit_code, 0) << result.errors;
}

class AnyContainer : public ::testing::TestWithParam<Remux> {
 protected:
  void SetUp() override {
    if (GetParam().muxer.empty())
      remux_with_ffmpeg(GetParam().ffmpeg, path());
    else
      remux_with_gstreamer(GetParam().muxer, path());
  }
  [[nodiscard]] std::string path() const { return folder_.file(GetParam().file); }
  [[nodiscard]] Frames read_as(const std::string& format, const std::string& alignment) const {
    return read(file_source(path(), GetParam().demuxer) + " ! h264parse",
                "video/x-h264,stream-format=" + format + ",alignment=" + alignment);
  }

 private:
  const test::TemporaryFolder folder_;
};

TEST_P(AnyContainer, GivesTheKeyOfTheClip) {
  for (const char* format : {"avc", "avc3", "byte-stream"})
    for (const char* alignment : {"au", "nal"})
      EXPECT_EQ(key_of(read_as(format, alignment)), key_of(source_frames())) << format << " " << alignment;
  const auto payload = read_as("avc", "au").payload();
  EXPECT_NE(payload.find(GetParam().shows), std::string::npos);
  if (GetParam().lacks.empty()) return;
  // As the demuxer gives it: newer parsers put back what they know from the caps.
  const auto stored = read(file_source(path(), GetParam().demuxer), "video/x-h264").payload();
  EXPECT_EQ(stored.find(GetParam().lacks), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(ClipKey, AnyContainer, ::testing::ValuesIn(kRemuxes),
                         [](const auto& row) { return row.param.name; });

TEST(ClipKey, IsThatOfTheFramesAsTheDemuxerGaveThem) {
  ASSERT_EQ(source_frames().buffers.size(), 45U);
  EXPECT_EQ(key_of(read(file_source(source_clip(), "qtdemux"))), key_of(source_frames()));
}

// ---- what the clip is

std::string key_of_changed(const std::function<void(Frames&)>& change) {
  Frames frames = source_frames();
  change(frames);
  return key_of(frames);
}

TEST(ClipKey, IsAnotherOneForAnotherClip) {
  const std::set<std::string> keys{
      key_of(source_frames()),
      key_of_changed([](Frames& frames) { frames.buffers[5].back() ^= 1; }),
      key_of_changed([](Frames& frames) { frames.buffers[5][frames.buffers[5].size() / 2] ^= 0x40; }),
      key_of_changed([](Frames& frames) { frames.buffers.pop_back(); }),
      key_of_changed([](Frames& frames) { frames.buffers.erase(frames.buffers.begin() + 7); }),
      key_of_changed([](Frames& frames) { std::swap(frames.buffers[6], frames.buffers[7]); }),
      key_of_changed([](Frames& frames) { frames.buffers.push_back(frames.buffers[7]); }),
  };
  EXPECT_EQ(keys.size(), 7U);
}

TEST(ClipKey, DoesNotKnowTheCaps) {
  const auto key = key_of_changed([](Frames& frames) {
    frames.caps = "video/x-h264,stream-format=avc,alignment=au,width=1920,height=1080,framerate=50/1";
  });
  EXPECT_EQ(key, key_of(source_frames()));
}

TEST(ClipKey, DoesNotKnowTimestamps) {
  ClipFrames clip = clip_of(source_frames());
  const auto key = clip_key(clip, RunSettings{});
  for (auto& buffer : clip.buffers) GST_BUFFER_PTS(buffer.get()) = 1000 * GST_SECOND;
  clip.frames = {{1, 2}};
  EXPECT_EQ(clip_key(clip, RunSettings{}), key);
}

TEST(ClipKey, OfAClipWithoutAPictureIsRefused) {
  Frames frames = source_frames();
  frames.buffers = {};
  EXPECT_THROW((void)key_of(frames), Error);
  frames.buffers = {std::string("\0\0\0\2\x09\xf0", 6)};
  EXPECT_THROW((void)key_of(frames), Error);
}

// ---- what was wished for

using Change = std::function<void(RunSettings&)>;

RunSettings some_settings() {
  RunSettings settings;
  settings.cycle.service.base_url = "http://host/kling";
  settings.cycle.request.sound_effect_prompt = "rain";
  settings.cycle.request.bgm_prompt = "piano";
  return settings;
}

std::string key_with(const Change& change) {
  RunSettings settings = some_settings();
  change(settings);
  return clip_key(clip_of(source_frames()), settings);
}

std::string reference_with(const Change& change) {
  RunSettings settings = some_settings();
  settings.cycle.request.video_url = "https://host/clip.mp4?signature=1";
  change(settings);
  return reference_key(settings);
}

// Each makes another sound, or has another one pay for it.
const Change kOfTheSound[] = {
    [](RunSettings&) {},
    [](RunSettings& s) { s.cycle.request.sound_effect_prompt = "Rain"; },
    [](RunSettings& s) { s.cycle.request.sound_effect_prompt = ""; },
    [](RunSettings& s) { s.cycle.request.bgm_prompt = "organ"; },
    [](RunSettings& s) { s.cycle.request.bgm_prompt = ""; },
    [](RunSettings& s) { std::swap(s.cycle.request.bgm_prompt, s.cycle.request.sound_effect_prompt); },
    [](RunSettings& s) { s.cycle.request.sound_effect_prompt += std::exchange(s.cycle.request.bgm_prompt, ""); },
    [](RunSettings& s) { s.cycle.request.bgm_prompt += std::exchange(s.cycle.request.sound_effect_prompt, ""); },
    [](RunSettings& s) { s.cycle.request.asmr_mode = true; },
    [](RunSettings& s) { s.take = 1; },
    [](RunSettings& s) { s.take = 11; },
    [](RunSettings& s) { s.cycle.service.base_url = "http://host"; },
    [](RunSettings& s) { s.cycle.service.base_url = "https://host/kling"; },
    [](RunSettings& s) { s.cycle.service.base_url = "http://host:8080/kling"; },
};

// None of them changes a sound.
const Change kOfTheWay[] = {
    [](RunSettings& s) { s.cycle.service.base_url = "http://HOST:80/kling/"; },
    [](RunSettings& s) { s.cycle.service.api_key = "another"; },
    [](RunSettings& s) { s.cycle.service.timeouts.connect = Seconds(1); },
    [](RunSettings& s) { s.cycle.request.external_task_id = "mine-7"; },
    [](RunSettings& s) { s.cycle.request.callback_url = "https://host/done"; },
    [](RunSettings& s) { s.cycle.publish.uri = "https://store/{name}.mp4"; },
    [](RunSettings& s) { s.cycle.publish.check = !s.cycle.publish.check; },
    [](RunSettings& s) { s.cycle.timeout = s.timeout = Seconds(5); },
    [](RunSettings& s) { s.cycle.max_result_bytes = 5; },
    [](RunSettings& s) { s.cycle.spool_dir = s.spool_dir = "/elsewhere"; },
    [](RunSettings& s) { s.on_failure = OnFailure::silence; },
};

TEST(ClipKey, IsAnotherOneForAnotherSound) {
  std::set<std::string> clips, references;
  for (const auto& change : kOfTheSound) {
    clips.insert(key_with(change));
    references.insert(reference_with(change));
  }
  EXPECT_EQ(clips.size(), std::size(kOfTheSound));
  EXPECT_EQ(references.size(), std::size(kOfTheSound));
}

TEST(ClipKey, StaysWhateverTheWayToTheSound) {
  for (std::size_t i = 0; i < std::size(kOfTheWay); ++i) {
    EXPECT_EQ(key_with(kOfTheWay[i]), key_with(kOfTheSound[0])) << i;
    EXPECT_EQ(reference_with(kOfTheWay[i]), reference_with(kOfTheSound[0])) << i;
  }
}

TEST(ClipKey, OfSlicesIgnoresTheReference) {
  EXPECT_EQ(key_with([](RunSettings& s) { s.cycle.request.video_id = "42"; }), key_with(kOfTheSound[0]));
}

TEST(ReferenceKey, IsThatOfTheVideoHoweverItsUrlWasSigned) {
  const auto url = [](const std::string& text) {
    return reference_with([&](RunSettings& s) { s.cycle.request.video_url = text; });
  };
  const auto key = url("https://host/clip.mp4?signature=1");
  EXPECT_EQ(url("https://host/clip.mp4?signature=2&expires=9"), key);
  EXPECT_EQ(url("https://host/clip.mp4"), key);
  EXPECT_EQ(url("https://host/clip.mp4#t=3"), key);
  EXPECT_EQ(url("HTTPS://HOST:443/clip.mp4"), key);
  EXPECT_NE(url("https://host/clip2.mp4"), key);
  EXPECT_NE(url("https://host/Clip.mp4"), key);
  EXPECT_NE(url("https://other/clip.mp4"), key);
}

TEST(ReferenceKey, KeepsIdsUrlsAndSlicesApart) {
  const auto by = [](const std::string& id, const std::string& video_url) {
    return reference_with([&](RunSettings& s) {
      s.cycle.request.video_id = id;
      s.cycle.request.video_url = video_url;
    });
  };
  const std::set<std::string> keys{by("42", ""),
                                   by("43", ""),
                                   by("", "42"),
                                   by("https://host/42", ""),
                                   by("", "https://host/42"),
                                   key_with(kOfTheSound[0])};
  EXPECT_EQ(keys.size(), 6U);
}

}  // namespace
}  // namespace klingv2a
