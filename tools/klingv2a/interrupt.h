// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Ctrl-C, SIGTERM, and SIGHUP when the terminal goes (but not under nohup). The first one is reported, on the main
// loop; from then on the signals have their usual effect, so that a second one ends the program at once, wherever it
// is. Made and used on the main thread.
#pragma once

#include <glib.h>

#include <functional>

namespace klingv2a::cli {

inline constexpr const char* kCancelling = "cancelling; once more ends at once";

class Interrupt {
 public:
  explicit Interrupt(std::function<void()> on_first);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] bool happened() const noexcept { return happened_; }

 private:
  static gboolean on_signal(gpointer self);
  void forget_signals();

  const std::function<void()> on_first_;
  guint sources_[3] = {};
  bool happened_ = false;
};

}  // namespace klingv2a::cli
