// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The whole programme: both sounds on one timeline, added, before its loudness is set. It is worked out anew each time
// it is read through, which takes less than keeping it would.
//
// Each reader has a ProgrammeReader of its own, for one thread, with a copy of the Programme. Of sounds that are still
// coming it reads no further than the caller knows them to be there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "mix/channels.h"
#include "mix/ducker.h"
#include "mix/sound.h"

namespace klingv2a::mix {

struct MixSound {
  std::shared_ptr<const Sound> track;
  Layout layout;            // of track->channels()
  std::int64_t offset = 0;  // of its first frame in the programme
};

struct MixSettings {
  bool duck = true;
  DuckSettings ducking;
  double original_db = 0, generated_db = 0;
};

struct Programme {
  std::optional<MixSound> original, generated;
  MixSettings settings;
  Layout layout;  // of the mix; see output_layout()

  [[nodiscard]] std::int64_t frames() const;
};

class ProgrammeReader {
 public:
  explicit ProgrammeReader(const std::shared_ptr<const Programme>& programme);
  // A sound that comes into a programme that is being read, from the next frame on; or another one in its place.
  void join_original(MixSound sound);
  void join_generated(MixSound sound);

  // The next frames: as many as `interleaved` has room for, less at the end; returns how many. Throws Error{disk}.
  std::size_t read(std::span<float> interleaved);
  // Frames of the generated sound that were lowered so far.
  [[nodiscard]] std::int64_t ducked_frames() const noexcept { return ducked_; }
  [[nodiscard]] const Programme& programme() const noexcept { return programme_; }
  // The frame that is read next.
  [[nodiscard]] std::int64_t position() const noexcept { return at_; }

 private:
  void add(const MixSound& sound, const std::vector<Route>& routes, float gain, std::span<const float> gains,
           std::span<float> out);
  void begin_ducking();
  void listen(std::size_t frames);
  void count_ducked();

  Programme programme_;
  std::vector<Route> original_routes_, generated_routes_;
  float original_gain_, generated_gain_;
  std::optional<Ducker> ducker_;  // none: nothing to duck, or nothing to duck under
  std::vector<float> scratch_, duck_gains_;
  std::int64_t at_ = 0, ducked_ = 0;
};

}  // namespace klingv2a::mix
