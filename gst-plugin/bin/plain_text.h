// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Subtitles without their markup, for muxers that take plain text only: what is said stays, how it looks and where it
// stands goes. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gst_ptr.h"

namespace klingv2a {

enum class Markup {
  pango,
  webvtt,         // a cue's text, or cues with their header and times
  webvtt_ffmpeg,  // FFmpeg's own way in Matroska: a line with the cue's name, one with its settings, then its text
  ssa,            // an event of SSA or ASS as Matroska has it: eight fields before the text
};

// Of a subtitle's caps; nothing where it is plain, no text, or not understood.
[[nodiscard]] std::optional<Markup> markup_of(const GstCaps* caps);

// Caps of a WebVTT that came as "some subtitle".
[[nodiscard]] CapsPtr webvtt_caps(Markup markup);
[[nodiscard]] CapsPtr plain_text_caps();

// Text without tags, entities resolved. What is no such markup comes back as it is.
[[nodiscard]] std::string plain_text(std::string_view text, Markup markup);

// The same for a subtitle; times, flags and metas stay.
[[nodiscard]] BufferPtr plain_text(const BufferPtr& subtitle, Markup markup);

}  // namespace klingv2a
