// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The frames of a video that is cut by a plan, in decode order, from those on that a coming clip may still need: which
// are known, where decoding can begin, and which ones a clip is made of.
//
// Threads: no lock; used by the thread that cuts.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

#include "clip_intake.h"
#include "hold.h"
#include "plan/plan.h"

namespace klingv2a {

// The packets that show a range, in decode order, and what is shown of them.
struct RangePackets {
  std::vector<IntakeBuffer> packets;
  std::vector<FrameTime> frames;  // of each frame; what is not shown of the range has `past_stop`
  std::vector<bool> shown;        // likewise
  Nanoseconds reordering = 0;     // how much earlier one is shown than one that is decoded before it
};

class RowMedia {
 public:
  // The next buffer, in decode order; the first one of a frame has its time. `shown_from`: running time of the start of
  // the segment that it came in.
  void add(const IntakeBuffer& part, Nanoseconds shown_from);
  // No more comes.
  void end();

  // All frames that are shown before this have come. Depends on the frames alone, not on how a container stores them.
  [[nodiscard]] Nanoseconds known_until() const;
  // The next one from which decoding can begin with nothing missing; nothing: none is known yet.
  [[nodiscard]] std::optional<Nanoseconds> next_key_frame();
  [[nodiscard]] std::size_t frames() const noexcept { return static_cast<std::size_t>(forgotten_) + frames_.size(); }
  // The smallest time of all frames, and of those that are shown; there is one.
  [[nodiscard]] Nanoseconds first() const noexcept { return first_; }
  [[nodiscard]] Nanoseconds begin() const noexcept { return begin_; }
  // Where the last frame ends that is shown.
  [[nodiscard]] Nanoseconds end_time() const noexcept { return end_time_; }
  // The first frame that is shown at or after `time`; end_time() behind the last one.
  [[nodiscard]] Nanoseconds frame_from(Nanoseconds time) const;

  // The time of the frame that is shown `count` frames after the one at `from`, or before it; of the frame behind the
  // last one, end_time(). Nothing: not known yet, or there is none.
  [[nodiscard]] std::optional<Nanoseconds> frame_at(Nanoseconds from, std::int64_t count) const;
  // How many frames are shown in it.
  [[nodiscard]] std::int64_t count(const plan::Range& range) const;

  // What is needed to show it, from a key frame on.
  [[nodiscard]] RangePackets packets_of(const plan::Range& range) const;
  // The first ones in decode order, while none is forgotten.
  [[nodiscard]] RangePackets first_packets(std::size_t frames) const;
  // Nothing that is shown before `time` is asked for any more.
  void forget_before(Nanoseconds time);

 private:
  struct Frame {
    FrameTime time;
    std::vector<IntakeBuffer> parts;
  };
  struct KeyFrame {
    Nanoseconds time = 0;
    std::int64_t number = 0;  // of the frame, in decode order
    bool open = false;        // what is decoded after it is shown before it, so it may need what came before
  };
  void add_frame(const IntakeBuffer& part, Nanoseconds shown_from);
  void note_key_frame(const IntakeBuffer& part);
  [[nodiscard]] std::size_t first_needed(Nanoseconds shown) const;

  std::deque<Frame> frames_;
  std::int64_t forgotten_ = 0;       // frames before those
  std::deque<KeyFrame> candidates_;  // of which it is not known yet whether they are open
  std::deque<KeyFrame> keys_;        // the first one may be the stream's first frame, whatever it is
  std::multiset<Nanoseconds> newest_;
  std::set<Nanoseconds> shown_;  // of frames_
  Nanoseconds first_ = kForever, begin_ = kForever, end_time_ = kNever;
  bool ended_ = false;
};

}  // namespace klingv2a
