// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See wake_up.h. An eventfd counts the signals, so that no lock is needed and poll() can wait for them.
#include "wake_up.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "error.h"

namespace klingv2a {

WakeUp::WakeUp() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) {
    throw make_error(ErrorKind::settings, Phase::check,
                     "the system gives no file descriptor: " + std::system_category().message(errno));
  }
}

WakeUp::~WakeUp() {
  close(fd_);
}

// Fails only when the counter is full, and then there is a signal to be taken all the same.
void WakeUp::signal() const noexcept {
  (void)eventfd_write(fd_, 1);
}

bool WakeUp::take() const noexcept {
  eventfd_t signals = 0;
  return eventfd_read(fd_, &signals) == 0;
}

GPollFD WakeUp::descriptor() const noexcept {
  return {.fd = fd_, .events = G_IO_IN, .revents = 0};
}

}  // namespace klingv2a
