// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The sound of one clip: decoded, in the format that the audio pad's peer takes, and exactly as long as the clip. Made
// on the cycle thread, immutable afterwards, read by the audio pad's task.
#pragma once

#include <gio/gio.h>
#include <gst/audio/audio.h>

#include <cstdint>
#include <memory>
#include <span>

#include "clip_timeline.h"
#include "gst_ptr.h"
#include "spool_file.h"

namespace klingv2a {

class Soundtrack {
 public:
  // `pcm`: interleaved samples; null: silence. `caps` are fixed and may ask for either layout.
  Soundtrack(CapsPtr caps, GBytesPtr pcm, std::int64_t samples);

  [[nodiscard]] const GstCaps* caps() const noexcept { return caps_.get(); }
  [[nodiscard]] int rate() const noexcept { return GST_AUDIO_INFO_RATE(&info_); }
  [[nodiscard]] std::int64_t samples() const noexcept { return samples_; }  // per channel
  // A buffer of `count` samples from sample `first` on, without timestamps; what lies outside the soundtrack is
  // silence.
  [[nodiscard]] BufferPtr slice(std::int64_t first, std::int64_t count) const;

  // What fitting did, in samples at rate(): for the stats.
  std::int64_t padded = 0;           // silence added
  std::int64_t trimmed = 0;          // cut from the end
  std::int64_t decoded_samples = 0;  // how long the sound was before
  // False for an MP3 or AAC that says nothing of what its encoder has put before the sound: it may be some tens of
  // milliseconds late.
  bool start_is_known = true;

 private:
  [[nodiscard]] BufferPtr interleaved(std::int64_t first, std::int64_t count) const;
  [[nodiscard]] BufferPtr planar(const BufferPtr& interleaved) const;

  CapsPtr caps_;
  GstAudioInfo info_{};
  GBytesPtr pcm_;
  std::int64_t samples_;
};

// The caps to give the audio pad: of what its peer takes (null: nothing is known), nearest to 48 kHz stereo S16LE.
// Null when the peer takes no raw audio.
[[nodiscard]] CapsPtr choose_audio_caps(GstCaps* peer);

// Which part of a decoded sound belongs to a clip: it starts `pre_roll` after the sound's beginning and lasts `length`.
struct SoundWindow {
  Nanoseconds pre_roll = 0;
  Nanoseconds length = 0;
};

// Decodes `sound` (WAV, MP3, or an MP4's sound track) and fits it, to the sample. Throws Error{result} when it holds no
// sound that can be decoded, Error{settings} for a missing element, Error{cancelled}.
[[nodiscard]] std::shared_ptr<const Soundtrack> decode_soundtrack(const SpoolFile& sound, const CapsPtr& caps,
                                                                  const SoundWindow& window, GCancellable* cancel);

// `samples`: 32-bit float, interleaved, of the rate and channels of `caps`. What other formats cannot hold is rounded,
// without dither, so that the same samples give the same bits.
[[nodiscard]] std::shared_ptr<const Soundtrack> make_soundtrack(const CapsPtr& caps, std::span<const float> samples);

[[nodiscard]] std::shared_ptr<const Soundtrack> make_silence(const CapsPtr& caps, Nanoseconds length);

}  // namespace klingv2a
