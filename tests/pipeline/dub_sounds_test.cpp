// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files with sound of every kind through klingv2abin: the original stays in step with the picture to the sample, the
// other streams stay as they are, and the mix has the loudness that was asked for.
#include <gtest/gtest.h>

#include <memory>

#include "aac_encoder.h"
#include "dub_judge.h"

namespace klingv2a::test {
namespace {

// The video and the original in it, coded as `audio` says.
std::string with_original(const std::string& audio, const std::string& file, const std::string& video = "video.mp4") {
  return "ffmpeg -v error -y -i " + video + " -i original.wav -map 0:v -map 1:a -c:v copy " + audio + " " + file;
}

DubCase sound(const std::string& name, const std::string& audio, const std::string& file) {
  return {.name = name,
          .file = file,
          .make = with_original(audio, file),
          .output = "out." + file.substr(file.rfind('.') + 1)};
}

DubCase with_channels(int channels, DubCase file) {
  file.channels = channels;
  return file;
}

// Streams beside the first one leave as they came, in their places.
DubCase several_languages(const std::string& file) {
  return {.name = "ThreeLanguagesIn" + file.substr(file.rfind('.') + 1),
          .file = file,
          .make =
              "ffmpeg -v error -y -i video.mp4 -i original.wav -map 0:v -map 1:a -map 1:a -map 1:a -c:v copy "
              "-c:a aac -b:a:1 96k -b:a:2 64k -metadata:s:a:0 language=swe -metadata:s:a:1 language=spa "
              "-metadata:s:a:2 language=ita " +
              file,
          .output = "out." + file.substr(file.rfind('.') + 1),
          .beyond_edit = 1};
}

DubCase no_sound() {
  return {.name = "None",
          .file = "none.mp4",
          .make = "cp video.mp4 none.mp4",
          .output = "none.mov",
          .properties = "mux=mov audio-codec=pcm",
          .codec = "pcm_s24le",
          .in_step = false};
}

// `times` are options of ffmpeg before each input.
DubCase offset(const std::string& name, const std::string& before_video, const std::string& before_audio,
               const std::string& file, const std::string& audio = "-c:a aac") {
  return {.name = name,
          .file = file,
          .make = "ffmpeg -v error -y " + before_video + " -i video.mp4 " + before_audio +
                  " -i original.wav -map 0:v -map 1:a -c:v copy " + audio + " " + file,
          .output = "out." + file.substr(file.rfind('.') + 1)};
}

DubCase as(const std::string& properties, DubCase file) {
  file.properties += " " + properties;
  return file;
}

DubCase losing(const std::string& what, DubCase file) {
  file.lost = {what};
  return file;
}

// h264parse 1.22 drops what a transport stream has before the first parameter sets.
DubCase reframed(DubCase file) {
  file.reframed = true;
  return file;
}

DubCase coded(const std::string& codec, const std::string& properties, DubCase file) {
  file.codec = codec;
  return as(properties, std::move(file));
}

DubCase loud(double loudness, DubCase file) {
  file.loudness = loudness;
  return as("loudness=" + std::to_string(loudness), std::move(file));
}

class DubSounds : public ::testing::TestWithParam<DubCase> {
 protected:
  static void SetUpTestSuite() { inputs_ = std::make_unique<InputFiles>(); }
  static void TearDownTestSuite() { inputs_.reset(); }
  static std::unique_ptr<InputFiles> inputs_;
};
std::unique_ptr<InputFiles> DubSounds::inputs_;

TEST_P(DubSounds, KeepThePictureAndTheirPlaceBesideIt) {
  judge_dub(GetParam(), *inputs_);
}

const std::string kSurround = "-af 'pan=5.1|FL=c0|FR=c1|FC=0.5*c0|LFE=0.1*c1|BL=0.3*c0|BR=0.3*c1' ";

INSTANTIATE_TEST_SUITE_P(
    OfEveryKind, DubSounds,
    ::testing::Values(sound("AacInMp4", "-c:a aac", "aac.mp4"), sound("AacInMkv", "-c:a aac", "aac.mkv"),
                      reframed(sound("AacInTs", "-c:a aac", "aac.ts")), sound("OpusInMkv", "-c:a libopus", "opus.mkv"),
                      coded("pcm_s24le", "audio-codec=pcm", sound("PcmInMov", "-c:a pcm_s16le", "pcm.mov")),
                      sound("Mp3InMp4", "-c:a libmp3lame", "mp3.mp4"),
                      sound("MonoOf44100Hz", "-ac 1 -ar 44100 -c:a aac", "mono.mp4"), no_sound(),
                      several_languages("languages.mp4")),
    ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(Of51, DubSounds,
                         ::testing::Values(with_channels(6, sound("Ac3", kSurround + "-c:a ac3", "ac3.mkv")),
                                           with_channels(6, sound("Aac", kSurround + "-c:a aac", "aac51.mp4")),
                                           coded("flac", "audio-codec=flac",
                                                 with_channels(6, sound("Flac", kSurround + "-c:a flac", "flac.mkv")))),
                         ::testing::PrintToStringParamName());

const std::string kSurround71 =
    "-af 'pan=7.1|FL=c0|FR=c1|FC=0.5*c0|LFE=0.1*c1|BL=0.3*c0|BR=0.3*c1|SL=0.3*c0|SR=0.3*c1' ";

// Opus ends with a whole packet, which only edit lists can cut.
DubCase with_last_packet(DubCase file) {
  file.duration_s = 3.22;
  return file;
}

// Of eight channels, in the codec that is chosen for them.
DubCase of_71(DubCase file) {
  file = with_channels(8, std::move(file));
  if (aac_encoder_takes(file.channels)) return file;
  const bool is_matroska = file.output.ends_with(".mkv");
  return coded("opus", "", is_matroska ? with_last_packet(std::move(file)) : std::move(file));
}

// Where AAC's encoder has no place for eight, the sound is mixed down for it, and less loud.
DubCase in_aac() {
  auto file = with_channels(8, as("audio-codec=aac", sound("ToAac", kSurround71 + "-c:a flac", "aac71.mkv")));
  if (aac_encoder_takes(file.channels)) return file;
  file.loudness = -25.2;
  return losing("channels", with_channels(6, std::move(file)));
}

INSTANTIATE_TEST_SUITE_P(Of71, DubSounds,
                         ::testing::Values(of_71(sound("InMp4", kSurround71 + "-c:a aac", "71.mp4")),
                                           of_71(sound("InMkv", kSurround71 + "-c:a flac", "71.mkv")), in_aac()),
                         ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(WithOffsets, DubSounds,
                         ::testing::Values(offset("SoundLateInMp4", "", "-itsoffset 0.5", "late.mp4"),
                                           offset("VideoLateInMp4", "-itsoffset 0.4", "", "video-late.mp4"),
                                           offset("VideoLateInMkv", "-itsoffset 0.4", "", "video-late.mkv"),
                                           offset("BothLateInMkv", "-itsoffset 0.7", "-itsoffset 0.9", "both-late.mkv"),
                                           offset("SoundShorter", "", "-t 2.5", "shorter.mp4"),
                                           offset("SoundLonger", "-t 3.04", "-stream_loop 1 -t 4", "longer.mp4")),
                         ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(WithSettings, DubSounds,
                         ::testing::Values(loud(-16, coded("pcm_s24le", "audio-codec=pcm mux=mov",
                                                           sound("Loud", "-c:a aac", "loud.mp4"))),
                                           coded("opus", "audio-codec=opus", sound("ToOpus", "-c:a aac", "opus.mp4"))),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace klingv2a::test
