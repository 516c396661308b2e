// SPDX-License-Identifier: LGPL-2.1-or-later
#include "interrupt.h"

#include <glib-unix.h>

#include <csignal>
#include <utility>

namespace klingv2a::cli {

namespace {

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Interrupt::Interrupt(std::function<void()> on_first) : on_first_(std::move(on_first)) {
  sources_[0] = g_unix_signal_add(SIGINT, on_signal, this);
  sources_[1] = g_unix_signal_add(SIGTERM, on_signal, this);
  if (!is_ignored(SIGHUP)) sources_[2] = g_unix_signal_add(SIGHUP, on_signal, this);
}

Interrupt::~Interrupt() {
  forget_signals();
}

// GLib gives the signals back their default when their last source goes.
void Interrupt::forget_signals() {
  for (guint& source : sources_)
    if (const guint id = std::exchange(source, 0)) g_source_remove(id);
}

gboolean Interrupt::on_signal(gpointer self) {
  auto& interrupt = *static_cast<Interrupt*>(self);
  interrupt.happened_ = true;
  interrupt.forget_signals();
  interrupt.on_first_();
  // Both sources are gone by now.
  return G_SOURCE_REMOVE;
}

}  // namespace klingv2a::cli
