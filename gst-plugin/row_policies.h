// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The two decisions of the row of clips that are not its own: where a stream is cut into clips, and when a clip may
// leave. Pure functions of the clip; called with the lock of the row's owner held, so they must not block.
#pragma once

#include "clip.h"

namespace klingv2a {

class CutPolicy {
 public:
  virtual ~CutPolicy() = default;
  // Is `filling`, which has frames and a sound of its own, complete without `next`?
  [[nodiscard]] virtual bool cuts_before(const Clip& filling, const FrameTime& next) const = 0;
};

// Only EOS and SEGMENT_DONE end a clip. They do so under each policy.
class CutAtEnd final : public CutPolicy {
 public:
  [[nodiscard]] bool cuts_before(const Clip& /*filling*/, const FrameTime& /*next*/) const override { return false; }
};

class LeavePolicy {
 public:
  virtual ~LeavePolicy() = default;
  // May what `clip` holds leave the element?
  [[nodiscard]] virtual bool may_leave(const Clip& clip) const = 0;
};

// When its sound is there, or will never be. A clip without frames has only events: it needs no sound.
class LeaveWithSound final : public LeavePolicy {
 public:
  [[nodiscard]] bool may_leave(const Clip& clip) const override {
    return clip.sound ? clip.sound->settled || clip.sound->left_out : clip.cut;
  }
};

}  // namespace klingv2a
