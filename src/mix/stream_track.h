// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One input of a mix that plays as it comes. Of the sound only the frames between what was mixed and what has come are
// kept, and at most a given number of them: whoever appends more waits until the mix has gone on. Silence takes no
// room.
//
// Threads: one appends, one reads and drops; cancel(), set_ended() and the questions are for any. A mutex of its own
// guards all of it, and is held for copies of samples only. It never calls anybody while it is locked.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "mix/sound.h"
#include "mutex.h"

namespace klingv2a::mix {

class StreamTrack final : public Sound {
 public:
  // `max_frames` > 0. `on_change`: called by the appending thread after each piece, with no lock held.
  StreamTrack(std::size_t channels, std::int64_t max_frames, std::function<void()> on_change);

  // Waits for room, in pieces as there is some. Throws Error{cancelled} after cancel().
  void append(std::span<const float> interleaved) override EXCLUDES(mutex_);
  void append_silence(std::int64_t frames) override EXCLUDES(mutex_);
  // Ends all waiting for room, for good.
  void cancel() EXCLUDES(mutex_);
  // Whether nothing comes any more; a new stream on the same pad takes that back.
  void set_ended(bool ended) EXCLUDES(mutex_);

  [[nodiscard]] std::size_t channels() const noexcept override { return channels_; }
  [[nodiscard]] std::int64_t frames() const override EXCLUDES(mutex_);
  [[nodiscard]] bool has_ended() const EXCLUDES(mutex_);
  // Frames that were dropped are silence, too.
  void read(std::int64_t first, std::span<float> interleaved) const override EXCLUDES(mutex_);
  // Nobody reads the frames before `frame` any more.
  void drop_before(std::int64_t frame) EXCLUDES(mutex_);
  // The first frame that was not dropped.
  [[nodiscard]] std::int64_t first_frame() const EXCLUDES(mutex_);

  [[nodiscard]] std::uint64_t repaired_samples() const override EXCLUDES(mutex_);
  // The most that was held at one time.
  [[nodiscard]] std::uint64_t most_held_bytes() const EXCLUDES(mutex_);

 private:
  // Frames without silence between them; in order, and none twice.
  struct Part {
    std::int64_t first = 0;
    std::vector<float> samples;
  };
  [[nodiscard]] std::int64_t length_of(std::span<const float> samples) const {
    return static_cast<std::int64_t>(samples.size() / channels_);
  }
  [[nodiscard]] std::int64_t end_of(const Part& part) const { return part.first + length_of(part.samples); }
  [[nodiscard]] std::int64_t held_frames() const REQUIRES(mutex_);
  [[nodiscard]] std::int64_t length_at_end() const REQUIRES(mutex_);
  std::size_t append_piece(std::span<const float> interleaved) EXCLUDES(mutex_);
  void keep(std::span<const float> interleaved) REQUIRES(mutex_);
  void copy(const Part& part, std::int64_t first, std::span<float> interleaved) const;

  const std::size_t channels_;
  const std::int64_t max_frames_;
  const std::function<void()> on_change_;

  mutable Mutex mutex_;
  Condition room_;
  std::deque<Part> parts_ GUARDED_BY(mutex_);
  // end_: of what has come; kept_: of frames in parts_; first_: what is before it was dropped.
  std::int64_t end_ GUARDED_BY(mutex_) = 0, kept_ GUARDED_BY(mutex_) = 0, first_ GUARDED_BY(mutex_) = 0;
  std::uint64_t most_held_bytes_ GUARDED_BY(mutex_) = 0, repaired_ GUARDED_BY(mutex_) = 0;
  bool cancelled_ GUARDED_BY(mutex_) = false, ended_ GUARDED_BY(mutex_) = false;
};

}  // namespace klingv2a::mix
