// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The runs of an element's sounds and their cycle threads: one for each run, from its clip's first frame on, or, in a
// planned row, from when it is cut. Threads are never ended with the lock held, since that waits for some milliseconds.
//
// Threads: make() and start() on the streaming thread or a cutter's, the others with the state change or a flush.
#pragma once

#include <memory>
#include <vector>

#include "clip_run.h"
#include "element_state.h"
#include "failures.h"
#include "links.h"

namespace klingv2a {

class RunThreads {
 public:
  using SoundPtr = std::shared_ptr<ClipSound>;

  // All outlive this object.
  RunThreads(ElementState& state, Links& links, Failures& failures)
      : state_(state), links_(links), failures_(failures) {}

  // The sound gets its run and what listens to it. `locked` is the element's state.
  void make(ElementState& locked, const SoundPtr& sound, RunSettings settings) REQUIRES(locked.mutex);

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
    std::unique_ptr<WorkThread> thread;
  };

  ElementState& state_;
  Links& links_;
  Failures& failures_;
  std::vector<SoundThread> threads_ GUARDED_BY(state_.mutex);
};

}  // namespace klingv2a
