// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a sound file says of the samples that are no sound. An encoder puts some before the first one and behind the
// last one; who keeps them plays the sound late. MP3 says it in the tag of Xing and LAME, iTunes in iTunSMPB; the other
// containers say it to GStreamer's demuxers, which obey (edit lists, Opus' pre-skip). Read from the file's own bytes,
// because GStreamer 1.22 passes over both. Pure reading, every field with bounds; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "spool_file.h"

namespace klingv2a {

// The sound proper within what a decoder gives, in samples of the file's own rate.
struct ProperSound {
  std::int64_t first = 0;
  std::int64_t count = -1;  // -1: to the end
};

struct SoundTiming {
  // Where the decoder is to begin: behind an MP3's tags, whose frame is no sound, and which later versions of GStreamer
  // would read for themselves.
  std::uint64_t data_offset = 0;
  std::optional<ProperSound> proper;  // absent: the file's own bytes say nothing of it
};

// Throws Error{disk}.
[[nodiscard]] SoundTiming read_sound_timing(const SpoolFile& file);

}  // namespace klingv2a
