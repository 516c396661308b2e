// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Random numbers that are the same on every run and machine: SplitMix64.
//
// One thread.
#pragma once

#include <cstdint>

namespace klingv2a::sim {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
  }
  double fraction() { return static_cast<double>(next() >> 11U) / 9007199254740992.0; }  // [0, 1)
  double within_one() { return 2 * fraction() - 1; }                                     // [-1, 1)

 private:
  std::uint64_t state_;
};

}  // namespace klingv2a::sim
