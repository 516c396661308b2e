// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How the sound is coded for a container: which encoder, with which settings, and how many samples it puts before the
// sound (its priming), which GStreamer's encoders do not report to the muxers. Pure look-ups; any thread.
#pragma once

#include <gst/gst.h>

#include <string>

#include "container.h"
#include "gst_ptr.h"

namespace klingv2a {

enum class AudioCodec { automatic, aac, opus, pcm, flac };

struct SoundEncoder {
  std::string factory;  // empty: raw samples are written as they are
  std::string name;     // of the codec, for reports
  CapsPtr caps;         // of raw audio, what goes in
  CapsPtr coded;        // what comes out, for the choice of the muxer's pad
  GstClockTime priming = 0;
  bool counts_from_sound = false;  // packets' times are to be counted anew: CodedOpusTimes
  bool keeps_channels = true;      // as many as were asked for
};

// For a sound of so many channels (0: not known, or one or two). With AudioCodec::automatic the codec is one that
// keeps them, if there is one. Throws Error{settings}: no such encoder is installed, or the container does not carry
// the codec.
[[nodiscard]] SoundEncoder choose_encoder(AudioCodec codec, Container container, int channels = 0);

// The element, its bit rate set for so many channels; null for raw samples.
[[nodiscard]] ElementPtr make_encoder(const SoundEncoder& encoder);
void set_bitrate(GstElement* encoder, int channels);

GType audio_codec_get_type();

}  // namespace klingv2a
