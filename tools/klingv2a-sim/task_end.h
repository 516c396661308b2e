// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The two ways a task's work ends early. Both are caught in one place, at the top of the worker thread.
#pragma once

#include <gio/gio.h>

#include <stdexcept>

namespace klingv2a::sim {

// The task fails; the text becomes task_status_msg.
struct TaskFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The service is being stopped.
struct Cancelled {};

inline void throw_if_cancelled(GCancellable* cancellable) {
  if (g_cancellable_is_cancelled(cancellable)) throw Cancelled{};
}

}  // namespace klingv2a::sim
