// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sets the loudness of a programme: measures all of it, finds the one gain that brings it to the target, and holds its
// true peak under the ceiling with a limiter where that is needed. Limiting takes loudness away, so the result is
// measured, too, and the gain corrected, a few times at most.
//
// Plain functions and values; the pass over a programme takes a while, and ends within milliseconds of `cancelled`.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "mix/output_stage.h"
#include "mix/programme.h"

namespace klingv2a::mix {

// A programme is never made louder by more than this: what is nearly silent is meant to be.
inline constexpr double kMaxGainDb = 30;
// How near to the target the loudness must come, in LU.
inline constexpr double kLoudnessTolerance = 0.3;

struct MasterSettings {
  double loudness = -23;  // LUFS; 0: leave it as it is
  double true_peak = -1;  // dBTP, the ceiling; always held
  // dB: this gain and no other, whatever loudness says.
  std::optional<double> gain_db = {};
};

struct Mastering {
  double loudness_before = -std::numeric_limits<double>::infinity();  // LUFS; -infinity: silence, or under 0.4 s
  double loudness_after = -std::numeric_limits<double>::infinity();
  double true_peak_before = -std::numeric_limits<double>::infinity();  // dBTP
  double true_peak_after = -std::numeric_limits<double>::infinity();
  double gain_db = 0;
  bool measured = false;  // there is a loudness; if not, the gain is 0 dB
  bool reached = false;   // the result is within kLoudnessTolerance of the target; false when it is off
  // Of the limiter, in dBTP as it reads peaks itself; none: no sample needs it.
  std::optional<double> limit_db;
  std::int64_t limited_frames = 0, ducked_frames = 0, frames = 0;
  int passes = 0;  // over the programme
};

// Reads through a mastered programme from its beginning. One thread.
class Player {
 public:
  // Uses gain_db and limit_db of `mastering`.
  Player(const std::shared_ptr<const Programme>& programme, const Mastering& mastering);

  // As ProgrammeReader::read().
  std::size_t read(std::span<float> interleaved);
  [[nodiscard]] std::int64_t limited_frames() const noexcept { return stage_ ? stage_->limited_frames() : 0; }
  [[nodiscard]] std::int64_t ducked_frames() const noexcept { return reader_.ducked_frames(); }

 private:
  std::size_t read_plain(std::span<float> interleaved);
  void look_ahead(std::size_t frames);

  ProgrammeReader reader_;
  const std::size_t channels_;
  const float gain_;
  std::optional<OutputStage> stage_;  // none: nothing to limit
  std::vector<float> block_;
  std::int64_t left_;
};

// The limit of a mix that needs none: nothing comes near it.
inline constexpr double kNoLimit = 60;  // dBTP

// Where the limiter works for a ceiling of `true_peak`, in dBTP as it reads peaks itself, when nobody measures what
// comes of it.
[[nodiscard]] double usual_limit(double true_peak);

// The programme loudness of one sound alone, in LUFS; -infinity: see Meter. Throws as master().
[[nodiscard]] double loudness_of(const MixSound& sound, const std::atomic<bool>& cancelled);

// Throws Error{cancelled} soon after `cancelled` has become true, Error{disk}.
[[nodiscard]] Mastering master(const std::shared_ptr<const Programme>& programme, const MasterSettings& settings,
                               const std::atomic<bool>& cancelled);

}  // namespace klingv2a::mix
