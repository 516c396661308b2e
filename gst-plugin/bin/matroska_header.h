// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What matroskademux does not report of a Matroska or WebM file (RFC 8794, RFC 9559), read from the file's own bytes.
// Tolerant: a file that is not understood has none of it. On the demuxer's streaming thread.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace klingv2a {

// Does the file (of `length` bytes) end before the end that its segment announces?
[[nodiscard]] bool is_cut_off_matroska(GstPad* source, std::uint64_t length);

// CodecDelay by track number: the part of a coded sound's beginning that is not to be heard, as newer FFmpegs write it.
// Without Opus, whose delay the demuxer takes off itself.
using CodecDelays = std::map<std::uint64_t, GstClockTime>;
[[nodiscard]] CodecDelays codec_delays(GstPad* source);

// That of the track which matroskademux hands out as the stream of this id ("…/TRACK:UID"); 0 if it has none.
[[nodiscard]] GstClockTime delay_of(const CodecDelays& delays, std::string_view stream_id);

// CodecID by track number.
using CodecIds = std::map<std::uint64_t, std::string>;
[[nodiscard]] CodecIds codec_ids(GstPad* source);

}  // namespace klingv2a
