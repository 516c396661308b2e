// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See cancel_descriptor.h. GLib counts who uses a cancellable's descriptor, so it has to be given back.
#include "cancel_descriptor.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace klingv2a {
namespace {

// poll() counts milliseconds in an int; longer waits are made of slices.
constexpr Seconds kLongestSlice{3600};
// Without a descriptor for the cancellable (the process has run out of them) a cancel is looked for this often.
constexpr Seconds kBlindSlice{0.02};

int milliseconds(Seconds length) {
  return static_cast<int>(std::ceil(std::max(length, Seconds::zero()).count() * 1000));
}

}  // namespace

CancelDescriptor::CancelDescriptor(GCancellable* cancel)
    : cancel_(cancel), valid_(cancel && g_cancellable_make_pollfd(cancel, &poll_)) {}

CancelDescriptor::~CancelDescriptor() {
  if (valid_) g_cancellable_release_fd(cancel_);
}

void CancelDescriptor::wait(Seconds length, GPollFD* other) {
  const bool blind = cancel_ && !valid_;
  const Seconds slice = std::min(length, blind ? kBlindSlice : kLongestSlice);
  std::array<GPollFD, 2> polled{};
  guint count = 0;
  if (valid_) polled.at(count++) = poll_;
  if (other) polled.at(count++) = *other;
  g_poll(polled.data(), count, milliseconds(slice));
  if (other) *other = polled.at(count - 1);
}

}  // namespace klingv2a
