// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files of every kind, made by FFmpeg, and what is promised of each: klingv2abin changes its sound and nothing else.
//
// Judged by FFmpeg on both sides. Blocking; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "pipeline_run.h"
#include "probed_file.h"
#include "temporary_folder.h"

namespace klingv2a::test {

// Makes files once, in a folder of its own with two to start from: video.mp4 (H.264 with B-frames, 25 pictures a
// second, 3.2 s, key frames each second) and original.wav (noise in two channels, a click at 1 s).
class InputFiles {
 public:
  InputFiles();
  // `command` is a line of a shell that makes `file` in the folder; returns the file's path.
  [[nodiscard]] std::string make(const std::string& file, const std::string& command);
  [[nodiscard]] std::string path(const std::string& file) const { return folder_.file(file); }

 private:
  TemporaryFolder folder_;
  std::map<std::string, std::string> made_;
};

struct DubCase {
  std::string name;
  std::string file;                // its name, or the path of one that is there already
  std::string make;                // see InputFiles; empty: it is there already
  std::string output = "out.mp4";  // its name
  std::string properties = "original-audio=mix generated-level=-50";  // of klingv2abin
  std::vector<std::string> lost = {};                                 // a part of each sentence about what is lost
  bool reframed = false;      // the output's container wants another framing: decoded pictures are compared
  int beyond_edit = 0;        // so many packets at the end of an edit list qtdemux may leave out (1.22 does)
  int sound_track = 0;        // among the output's audio streams
  int channels = 2;           // of the sound
  std::string codec = "aac";  // of the sound
  double loudness = -23;      // LUFS
  bool in_step = true;        // the original is in the sound, and its click tells where
  double duration_s = 0;      // 0: as the input's
  std::string gone = {};      // the type of the streams that are lost
};
void PrintTo(const DubCase& file, std::ostream* out);

// What klingv2abin said and did in one run.
struct DubRunSeen {
  End end = End::deadline;
  std::string error;  // the first one, for messages
  std::vector<SeenError> errors, warnings;
  std::vector<std::string> lost;      // `what` of each klingv2abin-lost
  std::vector<std::string> reported;  // `lost` of the property `report`
  int posts = 0;
};
[[nodiscard]] DubRunSeen dub(const std::string& source, const std::string& properties, const std::string& output);

// Makes the file, runs it through klingv2abin and the simulated service, and judges everything by GoogleTest's EXPECT_.
void judge_dub(const DubCase& file, InputFiles& inputs);

// The single judgements, for tests that make their files otherwise.
void expect_same_video(const ProbedFile& input, const ProbedFile& output, const DubCase& file);
void expect_same_others(const ProbedFile& input, const ProbedFile& output, const DubCase& file);
// The sound of the input's first audio stream lies where it lay, against the first picture.
void expect_in_step(const ProbedFile& input, const ProbedFile& output, int sound_track);

}  // namespace klingv2a::test
