// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The buffers and events of one stream that wait to leave, in the order in which they came: the frames of a clip, or
// what a companion holds. Part of the element's state: guarded by its mutex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>

#include "clip_timeline.h"
#include "gst_ptr.h"

namespace klingv2a {

// Running times before and after all others.
inline constexpr Nanoseconds kNever = std::numeric_limits<Nanoseconds>::min();
inline constexpr Nanoseconds kForever = std::numeric_limits<Nanoseconds>::max();

// A buffer or an event that waits to leave.
struct HeldItem {
  MiniPtr<GstMiniObject> object;
  std::size_t memory = 0;           // bytes of a buffer's payload that are in memory, not in the spool file
  std::optional<Nanoseconds> time;  // running time; what has none belongs to the item before it
  bool begins_frame = false;        // of the video: a frame, or the first of its NAL units
};

[[nodiscard]] inline bool is_eos(const MiniPtr<GstMiniObject>& item) {
  return GST_IS_EVENT(item.get()) && GST_EVENT_TYPE(GST_EVENT_CAST(item.get())) == GST_EVENT_EOS;
}

class Hold {
 public:
  void push(HeldItem item);
  // The first one; there is one.
  HeldItem pop();
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  // Of the first one; kNever when neither it nor anything before it had a time, or there is none.
  [[nodiscard]] Nanoseconds front_time() const;
  [[nodiscard]] std::size_t buffers() const noexcept { return buffers_; }
  // Bytes of all payloads that are in memory.
  [[nodiscard]] std::size_t memory() const noexcept { return memory_; }
  // Takes out what comes after the last item that is of a time before `time`.
  [[nodiscard]] Hold split(Nanoseconds time);
  // Takes everything out, and returns the events that upstream will not send again after a flush (CAPS, TAG …).
  std::deque<HeldItem> take_sticky();
  // Nothing of a clip that is left out is to be played; what says how the next ones are (SEGMENT, CAPS, TAG …) stays.
  void leave_out_frames();

 private:
  std::deque<HeldItem> items_;
  std::size_t buffers_ = 0;
  std::size_t memory_ = 0;
  Nanoseconds last_ = kNever;  // time of the last one that was pushed
};

// `buffer`, or a copy of it when it belongs to a pool: held, it would starve its source.
[[nodiscard]] BufferPtr out_of_pool(BufferPtr buffer);

}  // namespace klingv2a
