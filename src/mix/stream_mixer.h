// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A mix that plays as its inputs come: with a gain, a ducking threshold and a limit that are known beforehand, nothing
// has to be measured. Gives the same samples as a Player (mastering.h) with the same values does, and keeps no more of
// the inputs than is still to be mixed.
//
// One thread; the tracks are filled by others meanwhile.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "mix/output_stage.h"
#include "mix/programme.h"
#include "mix/stream_track.h"

namespace klingv2a::mix {

struct StreamSettings {
  MixSettings mixing;
  double gain_db = 0;
  double limit_db = 0;  // of the limiter, in dBTP as it reads peaks itself
};

class StreamMixer {
 public:
  enum class Which : std::size_t { original, generated };
  // What is mixed at once, in frames.
  static constexpr std::int64_t kBlockFrames = 1024;

  // `layout` of the mix.
  StreamMixer(const StreamSettings& settings, const Layout& layout);

  // `offset` of the track's first frame, which may be before what was mixed already: that much of it is left out.
  void join(Which which, std::shared_ptr<StreamTrack> track, const Layout& layout, std::int64_t offset);

  // How many frames of the original must be there beyond those that are mixed, for these settings.
  [[nodiscard]] static std::int64_t lead(const MixSettings& settings);
  // How late a frame comes out, at most, when the inputs keep pace: lead, block and limiter.
  [[nodiscard]] static std::int64_t latency(const MixSettings& settings);

  // Whether read() gives something, or knows that nothing comes any more.
  [[nodiscard]] bool is_ready() const;
  // The next frames, as many as there are by now; 0: that was all, if is_ready(). Interleaved.
  std::size_t read(std::span<float> interleaved);

  [[nodiscard]] std::int64_t frames() const noexcept { return reader_.position(); }
  [[nodiscard]] std::int64_t ducked_frames() const noexcept { return reader_.ducked_frames(); }
  [[nodiscard]] std::int64_t limited_frames() const noexcept { return stage_.limited_frames(); }

 private:
  struct Joined {
    std::shared_ptr<StreamTrack> track;
    std::int64_t offset = 0, lead = 0;
  };
  // What can be mixed now, and whether that is all.
  struct Mixable {
    std::int64_t frames = 0;
    bool is_last = false;
    [[nodiscard]] bool is_worth_it() const { return is_last || frames >= kBlockFrames; }
  };
  [[nodiscard]] Mixable mixable() const;
  void mix(std::int64_t frames);

  ProgrammeReader reader_;
  OutputStage stage_;
  const std::size_t channels_;
  std::array<Joined, 2> joined_;  // by Which; without a track: not there
  std::vector<float> block_;
  bool finished_ = false;  // everything is in stage_
};

}  // namespace klingv2a::mix
