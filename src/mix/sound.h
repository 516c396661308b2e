// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One input of the mix on a timeline of its own, frame 0 its first: 48 kHz, 32-bit float, interleaved. Track keeps all
// of it, StreamTrack only what is still to be mixed; who reads it sees no difference.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace klingv2a::mix {

class Sound {
 public:
  Sound() = default;
  virtual ~Sound() = default;
  Sound(const Sound&) = delete;
  Sound& operator=(const Sound&) = delete;

  // For one thread. Values that are no numbers become silence, and are counted.
  virtual void append(std::span<const float> interleaved) = 0;
  virtual void append_silence(std::int64_t frames) = 0;

  [[nodiscard]] virtual std::size_t channels() const noexcept = 0;
  // How many there are so far.
  [[nodiscard]] virtual std::int64_t frames() const = 0;
  // From frame `first` on, which may be negative; what is outside of the sound is silence.
  virtual void read(std::int64_t first, std::span<float> interleaved) const = 0;
  [[nodiscard]] virtual std::uint64_t repaired_samples() const = 0;
};

// Counts in `repaired` when `sample` is no number.
[[nodiscard]] inline float repair(float sample, std::uint64_t& repaired) {
  if (std::isfinite(sample)) return sample;
  ++repaired;
  return 0;
}

}  // namespace klingv2a::mix
