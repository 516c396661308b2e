// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What FFmpeg finds in a file: streams, packets, tags, decoded sound on its timeline, loudness. Edit lists, priming and
// start times are FFmpeg's business, so times are those at which a player shows and plays.
//
// Blocking; any thread. Throws std::runtime_error when FFmpeg cannot read the file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace klingv2a::test {

struct FilePacket {
  std::int64_t ns = 0;  // PTS; LLONG_MIN: it has none
  std::int64_t duration_ns = 0;
  bool shown = true;  // false: there for the decoder only
  int size = 0;       // bytes
  std::string hash;   // of the payload
};

struct FileStream {
  std::map<std::string, std::string> fields;  // as ffprobe names them, "codec_name", "tag:language"
  std::vector<FilePacket> packets;            // in the file's order
  [[nodiscard]] std::string field(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> hashes() const;
  [[nodiscard]] std::int64_t tick_ns() const;      // of the time base, rounded up
  [[nodiscard]] std::int64_t first_shown() const;  // ns
};

class ProbedFile {
 public:
  explicit ProbedFile(std::string path);
  [[nodiscard]] const std::string& path() const { return path_; }
  // "video", "audio", "subtitle", "data": in the file's order.
  [[nodiscard]] std::vector<const FileStream*> streams(const std::string& type) const;
  // Throws when there is none.
  [[nodiscard]] const FileStream& video() const;
  [[nodiscard]] double duration_s() const;
  [[nodiscard]] std::string tag(const std::string& name) const;  // of the whole file; "": none
  [[nodiscard]] int chapters() const { return chapters_; }

 private:
  [[nodiscard]] double span_s() const;  // from the first packet to the end of the last one
  void read_line(const std::string& line);

  std::string path_;
  std::map<std::string, std::string> format_;
  std::vector<FileStream> streams_;
  int chapters_ = 0;
};

inline constexpr int kSoundRate = 48000;

// The first channel of an audio stream, resampled to 48 kHz where it has another rate.
struct FileSound {
  std::int64_t start_ns = 0;  // of the first sample
  std::vector<float> samples;
  // Level of what lies between two times of the file, in dB of full scale.
  [[nodiscard]] double level_db(double from_s, double to_s) const;
};
[[nodiscard]] FileSound first_channel(const std::string& path, int audio_track);

// By FFmpeg's ebur128.
struct Loudness {
  double integrated = 0;  // LUFS
  double true_peak = 0;   // dBTP
};
[[nodiscard]] Loudness loudness_of(const std::string& path, int audio_track);

// Of each decoded picture of the first video, in the order of showing.
[[nodiscard]] std::vector<std::string> picture_hashes(const std::string& path);

}  // namespace klingv2a::test
