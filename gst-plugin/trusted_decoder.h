// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What strangers wrote (a result of the service, a video from somewhere) is taken apart by elements of a short list
// only. decodebin and parsebin would plug whatever fits the bytes: of a playlist a demuxer that opens each URI in it,
// on this machine and in its network. Here nothing that opens anything can be plugged: which elements there are says
// the list, what the stream is say its bytes, and the registry, which is the host's, stays as it is.
//
// Also what a sound may claim to be: a rate of 2147483647 ends the process in audioresample.
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

// What nobody would send in earnest; empty for caps of a sound as there may be. Fields that are not there may be
// anything. Hz: 8000 to 192000; channels: 1 to 64.
[[nodiscard]] std::string what_is_absurd(const GstCaps* sound);

// Caps that are absurd do not leave `decoder`: they are an ERROR.
void refuse_absurd_sounds(GstElement* decoder);

// Of each sound no more than `most` leaves `decoder`: what goes on after that is an ERROR.
void refuse_longer_sounds(GstElement* decoder, GstClockTime most);

// What a sound for `clip` may last: four times that, and a minute.
[[nodiscard]] constexpr GstClockTime most_of_a_sound(GstClockTime clip) {
  return 4 * clip + 60 * GST_SECOND;
}

}  // namespace klingv2a
