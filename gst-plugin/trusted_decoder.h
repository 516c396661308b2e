// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Results and videos come from strangers, so they are demuxed and decoded by elements of a short list only. decodebin
// and parsebin would plug whatever fits the bytes. For a playlist that is a demuxer that opens each URI in it, on this
// machine and in its network. An element that opens URIs is never plugged here. The registry is the host's, and is not
// changed. Of a container no more than 256 streams at a time are taken apart; more are an ERROR.
//
// A sound's caps are bounded, too: a rate of 2147483647 ends the process in audioresample.
//
// The functions are called while `decoder` (decodebin or parsebin) is in NULL; what they connect runs on its streaming
// threads, and posts an ERROR of it on the bus.
#pragma once

#include <gst/gst.h>

#include <string>

namespace klingv2a {

enum class Trusted {
  sounds,      // the containers and codecs that results come in
  containers,  // those of videos; parsebin
  codecs,      // any decoder and parser of video or audio, no container
};

// `decoder` plugs nothing else. A stream that is of another type is an ERROR that says of which.
void trust_only(GstElement* decoder, Trusted trusted);

// Hz. Videos have sound of 5512 Hz (FLV) and of 384 kHz; the service makes neither.
struct RateLimits {
  int least, most;
};
inline constexpr RateLimits kRatesOfResults{8000, 192000};
inline constexpr RateLimits kRatesOfVideos{1000, 768000};

// What is wrong with the rate or the channels (1 to 64) of these caps; empty: nothing. A field that is missing is fine.
[[nodiscard]] std::string what_is_absurd(const GstCaps* sound, RateLimits rates);

// Such caps do not leave `decoder`: they are an ERROR.
void refuse_absurd_sounds(GstElement* decoder, RateLimits rates);

// Of each sound no more than `most` leaves `decoder`: what goes on after that is an ERROR.
void refuse_longer_sounds(GstElement* decoder, GstClockTime most);

// What a sound for `clip` may last: four times that, and a minute.
[[nodiscard]] constexpr GstClockTime most_of_a_sound(GstClockTime clip) {
  return 4 * clip + 60 * GST_SECOND;
}

}  // namespace klingv2a
