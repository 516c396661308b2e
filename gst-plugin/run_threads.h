// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The cycle threads of an element's sounds: one for each run, from its clip's first frame on. Threads are never ended
// with the lock held, since that waits for some milliseconds.
//
// Threads: start() on the streaming thread, the others with the state change or a flush.
#pragma once

#include <memory>
#include <vector>

#include "clip_run.h"
#include "element_state.h"

namespace klingv2a {

class RunThreads {
 public:
  using SoundPtr = std::shared_ptr<ClipSound>;

  explicit RunThreads(ElementState& state) : state_(state) {}

  // Posts PROGRESS START. Lets go of the threads whose run has ended. Throws Error{settings} where no thread can be
  // had.
  void start(const SoundPtr& sound) EXCLUDES(state_.mutex);
  void end_settled() EXCLUDES(state_.mutex);
  void cancel_all() EXCLUDES(state_.mutex);
  // Ends all, and says of each that could not end in time what may be paid.
  void stop_all() EXCLUDES(state_.mutex);

 private:
  struct SoundThread {
    SoundPtr sound;
    std::unique_ptr<RunThread> thread;
  };

  ElementState& state_;
  std::vector<SoundThread> threads_ GUARDED_BY(state_.mutex);
};

}  // namespace klingv2a
