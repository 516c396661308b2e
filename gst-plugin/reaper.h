// SPDX-License-Identifier: LGPL-2.1-or-later
//
// For what cannot end at once: a running transcoder, a spool file of gigabytes. Whoever lets go of it must not wait,
// least of all a state change.
#pragma once

#include <functional>

namespace klingv2a {

// What its threads are called, for debuggers and for whoever must know that none is left. Linux allows 15 characters.
inline constexpr const char* kReaperThreadName = "klingv2a-reaper";

// Runs `cleanup` on a thread of its own, which nobody joins: they must hold all that they need. The plugin stays
// loaded (-z nodelete), so the thread may outlive the element.
void reap(std::function<void()> cleanup);

}  // namespace klingv2a
