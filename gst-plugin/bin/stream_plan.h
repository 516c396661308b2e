// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What becomes of each stream of the input: decided once, when all are known and before anything is paid. Pure
// functions; any thread.
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>
#include <vector>

#include "container.h"
#include "gst_ptr.h"

namespace klingv2a {

// What happens to the input's first audio stream: the generated sound is lowered under it, added to it, takes its
// place, or becomes a stream beside it.
enum class OriginalAudio { duck, mix, replace, separate };

enum class Role {
  dubbed,    // the video that gets a sound
  mixed,     // the audio that the generated sound is mixed with
  copied,    // packet for packet, beside the video
  replaced,  // left out, as asked for
  lost,      // left out, since the muxer cannot carry it, or since it is another video
};

struct InputStream {
  std::string name;  // of the demuxer's pad, for messages
  CapsPtr caps;
  std::uint64_t track = 0;  // its number in the file, where that is known
  bool is_default = true;   // what the file says of it
};

struct Wishes {
  Container container = Container::automatic;
  OriginalAudio original = OriginalAudio::duck;
};

struct StreamPlan {
  Container container = Container::mkv;
  std::vector<Role> roles;        // one for each input stream
  std::size_t original = 0;       // the audio that is dubbed; the number of streams: there is none
  std::size_t sound_place = 0;    // the sound's track comes before those of the streams from here on
  std::vector<std::string> lost;  // one sentence for each stream that is lost
};

// `found`: the input's own container, if it can be written. Throws Error{input|settings}, nothing paid: there is no
// video, or no muxer carries it.
[[nodiscard]] StreamPlan make_plan(const std::vector<InputStream>& streams, const Wishes& wishes,
                                   std::optional<Container> found);

[[nodiscard]] bool is_video(const GstCaps* caps);
[[nodiscard]] bool is_audio(const GstCaps* caps);

GType original_audio_get_type();

}  // namespace klingv2a
