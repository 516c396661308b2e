// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The sound of a clip: its caps, its exact length, and what of a decoded result belongs to it.
#include "soundtrack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "error.h"
#include "no_descriptors.h"

namespace klingv2a {
namespace {

constexpr auto kSecond = static_cast<Nanoseconds>(GST_SECOND);

CapsPtr caps_of(const std::string& text) {
  return CapsPtr::adopt(gst_caps_from_string(text.c_str()));
}

CapsPtr raw_caps(int rate = 48000, int channels = 2, const char* layout = "interleaved", const char* format = "S16LE") {
  return CapsPtr::adopt(gst_caps_new_simple("audio/x-raw", "format", G_TYPE_STRING, format, "layout", G_TYPE_STRING,
                                            layout, "rate", G_TYPE_INT, rate, "channels", G_TYPE_INT, channels,
                                            nullptr));
}

std::vector<std::int16_t> samples_of(const BufferPtr& buffer) {
  std::vector<std::int16_t> samples(gst_buffer_get_size(buffer.get()) / sizeof(std::int16_t));
  gst_buffer_extract(buffer.get(), 0, samples.data(), samples.size() * sizeof(std::int16_t));
  return samples;
}

template <typename T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// A WAV of one channel whose sample number n has the value n % 30000 + 1.
std::string counting_wav(std::uint32_t count, std::uint32_t rate = 48000) {
  std::string wav = "RIFF";
  append(wav, 36 + count * 2);
  wav += "WAVEfmt ";
  append(wav, std::uint32_t{16});
  append(wav, std::uint16_t{1});
  append(wav, std::uint16_t{1});
  append(wav, rate);
  append(wav, rate * 2);
  append(wav, std::uint16_t{2});
  append(wav, std::uint16_t{16});
  wav += "data";
  append(wav, count * 2);
  for (std::uint32_t n = 0; n < count; ++n) append(wav, static_cast<std::int16_t>(n % 30000 + 1));
  return wav;
}

class DecodeTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Soundtrack> decode(const std::string& bytes, const SoundWindow& window, const CapsPtr& caps) {
    SpoolFile file;
    file.write_at(0, std::as_bytes(std::span(bytes.data(), bytes.size())));
    return decode_soundtrack(file, caps, window, cancel_.get());
  }
  ErrorKind failure(const std::string& bytes) {
    try {
      (void)decode(bytes, {0, kSecond}, raw_caps());
    } catch (const Error& error) {
      EXPECT_EQ(error.details().phase, Phase::decode);
      return error.kind();
    }
    ADD_FAILURE() << "decoded";
    return ErrorKind::service;
  }
  const GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
};

// ---- caps

void expect_chosen(const std::string& peer, const std::string& wanted) {
  const auto caps = choose_audio_caps(caps_of(peer).get());
  ASSERT_TRUE(caps) << peer;
  EXPECT_TRUE(gst_caps_is_fixed(caps.get()));
  EXPECT_TRUE(gst_caps_is_subset(caps.get(), caps_of(wanted).get())) << to_text(caps.get());
  GstAudioInfo info;
  EXPECT_TRUE(gst_audio_info_from_caps(&info, caps.get())) << to_text(caps.get());
}

TEST(AudioCaps, AreStereoAt48kWhereThePeerTakesAnything) {
  const auto caps = choose_audio_caps(nullptr);
  EXPECT_TRUE(gst_caps_is_equal(caps.get(), raw_caps().get())) << to_text(caps.get());
  expect_chosen("ANY", "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved");
}

TEST(AudioCaps, AreTheNearestThePeerTakes) {
  expect_chosen("audio/x-raw,rate=44100", "audio/x-raw,format=S16LE,rate=44100,channels=2");
  expect_chosen("audio/x-raw,rate={8000,16000,96000}", "audio/x-raw,rate=16000");
  expect_chosen("audio/x-raw,channels=1", "audio/x-raw,rate=48000,channels=1");
  expect_chosen("audio/x-raw,channels=[4,8],rate=[8000,32000]", "audio/x-raw,rate=32000,channels=4");
}

TEST(AudioCaps, AreLookedForInAllOfThePeersCaps) {
  expect_chosen("audio/mpeg;audio/x-raw,rate=8000;audio/x-raw,rate=48000,channels=2",
                "audio/x-raw,rate=48000,channels=2");
}

TEST(AudioCaps, MayBePlanar) {
  expect_chosen("audio/x-raw,format=F32LE,layout=non-interleaved,rate=[8000,96000],channels=[1,8]",
                "audio/x-raw,format=F32LE,layout=non-interleaved,rate=48000,channels=2");
}

TEST(AudioCaps, AreNoneForAPeerThatTakesNoRawAudio) {
  EXPECT_FALSE(choose_audio_caps(caps_of("audio/mpeg").get()));
  EXPECT_FALSE(choose_audio_caps(caps_of("video/x-raw").get()));
  EXPECT_FALSE(choose_audio_caps(caps_of("EMPTY").get()));
}

// ---- silence and slices

TEST(Silence, LastsExactlyAsLongAsTheClip) {
  EXPECT_EQ(make_silence(raw_caps(), 3 * kSecond)->samples(), 144000);
  EXPECT_EQ(make_silence(raw_caps(44100), 3'003'000'000)->samples(), 132432);
  EXPECT_EQ(make_silence(raw_caps(), 0)->samples(), 0);
}

TEST(Silence, IsRealSamplesOfTheFormatsZero) {
  const auto silence = make_silence(raw_caps(), kSecond)->slice(0, 1920);
  EXPECT_EQ(samples_of(silence), std::vector<std::int16_t>(1920 * 2, 0));
  const auto unsigned8 = make_silence(raw_caps(48000, 1, "interleaved", "U8"), kSecond)->slice(0, 4);
  std::array<guint8, 4> bytes{};
  ASSERT_EQ(gst_buffer_extract(unsigned8.get(), 0, bytes.data(), bytes.size()), bytes.size());
  EXPECT_EQ(bytes, (std::array<guint8, 4>{128, 128, 128, 128}));
}

Soundtrack three_samples(const CapsPtr& caps) {
  static constexpr std::array<std::int16_t, 6> kPcm{1, -1, 2, -2, 3, -3};
  return {caps, GBytesPtr(g_bytes_new_static(kPcm.data(), sizeof kPcm)), 3};
}

TEST(Slice, OutsideTheSoundtrackIsSilence) {
  const auto sound = three_samples(raw_caps());
  EXPECT_EQ(samples_of(sound.slice(1, 2)), (std::vector<std::int16_t>{2, -2, 3, -3}));
  EXPECT_EQ(samples_of(sound.slice(2, 2)), (std::vector<std::int16_t>{3, -3, 0, 0}));
  EXPECT_EQ(samples_of(sound.slice(-1, 2)), (std::vector<std::int16_t>{0, 0, 1, -1}));
  EXPECT_EQ(samples_of(sound.slice(-1, 5)), (std::vector<std::int16_t>{0, 0, 1, -1, 2, -2, 3, -3, 0, 0}));
  EXPECT_EQ(samples_of(sound.slice(100, 1)), (std::vector<std::int16_t>{0, 0}));
  EXPECT_EQ(samples_of(sound.slice(-100, 1)), (std::vector<std::int16_t>{0, 0}));
}

TEST(Slice, OfAPlanarSoundHasOnePlaneAChannel) {
  const auto slice = three_samples(raw_caps(48000, 2, "non-interleaved")).slice(0, 3);
  EXPECT_EQ(samples_of(slice), (std::vector<std::int16_t>{1, 2, 3, -1, -2, -3}));
  const GstAudioMeta* meta = gst_buffer_get_audio_meta(slice.get());
  ASSERT_NE(meta, nullptr);
  EXPECT_EQ(meta->samples, 3U);
  EXPECT_EQ(meta->info.layout, GST_AUDIO_LAYOUT_NON_INTERLEAVED);
}

// ---- decoding

TEST_F(DecodeTest, KeepsEverySampleOfASoundThatFits) {
  const auto sound = decode(counting_wav(48000), {0, kSecond}, raw_caps(48000, 1));
  ASSERT_EQ(sound->samples(), 48000);
  const auto samples = samples_of(sound->slice(0, 48000));
  for (std::size_t n = 0; n < samples.size(); ++n) ASSERT_EQ(samples[n], static_cast<int>(n % 30000 + 1)) << n;
  EXPECT_EQ(sound->padded, 0);
  EXPECT_EQ(sound->trimmed, 0);
}

TEST_F(DecodeTest, FillsAShorterSoundWithSilenceAtItsEnd) {
  const auto sound = decode(counting_wav(40000), {0, kSecond}, raw_caps(48000, 1));
  EXPECT_EQ(sound->samples(), 48000);
  EXPECT_EQ(sound->padded, 8000);
  EXPECT_EQ(samples_of(sound->slice(39999, 2)), (std::vector<std::int16_t>{10000, 0}));
}

TEST_F(DecodeTest, CutsALongerSoundAtItsEnd) {
  const auto sound = decode(counting_wav(50000), {0, kSecond}, raw_caps(48000, 1));
  EXPECT_EQ(sound->samples(), 48000);
  EXPECT_EQ(sound->trimmed, 2000);
  EXPECT_EQ(samples_of(sound->slice(47999, 2)), (std::vector<std::int16_t>{18000, 0}));
}

TEST_F(DecodeTest, CutsThePreRollFromItsFront) {
  const auto sound = decode(counting_wav(48000), {kSecond / 10, kSecond * 9 / 10}, raw_caps(48000, 1));
  EXPECT_EQ(sound->samples(), 43200);
  EXPECT_EQ(samples_of(sound->slice(0, 1)), (std::vector<std::int16_t>{4801}));
  EXPECT_EQ(sound->padded, 0);
  EXPECT_EQ(sound->trimmed, 0);
}

TEST_F(DecodeTest, APreRollLongerThanTheSoundLeavesSilence) {
  const auto sound = decode(counting_wav(4800), {kSecond, kSecond}, raw_caps(48000, 1));
  EXPECT_EQ(sound->padded, 48000);
  EXPECT_EQ(samples_of(sound->slice(0, 2)), (std::vector<std::int16_t>{0, 0}));
}

TEST_F(DecodeTest, ConvertsRateAndChannels) {
  const auto sound = decode(counting_wav(44100, 44100), {0, kSecond}, raw_caps());
  EXPECT_EQ(sound->samples(), 48000);
  EXPECT_EQ(sound->rate(), 48000);
  EXPECT_LE(std::abs(sound->padded) + std::abs(sound->trimmed), 2);
  const auto stereo = samples_of(sound->slice(1000, 1));
  EXPECT_EQ(stereo[0], stereo[1]);
  EXPECT_NEAR(stereo[0], 1000 * 44100.0 / 48000, 3);
}

TEST_F(DecodeTest, MakesPlanarSoundWhereThePeerWantsIt) {
  const auto sound = decode(counting_wav(48000), {0, kSecond}, raw_caps(48000, 2, "non-interleaved"));
  EXPECT_EQ(samples_of(sound->slice(5, 2)), (std::vector<std::int16_t>{6, 7, 6, 7}));
}

TEST_F(DecodeTest, GarbageIsAResultError) {
  std::string garbage(20000, '\0');
  for (std::size_t i = 0; i < garbage.size(); ++i) garbage[i] = static_cast<char>(i * 2654435761U >> 13U);
  EXPECT_EQ(failure(garbage), ErrorKind::result);
  EXPECT_EQ(failure("<html>not a sound</html>"), ErrorKind::result);
  EXPECT_EQ(failure(""), ErrorKind::result);
}

TEST_F(DecodeTest, ASoundWithoutASampleIsAResultError) {
  EXPECT_EQ(failure(counting_wav(0)), ErrorKind::result);
}

TEST_F(DecodeTest, ACancelBeforeItBeginsIsNotLost) {
  g_cancellable_cancel(cancel_.get());
  EXPECT_EQ(failure(counting_wav(48000)), ErrorKind::cancelled);
}

TEST_F(DecodeTest, WithoutDescriptorsThisMachineIsNamed) {
  const CapsPtr caps = raw_caps();
  const std::string bytes = counting_wav(48000);
  SpoolFile file;
  file.write_at(0, std::as_bytes(std::span(bytes.data(), bytes.size())));
  const test::NoDescriptors nothing_left;
  try {
    (void)decode_soundtrack(file, caps, {0, kSecond}, cancel_.get());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_NE(std::string(error.what()).find("no more files can be opened"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace klingv2a
