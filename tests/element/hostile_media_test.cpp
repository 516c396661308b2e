// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Media that are an attack: as a result of the service and as a video, nothing that they name is asked for or opened,
// what they claim is bounded, and each is an error that says what it was.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "error.h"
#include "hostile_files.h"
#include "pipeline_run.h"
#include "program.h"
#include "soundtrack.h"

namespace klingv2a::test {
namespace {

class Playlist : public ::testing::TestWithParam<Attack> {
 protected:
  Playlist() : path_(folder_.file("attack.mp4")) {
    std::ofstream(path_, std::ios::binary) << GetParam().text_for(trap_);
  }
  Trap trap_;
  TemporaryFolder folder_;
  std::string path_;
};

std::string failure_of_result(const std::string& path, const std::string& format = "S16LE") {
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  const auto caps = CapsPtr::adopt(
      gst_caps_from_string(("audio/x-raw,format=" + format + ",layout=interleaved,rate=48000,channels=2").c_str()));
  try {
    (void)decode_soundtrack(*SpoolFile::open_existing(path), caps, {0, 3 * static_cast<Nanoseconds>(GST_SECOND)},
                            cancel.get());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::result) << error.what();
    return error.what();
  }
  return {};
}

TEST_P(Playlist, AsAResultOpensNothing) {
  EXPECT_NE(failure_of_result(path_), "");
  EXPECT_EQ(trap_.touched(), "");
}

TEST_P(Playlist, AsAVideoOpensNothing) {
  const sim::Service service(quick_service());
  PipelineRun run("filesrc location=" + path_ + " ! klingv2abin api-key=sim-key base-url=" + service.base_url() +
                  " ! fakesink");
  EXPECT_EQ(run.run(), End::error);
  run.stop();
  EXPECT_EQ(trap_.touched(), "");
  EXPECT_EQ(posts(service), 0);
}

INSTANTIATE_TEST_SUITE_P(, Playlist, ::testing::ValuesIn(all_attacks()), ::testing::PrintToStringParamName());

// ---- streams without number

void append_number(std::string& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
}

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

// A movie whose only track is there so often, by numbers of its own. Its movie box is the last one.
std::string with_tracks(const std::string& movie, int count) {
  const auto moov = movie.rfind("moov") - 4, trak = movie.find("trak", moov) - 4;
  const std::string track = movie.substr(trak, number_at(movie, trak));
  const auto id = track.find("tkhd") + 12 + 4;
  std::string content = movie.substr(moov + 8, trak - moov - 8);
  for (int i = 1; i <= count; ++i) {
    std::string numbered;
    append_number(numbered, static_cast<std::uint32_t>(i));
    std::string one = track;
    content += one.replace(id, 4, numbered);
  }
  content += movie.substr(trak + track.size());
  std::string whole = movie.substr(0, moov);
  append_number(whole, static_cast<std::uint32_t>(content.size() + 8));
  return whole + "moov" + content;
}

class ManyStreams : public ::testing::Test {
 protected:
  std::string made(const std::string& coding, int count) {
    const auto one = folder_.file("one.mp4"), many = folder_.file("many.mp4");
    const auto ran = run_program({"sh", "-c", "ffmpeg -nostdin -v error -y " + coding + " " + one});
    EXPECT_EQ(ran.exit_code, 0) << ran.errors;
    std::ifstream in(one, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::ofstream(many, std::ios::binary) << with_tracks(bytes, count);
    return many;
  }
  TemporaryFolder folder_;
};

TEST_F(ManyStreams, InAResultAreBounded) {
  std::string several = "-f lavfi -i sine=d=3 -c:a aac";
  for (int i = 0; i < 20; ++i) several += " -map 0:a";
  EXPECT_EQ(failure_of_result(made(several, 1)), "");
  const auto said = failure_of_result(made("-f lavfi -i sine=d=3 -c:a aac", 3000));
  EXPECT_NE(said.find("more than 256 streams"), std::string::npos) << said;
}

TEST_F(ManyStreams, InAVideoAreBoundedBeforeAnythingIsPaid) {
  const auto path = made("-f lavfi -i testsrc=s=64x64:d=3.2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p", 3000);
  const sim::Service service(quick_service());
  PipelineRun run("filesrc location=" + path + " ! klingv2abin api-key=sim-key base-url=" + service.base_url() +
                  " ! fakesink");
  EXPECT_EQ(run.run(), End::error);
  run.stop();
  EXPECT_NE(run.first_error().find("more than 256 streams"), std::string::npos) << run.first_error();
  EXPECT_EQ(posts(service), 0);
}

// Its demuxer has nothing to say but one ERROR, and says it while parsebin still connects it.
TEST(ReferenceMovie, IsAnErrorEachTime) {
  Trap trap;
  const TemporaryFolder folder;
  const auto attack = std::ranges::find(all_attacks(), "MovieOfAFile", &Attack::name);
  ASSERT_NE(attack, all_attacks().end());
  std::ofstream(folder.file("movie.mov"), std::ios::binary) << attack->text_for(trap);
  const sim::Service service(quick_service());
  PipelineRun run("filesrc location=" + folder.file("movie.mov") +
                  " ! klingv2abin api-key=sim-key base-url=" + service.base_url() + " ! fakesink");
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(run.run(std::chrono::seconds(10)), End::error) << i;
    run.stop();
    ASSERT_NE(run.first_error().find("no playable streams"), std::string::npos) << run.first_error();
    run.forget_messages();
  }
  EXPECT_EQ(trap.touched(), "");
}

// ---- what a WAV claims

void put(std::string& bytes, std::uint32_t value, int size) {
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
}

std::string wav(std::uint32_t rate, std::uint32_t channels, std::uint32_t bits, std::uint32_t data_size) {
  std::string bytes = "RIFF";
  put(bytes, 36 + data_size, 4);
  bytes += "WAVEfmt ";
  put(bytes, 16, 4);
  put(bytes, 1, 2);
  put(bytes, channels, 2);
  put(bytes, rate, 4);
  put(bytes, rate * channels * bits / 8, 4);
  put(bytes, channels * bits / 8, 2);
  put(bytes, bits, 2);
  bytes += "data";
  put(bytes, data_size, 4);
  return bytes;
}

class AbsurdSound : public ::testing::Test {
 protected:
  std::string failure(const std::string& head, std::uintmax_t size) const {
    const auto path = folder_.file("absurd.wav");
    std::ofstream(path, std::ios::binary) << head;
    std::filesystem::resize_file(path, size);
    return failure_of_result(path);
  }
  TemporaryFolder folder_;
};

TEST_F(AbsurdSound, RatesAreNamed) {
  for (const std::uint32_t rate : {1U, 100U, 7999U, 192001U, 1000000U, 2147483647U}) {
    const auto said = failure(wav(rate, 2, 16, 12000), 12044);
    EXPECT_NE(said.find(std::to_string(rate) + " samples a second"), std::string::npos) << rate << ": " << said;
  }
}

TEST_F(AbsurdSound, RatesAndChannelsThatNoNumberIs) {
  for (const std::uint32_t rate : {0U, 2147483648U, 4294967295U})
    EXPECT_NE(failure(wav(rate, 2, 16, 12000), 12044), "");
  for (const std::uint32_t channels : {0U, 65U, 255U, 65535U})
    EXPECT_NE(failure(wav(48000, channels, 16, 12000), 12044), "");
  for (const std::uint32_t bits : {0U, 7U, 65535U}) EXPECT_NE(failure(wav(48000, 2, bits, 12000), 12044), "");
}

TEST_F(AbsurdSound, OfTenHoursIsNotDecodedToItsEnd) {
  constexpr std::uint32_t kTenHours = 36000U * 8000U;
  const auto said = failure(wav(8000, 1, 8, kTenHours), 44 + std::uintmax_t{kTenHours});
  EXPECT_NE(said.find("longer than"), std::string::npos) << said;
}

TEST_F(AbsurdSound, OfAMinuteIsCutAsEver) {
  constexpr std::uint32_t kMinute = 60U * 8000U;
  EXPECT_EQ(failure(wav(8000, 1, 8, kMinute), 44 + std::uintmax_t{kMinute}), "");
}

TEST_F(AbsurdSound, SamplesThatAreNoNumbers) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 3e38F, 0.5F}) {
    std::string bytes = wav(48000, 2, 32, 48000 * 8);
    bytes[20] = 3;  // floating point
    bytes.resize(44 + 48000 * 8, '\0');
    std::memcpy(bytes.data() + 44 + 4000, &bad, sizeof bad);
    const auto path = folder_.file("float.wav");
    std::ofstream(path, std::ios::binary) << bytes;
    EXPECT_EQ(failure_of_result(path, "F32LE").empty(), bad == 0.5F) << bad;
  }
}

// The rate of a video's own sound, which is mixed.
TEST_F(AbsurdSound, OfAVideoIsRefusedBeforeItIsPaidFor) {
  const auto made =
      run_program({"sh", "-c",
                   "cd " + folder_.path().string() +
                       " && ffmpeg -nostdin -v error -y -f lavfi -i testsrc=s=1280x720:d=3.2 -f lavfi -i "
                       "sine=d=3.2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a pcm_s16le in.mkv"});
  ASSERT_EQ(made.exit_code, 0) << made.errors;
  // SamplingFrequency, an 8-byte float of 44100.
  std::ifstream in(folder_.file("in.mkv"), std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const std::string rate("\xb5\x88\x40\xe5\x88\x80\x00\x00\x00\x00", 10);
  const auto at = bytes.find(rate);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, rate.size(), std::string("\xb5\x88\x41\xdf\xff\xff\xff\xc0\x00\x00", 10));  // 2147483647
  std::ofstream(folder_.file("absurd.mkv"), std::ios::binary) << bytes;
  const sim::Service service(quick_service());
  PipelineRun run("filesrc location=" + folder_.file("absurd.mkv") +
                  " ! klingv2abin original-audio=mix api-key=sim-key "
                  "base-url=" +
                  service.base_url() + " ! fakesink");
  EXPECT_EQ(run.run(), End::error);
  run.stop();
  EXPECT_NE(run.first_error().find("samples a second"), std::string::npos) << run.first_error();
  EXPECT_EQ(posts(service), 0);
}

// Old videos have such sounds, which are no attack.
TEST_F(AbsurdSound, AnOldVideosOwnIsMixed) {
  for (const char* rate : {"5512", "4000"}) {
    const auto path = folder_.file(std::string(rate) + ".mkv");
    const auto made = run_program({"ffmpeg",     "-nostdin",  "-v",
                                   "error",      "-y",        "-f",
                                   "lavfi",      "-i",        "testsrc=s=1280x720:d=3.2",
                                   "-f",         "lavfi",     "-i",
                                   "sine=d=3.2", "-c:v",      "libx264",
                                   "-preset",    "ultrafast", "-pix_fmt",
                                   "yuv420p",    "-c:a",      "pcm_s16le",
                                   "-ar",        rate,        path});
    ASSERT_EQ(made.exit_code, 0) << made.errors;
    const sim::Service service(quick_service());
    PipelineRun run("filesrc location=" + path +
                    " ! klingv2abin original-audio=mix api-key=sim-key base-url=" + service.base_url() + " ! fakesink");
    EXPECT_EQ(run.run(), End::eos) << rate << ": " << run.first_error();
    EXPECT_EQ(posts(service), 1);
  }
}

}  // namespace
}  // namespace klingv2a::test
