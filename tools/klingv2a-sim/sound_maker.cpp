// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sound_maker.h"

#include <gst/gst.h>

#include <algorithm>
#include <cmath>

#include "memory_pipeline.h"
#include "take_noise.h"

namespace klingv2a::sim {
namespace {

constexpr double kFullScale = 32767;
constexpr std::int64_t kMp3Delay = 1105;  // 576 of the encoder, 529 of the decoder
constexpr std::size_t kWavHeader = 44;
constexpr unsigned kBytesPerSample = 2;

std::int64_t sample_at(std::int64_t time_ns, int rate) {
  return static_cast<std::int64_t>(
      gst_util_uint64_scale_int_round(static_cast<guint64>(time_ns), rate, static_cast<gint>(GST_SECOND)));
}

// White noise that is the same on every run.
class Noise {
 public:
  double next() {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 17U;
    state_ ^= state_ << 5U;
    return static_cast<double>(state_) / 2147483648.0 - 1.0;
  }

 private:
  std::uint32_t state_ = 2463534242U;
};

void put(Pcm& pcm, std::int64_t sample, double value) {
  const auto first = static_cast<std::size_t>(sample * pcm.channels);
  std::fill_n(pcm.samples.begin() + static_cast<std::ptrdiff_t>(first), pcm.channels,
              static_cast<std::int16_t>(std::lround(value * kFullScale)));
}

// Never rounds to zero: digital silence is for the clicks.
double audible(double value) {
  constexpr double kSmallest = 1 / kFullScale;
  return std::abs(value) < kSmallest ? kSmallest : value;
}

double noise_value(Noise& noise, double level) {
  return audible(noise.next() * std::lerp(kNoiseFloor, kNoiseCeiling, std::clamp(level, 0.0, 1.0)));
}

void put_noise(Pcm& pcm, const Score& score) {
  Noise noise;
  auto level = score.levels.begin();
  double now = 0;
  for (std::int64_t i = 0; i < pcm.length(); ++i) {
    for (; level != score.levels.end() && sample_at(level->time_ns, pcm.rate) <= i; ++level) now = level->level;
    put(pcm, i, noise_value(noise, now));
  }
}

void put_take(Pcm& pcm, const Score& score, const TakesDiffer& differ) {
  TakeNoise noise(differ, score.take, pcm.rate);
  auto sight = score.sights.begin();
  for (std::int64_t i = 0; i < pcm.length(); ++i) {
    for (; sight != score.sights.end() && sample_at(sight->time_ns, pcm.rate) <= i; ++sight) noise.see(sight->look);
    put(pcm, i, audible(noise.next()));
  }
}

void put_clicks(Pcm& pcm) {
  const auto silence = static_cast<std::int64_t>(kSilenceSeconds * pcm.rate);
  const auto width = static_cast<std::int64_t>(kClickSeconds * pcm.rate);
  for (const std::int64_t click : pcm.clicks) {
    const std::int64_t end = std::min(pcm.length(), click + width + silence);
    for (std::int64_t i = std::max<std::int64_t>(0, click - silence); i < end; ++i) put(pcm, i, 0);
  }
  for (const std::int64_t click : pcm.clicks)
    for (std::int64_t i = click; i < std::min(pcm.length(), click + width); ++i) put(pcm, i, kClickLevel);
}

void append_le(std::string& bytes, std::uint32_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i) bytes.push_back(static_cast<char>((value >> (8U * i)) & 0xFFU));
}

std::string wav_header(const Pcm& pcm, std::uint32_t data_bytes) {
  const auto channels = static_cast<std::uint32_t>(pcm.channels);
  const auto rate = static_cast<std::uint32_t>(pcm.rate);
  std::string bytes = "RIFF";
  append_le(bytes, static_cast<std::uint32_t>(kWavHeader) - 8 + data_bytes, 4);
  bytes += "WAVEfmt ";
  append_le(bytes, 16, 4);  // size of this chunk
  append_le(bytes, 1, 2);   // PCM
  append_le(bytes, channels, 2);
  append_le(bytes, rate, 4);
  append_le(bytes, rate * channels * kBytesPerSample, 4);
  append_le(bytes, channels * kBytesPerSample, 2);
  append_le(bytes, 8 * kBytesPerSample, 2);
  bytes += "data";
  append_le(bytes, data_bytes, 4);
  return bytes;
}

}  // namespace

Pcm play(const Score& score, const SoundOptions& sound) {
  Pcm pcm{sound.rate, sound.channels, {}, {}};
  const auto more = static_cast<std::int64_t>(std::llround(sound.longer_s * sound.rate));
  const std::int64_t length = std::max<std::int64_t>(0, sample_at(score.length_ns, sound.rate) + more);
  pcm.samples.resize(static_cast<std::size_t>(length * sound.channels));
  for (const std::int64_t click_ns : sound.clicks ? score.clicks_ns : std::vector<std::int64_t>{})
    if (const std::int64_t click = sample_at(click_ns, sound.rate); click < length) pcm.clicks.push_back(click);
  sound.takes.on ? put_take(pcm, score, sound.takes) : put_noise(pcm, score);
  put_clicks(pcm);
  return pcm;
}

Blob make_wav(const Pcm& pcm, std::int64_t skip) {
  const auto first = std::min(pcm.samples.size(), static_cast<std::size_t>(skip * pcm.channels));
  const auto data_bytes = static_cast<std::uint32_t>((pcm.samples.size() - first) * kBytesPerSample);
  std::string bytes = wav_header(pcm, data_bytes);
  bytes.reserve(bytes.size() + data_bytes);
  for (std::size_t i = first; i < pcm.samples.size(); ++i)
    append_le(bytes, static_cast<std::uint16_t>(pcm.samples[i]), kBytesPerSample);
  return make_blob(std::move(bytes));
}

Blob make_mp3(const Pcm& pcm, GCancellable* cancellable) {
  MemoryPipeline pipeline(
      "giostreamsrc name=sound ! wavparse ! audioconvert ! lamemp3enc target=bitrate bitrate=192 cbr=true ! "
      "giostreamsink name=out sync=false");
  pipeline.feed("sound", make_wav(pcm, kMp3Delay));
  return make_blob(pipeline.run(cancellable, "out"));
}

Blob make_video(const Blob& clip, const Pcm& pcm, GCancellable* cancellable) {
  std::string description =
      "giostreamsrc name=sound ! wavparse ! audioconvert ! avenc_alac ! queue ! mux.audio_0 "
      "mp4mux name=mux ! giostreamsink name=out sync=false ";
  if (clip) description += "giostreamsrc name=clip ! qtdemux name=demux demux.video_0 ! queue ! mux.video_0";
  MemoryPipeline pipeline(description);
  pipeline.feed("sound", make_wav(pcm));
  if (clip) pipeline.feed("clip", clip);
  return make_blob(pipeline.run(cancellable, "out"));
}

}  // namespace klingv2a::sim
