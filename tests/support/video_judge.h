// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Videos of every kind, made by FFmpeg, and what is promised of each: it leaves klingv2a as it came, its sound lies
// under it to the frame, and the file that the service fetched is one that it takes and shows the same pictures.
//
// Judged by ffprobe and ffmpeg, which share nothing with what made the proxy. Blocking; any thread.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace klingv2a::test {

// A video to make: dark and moving, with a grey box in its left upper corner, and white from frames 40 and 70 on for
// three frames.
struct VideoInput {
  std::string name;
  std::string file;                 // its name: the suffix says the container
  std::vector<std::string> coding;  // options of ffmpeg for the output
  std::string elements;             // between filesrc and klingv2a
  std::string conformed;            // a part of why it is transcoded; empty: it is remuxed
  int width = 320, height = 240;
  std::string rate = "25";   // as FFmpeg has it, frames a second
  std::string filters = {};  // for the pictures, behind those that make them
  double seconds = 3.2;      // that are made
  double lasts = 0;          // 0: as long as that
  int frames_off = 0;        // so many frames fewer may be in the proxy
  double aspect = 0;         // width to height as a decoder has it; 0: as ffprobe has it
  std::string remux = {};    // GStreamer's elements from FFmpeg's file to the one that is read
  std::string source = {};   // a file that is there already; nothing is known of its pictures
};
void PrintTo(const VideoInput& input, std::ostream* out);
// The same with one thing changed.
[[nodiscard]] VideoInput sized(int width, int height, VideoInput input);
[[nodiscard]] VideoInput at(const std::string& rate, VideoInput input);
[[nodiscard]] VideoInput filtered(const std::string& filters, VideoInput input);
// H.264 in MP4, with the tag image-orientation.
[[nodiscard]] VideoInput turned(const std::string& orientation, VideoInput input);
[[nodiscard]] VideoInput shown_as(double aspect, VideoInput input);

// Makes the video, runs it through klingv2a and the simulated service, and judges everything by GoogleTest's EXPECT_.
void judge_video(const VideoInput& input);

}  // namespace klingv2a::test
