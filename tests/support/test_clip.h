// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Small clips whose every frame is known: dark, unlike its neighbours, and bright on the frames that were asked for.
// Made with GStreamer once per process and set of options.
//
// Threads: any; the first caller with a set of options makes its clip, and others wait meanwhile.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace klingv2a::test {

struct ClipOptions {
  enum class Container { mp4, mov, mkv, ts, h264 };  // h264: byte-stream, no container and so no timestamps

  int width = 1280, height = 720;  // multiples of 8
  int fps_n = 30, fps_d = 1;
  double seconds = 4;             // rounded to whole frames
  int bframes = 0;                // between two reference frames, always that many
  int gop = 30;                   // frames from one key frame to the next, at most
  std::vector<int> flash_frames;  // bright; the others are dark
  Container container = Container::mp4;
  int kbit_s = 0;  // not 0: pictures full of noise, coded at about this rate, for big files

  auto operator<=>(const ClipOptions&) const = default;  // NOLINT(modernize-use-nullptr): of the compiler's own code
};

[[nodiscard]] int frame_count(const ClipOptions& options);
// The beginning of frame `frame`, rounded down, as GStreamer does.
[[nodiscard]] std::int64_t frame_ns(const ClipOptions& options, int frame);

// The path of the clip; the file goes with the process. Throws std::runtime_error when it cannot be made.
[[nodiscard]] std::string test_clip(const ClipOptions& options);
// The whole file.
[[nodiscard]] std::string test_clip_bytes(const ClipOptions& options);

}  // namespace klingv2a::test
