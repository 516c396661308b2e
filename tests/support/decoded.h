// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is in a file, and what a pad gave, as a player would have it: packets, and sound on its timeline.
//
// Blocking; any thread. Throws std::runtime_error when a file cannot be read within 30 s.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline_run.h"
#include "sim_client.h"

namespace klingv2a::test {

// Sound on a timeline. From the second buffer on samples follow one another, as a sound card plays them, because
// containers round timestamps; `largest_drift_ns` says how far a timestamp was from that.
struct TimedSound {
  std::int64_t start_ns = 0;  // running time of the first sample
  std::int64_t largest_drift_ns = 0;
  DecodedSound pcm;
  [[nodiscard]] std::int64_t length() const { return pcm.length(); }
  // Where clicks begin, in samples from running time 0.
  [[nodiscard]] std::vector<std::int64_t> clicks() const;
};

// The first sound track of a file that decodebin knows, in its own rate and channels.
[[nodiscard]] TimedSound sound_of_file(const std::string& path);
// Of a pad that was watched with Keep::bytes and gave interleaved S16LE or F32LE, or planar of these.
[[nodiscard]] TimedSound sound_of_pad(const PadLog& log);
[[nodiscard]] TimedSound sound_since_flush(const PadLog& log);
// The WAV that the service has for its last task.
[[nodiscard]] DecodedSound wav_of_last_task(const sim::Service& service);

// The packets of the first stream of a file that has `caps` ("video/x-h264", "audio/mpeg"), as `demuxer` gives them.
// `parser` ("h264parse ! video/x-h264,alignment=au") may stand behind it.
[[nodiscard]] std::vector<SeenBuffer> packets_of_file(const std::string& path, const std::string& demuxer,
                                                      const std::string& caps = "video/x-h264",
                                                      const std::string& parser = {});
// The pictures of a file, decoded: for containers that need the packets in another framing.
[[nodiscard]] std::vector<SeenBuffer> pictures_of_file(const std::string& path);
// Which of a file's pictures, counted as they are shown, are bright after a dark one.
[[nodiscard]] std::vector<int> flashes_of_file(const std::string& path);

// Only the payloads' hashes.
[[nodiscard]] std::vector<std::string> hashes(const std::vector<SeenBuffer>& buffers);
// "" when both are the same in every respect; else where they begin to differ, and how.
[[nodiscard]] std::string first_difference(const std::vector<SeenBuffer>& expected,
                                           const std::vector<SeenBuffer>& actual);
// The running times of frames in the order in which they are shown; several buffers of one time (NAL units) are one
// frame.
[[nodiscard]] std::vector<std::int64_t> frame_times(const std::vector<SeenBuffer>& buffers);
// From the first frame that is shown (at 0 or later) to the end of the last one, which lasts as long as it says, or as
// long as the median of the others.
[[nodiscard]] std::int64_t span_ns(const std::vector<SeenBuffer>& buffers);
// To the nearest.
[[nodiscard]] std::int64_t to_samples(std::int64_t ns, int rate);

}  // namespace klingv2a::test
