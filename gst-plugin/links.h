// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the element's source pads are linked to: does it take the streams, and which sound does it want? Asked on the
// cycle threads, before anything is paid. No lock is held while a peer is asked.
#pragma once

#include <vector>

#include "element_state.h"

namespace klingv2a {

class Links {
 public:
  explicit Links(ElementState& state) : state_(state) {}

  // Throws Error{settings} when `audio` is not linked or its peer takes no raw audio, or when another stream is refused
  // by what it is led to.
  void check();
  // The caps that the sound is to have; the first call of a run fixes them.
  [[nodiscard]] CapsPtr audio_caps();

 private:
  void check_audio();
  [[nodiscard]] PadPtr audio_pad();
  [[nodiscard]] std::vector<PadPtr> passing_pads();

  ElementState& state_;
};

}  // namespace klingv2a
