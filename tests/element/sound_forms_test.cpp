// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whatever form a sound comes in, it is in step to the sample: what encoders put before it and behind it is no part of
// it. Judged by the shift at which the decoded sound is most like the one that was encoded.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "error.h"
#include "program.h"
#include "sound_timing.h"
#include "soundtrack.h"

namespace klingv2a::test {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr auto kSecond = static_cast<Nanoseconds>(GST_SECOND);
constexpr int kSeconds = 2;

// Never the same twice, and different from each of its own shifts.
double sound_at(double t) {
  const double loud = std::fmod(t, 0.3) < 0.2 ? 0.6 : 0.1;
  return loud * std::sin(2 * kPi * (150 + 700 * t) * t);
}

template <typename T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string wav_of_the_sound(std::uint32_t rate) {
  const std::uint32_t bytes_of_data = rate * kSeconds * 4;
  std::string wav = "RIFF";
  append(wav, 36 + bytes_of_data);
  wav += "WAVEfmt ";
  append(wav, std::uint32_t{16});
  append(wav, std::uint16_t{1});
  append(wav, std::uint16_t{2});
  append(wav, rate);
  append(wav, rate * 4);
  append(wav, std::uint16_t{4});
  append(wav, std::uint16_t{16});
  wav += "data";
  append(wav, bytes_of_data);
  for (std::uint32_t n = 0; n < rate * kSeconds; ++n)
    for (int channel = 0; channel < 2; ++channel)
      append(wav, static_cast<std::int16_t>(std::lround(32000 * sound_at(static_cast<double>(n) / rate))));
  return wav;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// Samples by which the decoded sound is late.
int lateness(const std::vector<std::int16_t>& decoded, int rate) {
  constexpr int kMost = 3000, kFirst = 5000, kCount = 12000;
  std::array<float, kCount> wanted{};
  for (int n = 0; n < kCount; ++n)
    wanted.at(static_cast<std::size_t>(n)) = static_cast<float>(sound_at(static_cast<double>(n + kFirst) / rate));
  float best = -1;
  int late = 0;
  for (int shift = -kMost; shift <= kMost; ++shift) {
    float likeness = 0;
    const std::int16_t* part = decoded.data() + kFirst + shift;
    for (std::size_t n = 0; n < kCount; ++n) likeness += wanted[n] * static_cast<float>(part[n]);
    if (likeness <= best) continue;
    best = likeness;
    late = shift;
  }
  return late;
}

class SoundForms : public ::testing::Test {
 protected:
  SoundForms() {
    write(folder_.file("48000.wav"), wav_of_the_sound(48000));
    write(folder_.file("44100.wav"), wav_of_the_sound(44100));
  }

  // FFmpeg's options between the sound and the file's name; `before` them more inputs.
  std::string encoded(const std::string& name, int rate, const std::string& options, const std::string& before = {}) {
    const std::string path = folder_.file(name);
    const auto made = run_program({"sh", "-c",
                                   "ffmpeg -nostdin -v error -y " + before + " -i " +
                                       folder_.file(std::to_string(rate) + ".wav") + " " + options + " " + path});
    EXPECT_EQ(made.exit_code, 0) << made.errors;
    return path;
  }

  std::shared_ptr<const Soundtrack> decode(const std::string& path, int rate, Nanoseconds pre_roll = 0) {
    const auto caps = CapsPtr::adopt(gst_caps_new_simple("audio/x-raw", "format", G_TYPE_STRING, "S16LE", "layout",
                                                         G_TYPE_STRING, "interleaved", "rate", G_TYPE_INT, rate,
                                                         "channels", G_TYPE_INT, 1, nullptr));
    const auto file = SpoolFile::open_existing(path);
    return decode_soundtrack(*file, caps, {pre_roll, kSeconds * kSecond}, cancel_.get());
  }

  static std::vector<std::int16_t> samples_of(const Soundtrack& sound) {
    std::vector<std::int16_t> samples(static_cast<std::size_t>(sound.samples()));
    gst_buffer_extract(sound.slice(0, sound.samples()).get(), 0, samples.data(), samples.size() * sizeof samples[0]);
    return samples;
  }

  void expect_in_step(const std::string& path, int rate) {
    const auto sound = decode(path, rate);
    EXPECT_EQ(lateness(samples_of(*sound), rate), 0) << path;
    EXPECT_TRUE(sound->start_is_known) << path;
  }

  // Its start is not known, which is said; what is decoded lies where it lies.
  void expect_unknown(const std::string& path, int rate) { EXPECT_FALSE(decode(path, rate)->start_is_known) << path; }

  const GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  const TemporaryFolder folder_;
};

constexpr std::array kRates{48000, 44100};
const std::string kPicture = "-f lavfi -i testsrc2=s=320x240:r=25:d=2";
const std::string kH264 = "-c:v libx264 -preset ultrafast -bf 2 -map 0:v -map 1:a ";

// ---- MP3

TEST_F(SoundForms, AnMp3IsCutByItsTag) {
  for (const int rate : kRates) {
    for (const char* options : {"-b:a 128k", "-q:a 2", "-b:a 32k -ac 1", "-b:a 128k -id3v2_version 0",
                                "-b:a 320k -id3v2_version 3 -metadata title=rain", "-b:a 64k -abr 1 -write_id3v1 1"}) {
      const std::string path = encoded("s.mp3", rate, std::string("-c:a libmp3lame ") + options);
      expect_in_step(path, rate);
      const auto sound = decode(path, rate);
      EXPECT_EQ(sound->decoded_samples, rate * kSeconds) << options;
    }
  }
}

TEST_F(SoundForms, AnMp3OfALowRateIsCutByItsTag) {
  const std::string path = encoded("s.mp3", 48000, "-c:a libmp3lame -ar 24000 -b:a 64k");
  expect_in_step(path, 24000);
  EXPECT_EQ(decode(path, 24000)->decoded_samples, 24000 * kSeconds);
}

TEST_F(SoundForms, AnMp3OfAnotherRateIsCutBeforeItIsResampled) {
  expect_in_step(encoded("s.mp3", 44100, "-c:a libmp3lame -b:a 192k"), 48000);
}

TEST_F(SoundForms, AnMp3BehindATagWithAPictureIsCutByItsTag) {
  const std::string mp3 = bytes_of(encoded("s.mp3", 48000, "-c:a libmp3lame -b:a 128k -id3v2_version 0"));
  // 300,000 bytes: 0x000927 0x60 in four times 7 bits.
  std::string tag("ID3\x03\0\0\0\x12\x27\x60", 10);
  write(folder_.file("p.mp3"), tag + std::string(300000, '\1') + mp3);
  expect_in_step(folder_.file("p.mp3"), 48000);
}

TEST_F(SoundForms, AnMp3WithoutATagHasNoKnownStart) {
  for (const int rate : kRates) {
    expect_unknown(encoded("s.mp3", rate, "-c:a libmp3lame -b:a 128k -write_xing 0"), rate);
    expect_unknown(encoded("b.mp3", rate, "-c:a libmp3lame -b:a 128k -write_xing 0 -id3v2_version 0"), rate);
  }
}

TEST_F(SoundForms, ATagWithoutAnEncodersNameSaysNothingOfTheDelay) {
  std::string mp3 = bytes_of(encoded("s.mp3", 48000, "-c:a libmp3lame -b:a 128k -id3v2_version 0"));
  const std::size_t name = mp3.find("Lav");
  ASSERT_NE(name, std::string::npos);
  std::memset(mp3.data() + name, 0, 24);
  write(folder_.file("x.mp3"), mp3);
  expect_unknown(folder_.file("x.mp3"), 48000);
}

// ---- iTunSMPB

std::string gapless_comment(const std::string& text, bool utf16) {
  std::string body;
  if (utf16) {
    body = std::string("\1eng", 4);
    for (const std::string& part : {std::string("iTunSMPB"), text}) {
      body += "\xff\xfe";
      for (const char c : part) body += std::string{c, '\0'};
      if (part == "iTunSMPB") body += std::string(2, '\0');
    }
  } else {
    body = std::string("\0eng", 4) + "iTunSMPB" + '\0' + text;
  }
  const std::string frame =
      "COMM" + std::string{'\0', '\0', '\0', static_cast<char>(body.size())} + std::string(2, '\0') + body;
  return std::string("ID3\3\0\0\0\0", 8) + static_cast<char>(frame.size() >> 7U) +
         static_cast<char>(frame.size() & 0x7FU) + frame;
}

TEST_F(SoundForms, AnMp3IsCutByITunesComment) {
  const std::string mp3 = bytes_of(encoded("s.mp3", 48000, "-c:a libmp3lame -b:a 128k -write_xing 0 -id3v2_version 0"));
  for (const bool utf16 : {false, true}) {
    write(folder_.file("i.mp3"), gapless_comment(" 00000000 00000240 000003CF 0000000000017700", utf16).append(mp3));
    expect_in_step(folder_.file("i.mp3"), 48000);
    EXPECT_EQ(decode(folder_.file("i.mp3"), 48000)->decoded_samples, 96000);
  }
}

TEST_F(SoundForms, AnM4aIsCutByITunesComment) {
  std::string m4a = bytes_of(encoded("s.m4a", 48000,
                                     "-c:a aac -use_editlist 0 -movflags +use_metadata_tags -metadata "
                                     "iTunSMPB=' 00000000 00000400 00000200 0000000000017700'"));
  ASSERT_NE(m4a.find("iTunSMPB"), std::string::npos);
  // FFmpeg writes the name in a table of keys, far from the value; iTunes puts it before the value.
  const std::size_t name = m4a.find("iTunSMPB"), value = m4a.find(" 00000000 00000400");
  ASSERT_NE(value, std::string::npos);
  if (value > name + 300) GTEST_SKIP() << "not as iTunes has it";
  write(folder_.file("i.m4a"), m4a);
  expect_in_step(folder_.file("i.m4a"), 48000);
}

TEST_F(SoundForms, NonsenseInITunesCommentIsPassedOver) {
  const std::string mp3 = bytes_of(encoded("s.mp3", 48000, "-c:a libmp3lame -b:a 128k -write_xing 0 -id3v2_version 0"));
  for (const char* text : {"", " 0", " 00000000", " 00000000 FFFFFFFF 00000000 0000000000017700",
                           " 00000000 0000024G 000003CF 0000000000017700", " 00000000 00000240 000003CF",
                           " 00000000 00000240 000003CF FFFFFFFFFFFFFFFFFF"}) {
    write(folder_.file("n.mp3"), gapless_comment(text, false).append(mp3));
    expect_unknown(folder_.file("n.mp3"), 48000);
  }
}

// ---- what GStreamer's own elements read

TEST_F(SoundForms, AnEditListHidesThePriming) {
  for (const int rate : kRates) {
    for (const char* name : {"s.m4a", "s.mp4", "s.mov"})
      expect_in_step(encoded(name, rate, "-c:a aac -b:a 128k"), rate);
    expect_in_step(encoded("mp3.mp4", rate, "-c:a libmp3lame -b:a 128k"), rate);
    expect_in_step(encoded("opus.mp4", 48000, "-c:a libopus"), 48000);
    expect_in_step(encoded("faststart.mp4", rate, "-c:a aac -movflags +faststart"), rate);
  }
}

TEST_F(SoundForms, TheSoundOfAVideoIsInStepWithItsPicture) {
  for (const int rate : kRates) {
    for (const char* options :
         {"-c:a aac -b:a 128k", "-c:a libmp3lame", "-c:a alac", "-c:a libopus", "-c:a aac -movflags +faststart"}) {
      const int coded = std::strstr(options, "opus") ? 48000 : rate;
      expect_in_step(encoded("v.mp4", coded, kH264 + options, kPicture), coded);
    }
  }
}

// Without an edit list the picture begins late, by its B-frames, and the sound with it.
TEST_F(SoundForms, TheSoundOfAVideoThatBeginsLateIsInStepWithItsPicture) {
  for (const int rate : kRates) {
    const auto late = decode(encoded("v.mp4", rate, kH264 + "-c:a alac -use_editlist 0", kPicture), rate);
    EXPECT_EQ(lateness(samples_of(*late), rate), 0) << rate;
    const auto aac = decode(encoded("a.mp4", rate, kH264 + "-c:a aac -use_editlist 0", kPicture), rate);
    EXPECT_EQ(lateness(samples_of(*aac), rate), 0) << rate;
  }
}

TEST_F(SoundForms, OtherContainersAndCodingsAreExact) {
  for (const int rate : kRates) {
    for (const char* form : {"-c:a flac s.flac", "-c:a flac -f ogg s.oga", "-c:a libvorbis s.ogg", "-c:a alac s.m4a",
                             "-c:a pcm_s24le s.wav", "-c:a pcm_f32le s.wav", "-c:a pcm_s16be s.aiff"}) {
      const std::string text = form, name = text.substr(text.rfind(' ') + 1);
      expect_in_step(encoded(name, rate, text.substr(0, text.rfind(' '))), rate);
    }
  }
  expect_in_step(encoded("o.ogg", 48000, "-c:a libopus"), 48000);
  expect_in_step(encoded("o.webm", 48000, "-c:a libopus"), 48000);
}

// As a program writes it that cannot go back to the header: the sizes are 0xffffffff.
TEST_F(SoundForms, AWavFromAPipeIsExact) {
  for (const int rate : kRates) expect_in_step(encoded("p.wav", rate, "-f wav pipe:1 | cat >"), rate);
}

TEST_F(SoundForms, AnAdtsStreamHasNoKnownStart) {
  expect_unknown(encoded("s.aac", 48000, "-c:a aac"), 48000);
}

// ---- hostile files

TEST_F(SoundForms, CutAndBrokenTagsAreReadWithinTheirBounds) {
  const std::string mp3 = bytes_of(encoded("s.mp3", 48000, "-c:a libmp3lame -b:a 128k"));
  for (std::size_t size = 0; size < 600; ++size) {
    SpoolFile file;
    file.write_at(0, std::as_bytes(std::span(mp3.data(), size)));
    const SoundTiming timing = read_sound_timing(file);
    EXPECT_LE(timing.data_offset, size);
  }
  for (const std::string& bytes :
       {std::string("ID3\4\0\x10\x7f\x7f\x7f\x7f", 10), std::string("\0\0\0\1ftyp\0\0\0\0", 12),
        std::string("\0\0\0\x8"
                    "ftyp\0\0\0\1moov\xff\xff\xff\xff\xff\xff\xff\xff",
                    24)}) {
    SpoolFile file;
    file.write_at(0, std::as_bytes(std::span(bytes)));
    EXPECT_FALSE(read_sound_timing(file).proper);
  }
}

}  // namespace
}  // namespace klingv2a::test
