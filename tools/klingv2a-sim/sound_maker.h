// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Makes the sound that follows a picture, so that a listener can tell whether the two are in step: a click on each
// flash, noise that is louder the more the picture moves. The rules a test may rely on:
//
// - A click is kClickLevel of full scale in all channels for 1 ms, beginning exactly at its sample.
// - For kSilence before a click, and for as long after it, there is digital silence (other clicks excepted).
// - Elsewhere there is noise, never digital silence, and at least 20 dB below a click.
// - Where takes are to differ (SoundOptions::takes) the noise is that of take_noise.h: up to kTakeCeiling.
// - The sound is as long as the clip, to the sample (rounded), plus SoundOptions::longer_s. Clicks past its end are
// left out.
//
// Blocking; any thread.
#pragma once

#include <gio/gio.h>

#include <cstdint>
#include <string>
#include <vector>

#include "blob.h"
#include "ledger.h"
#include "look.h"
#include "service.h"

namespace klingv2a::sim {

constexpr double kClickLevel = 0.9;  // below full scale, so that a codec's overshoot does not clip it
constexpr double kClickSeconds = 0.001;
constexpr double kSilenceSeconds = 0.06;
constexpr double kNoiseFloor = 0.003;  // nothing moves
constexpr double kNoiseCeiling = 0.08;

// What there is to hear, independent of the sample rate.
struct Score {
  struct Level {
    std::int64_t time_ns;
    double level;  // 0-1
  };
  std::int64_t length_ns = 0;
  std::vector<std::int64_t> clicks_ns;
  std::vector<Level> levels;  // each holds until the next
  struct Sight {
    std::int64_t time_ns;
    Look look;
  };
  std::vector<Sight> sights;  // likewise
  std::uint64_t take = 0;     // which take it is to be: two numbers, two takes
};

struct Pcm {
  int rate = 0, channels = 0;
  std::vector<std::int64_t> clicks;   // sample indexes
  std::vector<std::int16_t> samples;  // interleaved
  [[nodiscard]] std::int64_t length() const { return static_cast<std::int64_t>(samples.size()) / channels; }
};

[[nodiscard]] Pcm play(const Score& score, const SoundOptions& sound);

// 16-bit PCM in a plain RIFF file: 44 bytes of header, right sizes. `skip` samples are left out at the front.
[[nodiscard]] Blob make_wav(const Pcm& pcm, std::int64_t skip = 0);

// LAME's encoder and every decoder together delay the sound by 1105 samples, and nothing in the stream says so. That
// many samples are left out at the front, so that what a decoder puts out lies right; its first 23 ms are the codec's
// ramp instead of the sound. Throws std::runtime_error, Cancelled.
[[nodiscard]] Blob make_mp3(const Pcm& pcm, GCancellable* cancellable);

// An MP4 of the fetched video's own packets and the sound as ALAC: lossless and without priming, so that it can be
// judged to the sample. Without a video (by video_id): the sound alone. Throws std::runtime_error, Cancelled.
[[nodiscard]] Blob make_video(const Blob& clip, const Pcm& pcm, GCancellable* cancellable);

}  // namespace klingv2a::sim
