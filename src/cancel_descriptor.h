// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A cancellable as something to poll for, so that a wait for time or for a socket ends at once on a cancel. An object
// belongs to one thread; any thread may cancel.
#pragma once

#include <gio/gio.h>

#include "clock.h"

namespace klingv2a {

class CancelDescriptor {
 public:
  // `cancel` may be null, and outlives the object.
  explicit CancelDescriptor(GCancellable* cancel);
  ~CancelDescriptor();
  CancelDescriptor(const CancelDescriptor&) = delete;
  CancelDescriptor& operator=(const CancelDescriptor&) = delete;

  // Waits for `length`, for the cancel, or until `other` (may be null) is ready. May return earlier: look, and call
  // again.
  void wait(Seconds length, GPollFD* other = nullptr);

 private:
  GCancellable* cancel_;
  GPollFD poll_{};
  bool valid_;
};

}  // namespace klingv2a
