// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a failure does to the element: silence instead of a sound (on-failure), an ERROR at once, or an ERROR when what
// the other clips have is played. One clip's failure discards nothing of the others. Exactly one ERROR, whoever fails
// after the first.
//
// Threads: any, with no lock held; they post and cancel runs.
#pragma once

#include "element_state.h"
#include "links.h"

namespace klingv2a {

class Failures {
 public:
  using SoundPtr = std::shared_ptr<ClipSound>;
  enum class Policy { obey, ignore };  // of on-failure

  Failures(ElementState& state, Links& links) : state_(state), links_(links) {}

  void fail(const Failure& failure, Policy policy = Policy::obey) EXCLUDES(state_.mutex);
  // ERROR first, then PROGRESS ERROR; then all source pads end, so that nothing downstream waits for ever.
  void end_with_error(const Failure& failure) EXCLUDES(state_.mutex);
  // The pipeline was stopped before the failure was reported: a WARNING.
  void report_unreported() EXCLUDES(state_.mutex);
  // A streaming thread's failure ends the pipeline while a task of an earlier moment may be under way: what is wrong
  // with the stream knows nothing of it. A run's own failure needs none of this.
  [[nodiscard]] ErrorDetails with_what_is_paid(ErrorDetails details) EXCLUDES(state_.mutex);

 private:
  enum class Way { none, silence, error_now, error_later, one_more_later };
  Way choose(const Failure& failure, Policy policy) EXCLUDES(state_.mutex);
  [[nodiscard]] bool wants_silence(const Failure& failure, Policy policy) const REQUIRES(state_.mutex);
  void end_later(const Failure& failure, bool is_first);
  void end_with_silence(const SoundPtr& sound, const ErrorDetails& details);

  ElementState& state_;
  Links& links_;
};

}  // namespace klingv2a
