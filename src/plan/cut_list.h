// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Lists of shot changes that people write, or other programs: times line by line, or PySceneDetect's table of scenes.
// What strangers wrote, so it is read with bounds. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "nanoseconds.h"

namespace klingv2a::plan {

// Frames a second; 0/1: not known.
struct FrameRate {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
};

// Reads a list in UTF-8, with any line ends. Returns the times from the video's beginning, rising, each once.
//
// One time a line; lines that are empty or begin with # are passed over, and so is a # with what follows a time:
//   83.5           seconds, with up to 9 digits after the point
//   00:01:23.500   hours, minutes, seconds; the hours may be left out
//   00:01:23:12    the same with a frame's number; `rate` must be known. Before the number a ; stands for drop-frame
//                  time code (29.97 or 59.94 frames a second)
// PySceneDetect's table is known by its head, with or without the line "Timecode List:" before it: the beginning of
// each scene but the first.
//
// Throws Error{input} that names the line: what is no time, later than 1000 hours, more than 100000 times, or more than
// 16 MiB.
[[nodiscard]] std::vector<Nanoseconds> read_cut_list(std::string_view text, FrameRate rate = {});

}  // namespace klingv2a::plan
